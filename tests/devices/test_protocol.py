"""The host's side of the protocol against real firmware, over a line that can be damaged."""

from __future__ import annotations

import os
import threading
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edgeprune.devices import BoardClient, FirmwareFault, LayerCycles
from edgeprune.devices.link import Refusal
from edgeprune.devices.serial_line import open_port
from edgeprune.emulate import call_function
from edgeprune.errors import DeviceError
from emulate.firmware import mcu_target
from emulate.virtual import VirtualBoard

A_BYTES, B_BYTES = 83, 41
SHA256 = "00112233445566778899aabbccddeeff" * 2


class Damaged:
    """A line to a board: `damage` changes what arrives, `lose` what is sent."""

    def __init__(self, board: VirtualBoard) -> None:
        self._board = board
        self.name, self.baud, self.clock = board.name, board.baud, board.clock
        self.damage: Callable[[bytes], bytes] = bytes
        self.lose: Callable[[bytes], bytes] = bytes
        self.sent: list[bytes] = []

    def read(self, timeout: float) -> bytes:
        end = self.clock() + timeout
        while not (content := self.damage(self._board.read(end - self.clock()))) and self.clock() < end:
            pass
        return content

    def write(self, content: bytes) -> None:
        self.sent.append(content)
        self._board.write(self.lose(content))

    def discard(self) -> None:
        self._board.discard()


@pytest.fixture(scope="module")
def board(release_elf: Path) -> VirtualBoard:
    return VirtualBoard(release_elf)


@pytest.fixture
def line(board: VirtualBoard) -> Damaged:
    board.power_on()
    return Damaged(board)


@pytest.fixture
def client(line: Damaged) -> BoardClient:
    return connect(line)


def connect(line: Damaged | VirtualBoard) -> BoardClient:
    return BoardClient(line, clock=line.clock, describe=lambda address: f"<{address:x}>")


def test_identity_and_memory(client: BoardClient) -> None:
    identity = client.require("tiny", SHA256)
    assert (identity.model, identity.clock_hz, identity.profile) == ("tiny", 120_000_000, False)
    assert (identity.origin, identity.emulated, identity.board) == ("emulated", True, "cortex-m4")
    assert client.board_name() == "cortex-m4"
    memory = client.memory()
    assert (memory.stack_size, memory.arena) == (4096, 252)
    assert 0 < memory.stack_used < 4096
    assert client.repeats == 0


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(min_size=A_BYTES, max_size=A_BYTES), st.binary(min_size=B_BYTES, max_size=B_BYTES))
def test_inputs_go_in_and_outputs_come_out(client: BoardClient, a: bytes, b: bytes) -> None:
    client.load_input(a, 0)
    client.load_input(b, 1)
    client.run(1)
    signed = [x - 256 if x > 127 else x for x in a], [x - 256 if x > 127 else x for x in b]
    expected = bytes(max(-128, min(127, x + y)) & 0xFF for x, y in zip(*signed, strict=False))
    assert client.output(0) == expected
    assert len(client.output(1)) == 4
    assert client.repeats == 0


def test_cycles_are_those_of_the_call_and_progress_is_told(client: BoardClient, release_elf: Path) -> None:
    told: list[int] = []
    cycles = client.run(350, told.append)
    assert len(cycles) == sum(told) == 350
    assert max(told) == 16
    assert 0 <= min(cycles) - call_function(release_elf, mcu_target(), "ep_invoke").cycles <= 8


def test_infer(client: BoardClient) -> None:
    client.load_input(bytes([4] * A_BYTES), 0)
    client.load_input(bytes(B_BYTES), 1)
    result = client.infer(100, warmup=3)
    assert result.results == (1.125,) * B_BYTES + (2.0,)
    per_call = client.run(1)[0] / 120
    assert 100 * per_call <= result.microseconds < 100 * per_call + 1000


