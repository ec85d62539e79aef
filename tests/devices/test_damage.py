"""Damage on the line ends in the right figures or in a sentence, never in a wrong number."""

from __future__ import annotations

import random
import struct
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from devices.damage import FROM_BOARD, KINDS, TO_BOARD, DamagedLine, Fault, random_fault
from edgeprune.devices import BoardClient, InferenceResult, LayerCycles, MemoryUse, link
from edgeprune.errors import DeviceError
from emulate.virtual import VirtualBoard

SHA256 = "00112233445566778899aabbccddeeff" * 2
A, B = bytes(range(83)), bytes(range(60, 101))
SUM = bytes(min(127, a + b) for a, b in zip(A, B, strict=False))
#: Batches of cases; 12 kinds each.
BATCHES, CASES_PER_KIND = 10, 10
ANSWER_SECONDS, INFERENCE_SECONDS = 5.0, 60.0


@dataclass(frozen=True)
class Reading:
    """All that a dialogue tells."""

    clock_hz: int
    cycles: tuple[int, ...]
    outputs: tuple[bytes, ...]
    infer: InferenceResult
    layers: tuple[LayerCycles, ...]
    memory: MemoryUse


def converse(client: BoardClient) -> Reading:
    identity = client.require("tiny", SHA256)
    client.load_input(A, 0)
    client.load_input(B, 1)
    cycles = client.run(5)
    outputs = client.output(0), client.output(1)
    infer = client.infer(2, warmup=1)
    return Reading(identity.clock_hz, cycles, outputs, infer, client.layers(3), client.memory())


@pytest.fixture(scope="module")
def board(profile_elf: Path) -> VirtualBoard:
    return VirtualBoard(profile_elf)


@pytest.fixture
def budgets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every exchange, and getting in step at first, must end within its own time."""
    inner_ask, inner_connect = link.Link.ask, link.Link.connect

    def within(self: link.Link, seconds: float, call):  # type: ignore[no-untyped-def]
        start = self._clock()
        try:
            return call()
        finally:
            assert self._clock() - start < seconds + 0.5

    def ask(self, command, work=link.AT_ONCE, **options):  # type: ignore[no-untyped-def]
        seconds = ANSWER_SECONDS if work.seconds is None else work.seconds
        return within(self, seconds, lambda: inner_ask(self, command, work, **options))

    def connect(self):  # type: ignore[no-untyped-def]
        within(self, ANSWER_SECONDS, lambda: inner_connect(self))

    monkeypatch.setattr(link.Link, "ask", ask)
    monkeypatch.setattr(link.Link, "connect", connect)


def lengths(board: VirtualBoard) -> dict[str, int]:
    """Bytes of a whole dialogue."""
    line = DamagedLine(board)
    converse(BoardClient(line, clock=board.clock))
    return {name: end._passed for name, end in line._ends.items()}


@pytest.mark.usefixtures("budgets")
@pytest.mark.parametrize("batch", range(BATCHES))
def test_every_fault_ends_in_the_truth_or_in_a_sentence(
    board: VirtualBoard, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    words = random.Random(batch)
    monkeypatch.setattr(link, "random_word", lambda: words.randrange(1, 1 << 32))
    board.power_on()
    size = lengths(board)
    truth = converse(BoardClient(board, clock=board.clock))
    made_up = random.Random(1000 + batch)
    outcomes: Counter[tuple[str, bool]] = Counter()
    for kind in KINDS:
        for _ in range(CASES_PER_KIND):
            board.power_on()
            faults = [random_fault(made_up, kind, size)]
            if made_up.random() < 0.3:  # a second one, of any kind
                faults.append(random_fault(made_up, made_up.choice(KINDS), size))
            outcomes[kind, ends_well(board, faults, truth)] += 1
    # What can be repeated is repeated: these do not stop the host.
    for kind in ("drop", "flip", "duplicate", "insert", "digit"):
        assert outcomes[kind, True] > CASES_PER_KIND // 2, outcomes
    for kind in ("hang", "disconnect", "bit rate"):
        assert outcomes[kind, True] <= CASES_PER_KIND // 2, outcomes


def ends_well(board: VirtualBoard, faults: list[Fault], truth: Reading) -> bool:
    """Whether the dialogue gave figures, which must then be right; it ends with a sentence otherwise."""
    line = DamagedLine(board, *faults)
    try:
        client = BoardClient(line, clock=line.clock)
        found = converse(client)
    except DeviceError as error:
        assert "; " in str(error), error  # what happened; what to do
        assert str(error).isprintable()
        return False
    assert found.cycles == truth.cycles, faults
    assert found.outputs == (SUM, b"\0\0\0\0"), faults
    assert (found.clock_hz, found.layers) == (truth.clock_hz, truth.layers), faults
    assert found.infer.results == truth.infer.results, faults
    assert found.infer.microseconds == device_microseconds(board), faults
    assert (found.memory.stack_size, found.memory.arena) == (truth.memory.stack_size, truth.memory.arena), faults
    board.discard()
    assert found.memory == BoardClient(board, clock=board.clock).memory(), faults
    return True


def device_microseconds(board: VirtualBoard) -> int:
    """What the latest `infer` took by the record in the board's RAM: it depends on the digits sent meanwhile."""
    address = board.board.core.image.address_of("latest_infer")
    number, runs, warmup, start, end = struct.unpack("<III4xQQ", board.board.core.read(address, 32))
    assert (runs, warmup) == (2, 1)
    assert number > 0
    return int(end - start)


def test_the_cases_are_a_thousand() -> None:
    assert BATCHES * CASES_PER_KIND * len(KINDS) >= 1000
    assert {TO_BOARD, FROM_BOARD} == {random_fault(random.Random(n), "drop", {TO_BOARD: 9, FROM_BOARD: 9}).direction
                                      for n in range(9)}  # fmt: skip