def test_layers(profile_elf: Path) -> None:
    client = connect(VirtualBoard(profile_elf))
    assert client.identify().profile
    layers = client.layers(19)
    assert [(layer.index, layer.name, len(layer.cycles)) for layer in layers] == [(0, "add", 19), (1, "scale", 19)]
    assert all(isinstance(layer, LayerCycles) and min(layer.cycles) > 0 for layer in layers)


def test_refusals_are_quoted_and_the_line_stays_in_step(client: BoardClient) -> None:
    with pytest.raises(Refusal, match="refuses `ep layers 1`: Built without layer timing"):
        client.layers(1)
    with pytest.raises(DeviceError, match=r"input 0 .* has 83 bytes, not 2"):
        client.load_input(b"12")
    with pytest.raises(Refusal, match="There is no such input"):
        client.load_input(b"12", 7)
    with pytest.raises(Refusal, match="There is no such output"):
        client.output(2)
    assert client.board_name() == "cortex-m4"
    assert client.repeats == 0


def test_another_model_is_named(client: BoardClient) -> None:
    with pytest.raises(
        DeviceError, match=r"runs tiny \(SHA-256 001122334455...\) instead of mine \(ffffffffffff...\); flash"
    ):
        client.require("mine", "f" * 64)


def test_another_build_is_named(client: BoardClient) -> None:
    image = client.identify().image
    assert client.require("tiny", SHA256, ("0" * 64, image)).image == image
    other = (
        r"another build of tiny \(firmware SHA-256 [0-9a-f]{12}... instead of aaaaaaaaaaaa... or bbbbbbbbbbbb...\); "
    )
    with pytest.raises(DeviceError, match=other + "flash"):
        client.require("tiny", SHA256, ("a" * 64, "b" * 64))


def once(change: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    """Changes the first content that it can."""
    done = False

    def damage(content: bytes) -> bytes:
        nonlocal done
        changed = content if done else change(content)
        done = done or changed != content
        return changed

    return damage


@pytest.mark.parametrize(
    ("way", "change"),
    [
        ("lose", lambda content: content.replace(b"\7\7\7", b"\7\6\7")),
        ("lose", lambda content: content.replace(b"put 0", b"put 1")),
        ("lose", lambda content: content.replace(b"run", b"ru")),
        ("lose", lambda content: content.replace(b"%", b"")),
        ("lose", lambda content: content[:-1] if b"ep put" in content else content),
        ("damage", lambda content: content.replace(b"ep-put", b"ep-put\r\n")),
        ("damage", lambda content: content.replace(b"ep-cycles-[", b"ep-cycles-[1")),
        ("damage", lambda content: content.replace(b"m-ready", b"m-reedy")),
        ("damage", lambda content: content.replace(b"ep-crc32", b"\xffp-crc32")),
        ("damage", lambda content: b"" if b"ep-get" in content else content),
    ],
)
def test_what_is_damaged_once_is_repeated(line: Damaged, way: str, change: Callable[[bytes], bytes]) -> None:
    client = connect(line)
    setattr(line, way, once(change))
    client.load_input(bytes([7] * A_BYTES), 0)
    client.load_input(bytes(B_BYTES), 1)
    assert len(client.run(1)) == 1
    assert client.output(0) == bytes([7] * B_BYTES)
    # A lost m-ready behind a right checksum costs no repeat.
    assert client.repeats == (0 if b"m-reedy" in change(b"m-ready") else 1)


def test_what_is_always_damaged_is_given_up(line: Damaged, client: BoardClient) -> None:
    line.damage = lambda content: content.replace(b"ep-memory-[", b"ep-memory-[1")
    with pytest.raises(DeviceError, match="damages what it carries: no attempt at `ep memory` was answered whole"):
        client.memory()
    assert client.repeats == 2


def test_an_infer_that_the_board_took_for_another_is_repeated(line: Damaged, client: BoardClient) -> None:
    line.lose = once(lambda content: content.replace(b"infer 10 2", b"infer 10 1"))
    assert client.infer(10, 2).microseconds > 0
    assert client.repeats == 1
    line.lose = lambda content: content.replace(b"infer 10 2", b"infer 11 2")
    with pytest.raises(DeviceError, match="no attempt at `infer 10 2` reached the board"):
        client.infer(10, 2)


def test_the_line_is_silent_while_infer_runs(line: Damaged) -> None:
    client = BoardClient(line, answer_seconds=1.0, clock=line.clock)
    line.sent.clear()
    assert client.infer(25_000).microseconds > 1_000_000  # longer than a board may be silent otherwise
    assert line.sent == [b"ep infer%", b"infer 25000 10%", b"ep infer%"]


def test_a_board_that_is_reset_in_the_middle_is_noticed(board: VirtualBoard, line: Damaged) -> None:
    client = connect(line)
    client.load_input(bytes(A_BYTES), 0)
    board.power_on()
    with pytest.raises(DeviceError, match="was reset in the middle, and what was loaded is gone"):
        client.run(1)


def test_a_board_that_hangs_is_noticed_in_time(board: VirtualBoard, client: BoardClient) -> None:
    board.hung = True
    start = board.clock()
    with pytest.raises(DeviceError, match="fell silent during `ep memory`: the board hangs"):
        client.memory()
    assert 4.9 < board.clock() - start < 5.1
    with pytest.raises(DeviceError, match="fell silent during `ep run 1`"):
        client.run(1)
    assert 64.9 < board.clock() - start < 65.2


@pytest.mark.parametrize(
    ("garbage", "message"),
    [
        (b"\xff\xfe\x80\r\n", "no text .*ff fe 80.*; check the cable, and that the board's bit rate is 115200"),
        (b"ep-id-[\r\n", "sent 'ep-id-"),
        (b"hello\r\nm-ready\r\n", "sent 'hello"),
    ],
)
def test_nonsense_is_quoted(line: Damaged, garbage: bytes, message: str) -> None:
    line.damage = lambda content: garbage if content else b""
    with pytest.raises(DeviceError, match=message):
        connect(line)


def test_a_reply_of_another_version_is_quoted(line: Damaged, client: BoardClient) -> None:
    def other(content: bytes) -> bytes:
        if b"ep-memory" not in content:
            return content
        covered = f"ep memory\nep-memory-[1]\n{client._link._session:08X}"
        return b"ep-memory-[1]\r\nep-crc32-[%08X]\r\nm-ready\r\n" % zlib.crc32(covered.encode())

    line.damage = other
    with pytest.raises(DeviceError, match=r"sent 'ep-memory-\[1\]' where a reply to `ep memory` was expected"):
        client.memory()


def test_a_silent_line(line: Damaged) -> None:
    line.damage = lambda _content: b""
    with pytest.raises(DeviceError, match=r"nothing answered at virtual within 5 s; check the cable, reset the board"):
        connect(line)


def test_a_line_at_another_bit_rate(line: Damaged) -> None:
    line.damage = lambda content: bytes(byte | 0x80 for byte in content)
    with pytest.raises(DeviceError, match="bit rate is 115200"):
        connect(line)


def test_firmware_of_another_make() -> None:
    master, slave = os.openpty()

    def chatter() -> None:
        os.read(master, 100)
        os.write(master, b"Hello from Zephyr\r\n")

    thread = threading.Thread(target=chatter)
    thread.start()
    with (
        open_port(os.ttyname(slave), 115200) as port,
        pytest.raises(DeviceError, match="sent 'Hello from Zephyr' where"),
    ):
        BoardClient(port, answer_seconds=2.0)
    thread.join()
    os.close(master)
    os.close(slave)


def test_a_board_that_opening_the_line_resets(line: Damaged) -> None:
    line.lose = lambda content: b"" if len(line.sent) <= 2 else content
    assert connect(line).identify().model == "tiny"
    assert len(line.sent) > 2


@pytest.mark.parametrize(
    "left", [b"db 01", b"x" * 300, b"\x00\xff", b"help%help%help%ep output 0%", b"ep put 0 0 9 1 2%"]
)
def test_what_an_earlier_host_left_does_not_matter(board: VirtualBoard, left: bytes) -> None:
    board.write(left)
    client = connect(board)
    assert client.identify().model == "tiny"
    assert client.repeats == 0


REGISTERS = "00000000,00000001,00000002,00000003,0000000C,080056AB,08001234,61000000,20000FF0"
FAULT = f"ep-fault-[BusFault,{REGISTERS},00008200,40000000,00000000,90000000,]"


def report(text: str = FAULT) -> bytes:
    lines = ("", "e-[fault BusFault at 0x08001234]", text, f"ep-crc32-[{zlib.crc32(text.encode()):08X}]", "m-ready", "")
    return "\r\n".join(lines).encode()


def test_a_fault_is_reported_with_its_place(line: Damaged, client: BoardClient) -> None:
    line.damage = lambda content: content[:20] + report() if content else b""
    with pytest.raises(FirmwareFault) as caught:
        client.run(3)
    assert str(caught.value) == (
        "the firmware took a BusFault at <8001234>, called from <80056aa>, reading or writing address 0x90000000, a "
        "data access failed; reset the board, build and flash the firmware again, and repeat"
    )
    registers = caught.value.report.registers
    assert (registers.r12, registers.pc, registers.sp) == (12, 0x0800_1234, 0x2000_0FF0)
    assert registers.lines()[0].split() == ["r0", "00000000", "r1", "00000001", "r2", "00000002", "r3", "00000003"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            FAULT.replace("BusFault", "assertion").replace(",]", ",model.c:7]"),
            "assertion in model.c:7 failed at <8001234>",
        ),
        (FAULT.replace("BusFault", "stack overflow"), "overflowed its stack at .* raise stack_bytes"),
        (FAULT.replace("BusFault", "exception 21"), "took an exception 21 at"),
        (FAULT.replace("BusFault", "watchdog"), "the watchdog reset the firmware, which made no progress at <8001234>"),
        (FAULT.replace("08001234", "00000000").replace("080056AB", "FFFFFFF9"), "a BusFault, reading or"),
        (
            FAULT.replace("00008200", "02010000"),
            "called from <80056aa>, an instruction was undefined, an integer was div",
        ),
    ],
)
def test_faults_in_words(line: Damaged, client: BoardClient, text: str, sentence: str) -> None:
    line.damage = lambda content: report(text) if content else b""
    with pytest.raises(FirmwareFault, match=sentence):
        client.memory()


@pytest.mark.parametrize("text", [FAULT[:-10] + "]", FAULT.replace("0000000C", "C"), "ep-fault-[]"])
def test_a_report_that_is_none_is_damage(line: Damaged, client: BoardClient, text: str) -> None:
    line.damage = once(lambda content: report(text) if content else b"")
    assert client.memory().arena == 252
    assert client.repeats == 1


def test_a_damaged_report_is_asked_for_again(line: Damaged, client: BoardClient) -> None:
    line.damage = lambda content: report() if len(line.sent) > 9 else report().replace(b"08001234", b"08001235")
    line.sent += [b""] * 8
    with pytest.raises(FirmwareFault, match="at <8001234>"):
        client.memory()


def test_a_board_found_after_a_fault_is_reset_once(line: Damaged) -> None:
    def dead_until_reset(content: bytes) -> bytes:
        return content if any(b"ep reset%" in sent for sent in line.sent) else report() * bool(content)

    line.damage = dead_until_reset
    assert connect(line).identify().model == "tiny"
    assert line.sent.count(b"%ep reset%") == 1


def test_a_board_that_fails_again_after_a_reset(line: Damaged) -> None:
    line.damage = lambda content: report() if content else b""
    with pytest.raises(FirmwareFault, match="BusFault"):
        connect(line)
    assert line.sent.count(b"%ep reset%") == 1


def test_a_watchdog_that_has_bitten_before_is_no_obstacle(line: Damaged) -> None:
    line.damage = once(lambda content: report(FAULT.replace("BusFault", "watchdog")) + content if content else b"")
    assert connect(line).identify().model == "tiny"
    assert not any(b"reset" in sent for sent in line.sent)
