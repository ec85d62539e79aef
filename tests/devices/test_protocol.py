"""The host's side of the protocol against real firmware, over a line that can be damaged."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edgeprune.devices import BoardClient, LayerCycles, Transport, open_transport
from edgeprune.devices.serial_line import open_port
from edgeprune.emulate import call_function
from edgeprune.errors import DeviceError
from emulate.firmware import mcu_target

A_BYTES, B_BYTES = 83, 41
SHA256 = "00112233445566778899aabbccddeeff" * 2


class Damaged:
    """A real line to a real board.

    `damage` changes what arrives, `change_reply` whole replies, `lose` what is sent.
    """

    def __init__(self, line: Transport) -> None:
        self._line = line
        self.name, self.baud = line.name, line.baud
        self.damage: Callable[[bytes], bytes] = bytes
        self.change_reply: Callable[[bytes], bytes] | None = None
        self.lose: Callable[[bytes], bytes] = bytes

    def read(self, timeout: float) -> bytes:
        content = self._line.read(timeout)
        if content and self.change_reply is not None:
            while not content.endswith(b"m-ready\r\n"):
                content += self._line.read(timeout)
            content = self.change_reply(content)
        return self.damage(content)

    def write(self, content: bytes) -> None:
        self._line.write(self.lose(content))

    def discard(self) -> None:
        self._line.discard()


@pytest.fixture(scope="module")
def board(release_elf: Path) -> Iterator[Transport]:
    with open_transport("emulator", release_elf, mcu_target()) as line:
        yield line


@pytest.fixture
def line(board: Transport) -> Damaged:
    return Damaged(board)


@pytest.fixture
def client(line: Damaged) -> BoardClient:
    return BoardClient(line)


def test_identity_and_memory(client: BoardClient) -> None:
    identity = client.require("tiny", SHA256)
    assert (identity.model, identity.clock_hz, identity.profile) == ("tiny", 120_000_000, False)
    assert identity.emulated
    assert client.board_name() == "cortex-m4"
    memory = client.memory()
    assert (memory.stack_size, memory.arena) == (4096, 252)
    assert 0 < memory.stack_used < 4096


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(min_size=A_BYTES, max_size=A_BYTES), st.binary(min_size=B_BYTES, max_size=B_BYTES))
def test_inputs_go_in_and_outputs_come_out(client: BoardClient, a: bytes, b: bytes) -> None:
    client.load_input(a, 0)
    client.load_input(b, 1)
    client.run(1)
    signed = [x - 256 if x > 127 else x for x in a], [x - 256 if x > 127 else x for x in b]
    expected = bytes(max(-128, min(127, x + y)) & 0xFF for x, y in zip(*signed, strict=False))
    assert client.output(0) == expected


def test_cycles_are_those_of_the_call_and_progress_is_told(client: BoardClient, release_elf: Path) -> None:
    told: list[int] = []
    cycles = client.run(35, told.append)
    assert len(cycles) == 35
    assert told == [16, 16, 3]
    assert 0 <= min(cycles) - call_function(release_elf, mcu_target(), "ep_invoke").cycles <= 8


def test_infer(client: BoardClient) -> None:
    client.load_input(bytes([4] * A_BYTES), 0)
    client.load_input(bytes(B_BYTES), 1)
    result = client.infer(100, warmup=3)
    assert result.results == (1.125,) * B_BYTES + (2.0,)
    per_call = client.run(1)[0] / 120
    assert 100 * per_call <= result.microseconds < 100 * per_call + 1000


def test_layers(profile_elf: Path) -> None:
    with open_transport("emulator", profile_elf, mcu_target()) as line:
        client = BoardClient(line)
        assert client.identify().profile
        layers = client.layers(19)  # more than the firmware keeps at once
        assert [(layer.index, layer.name, len(layer.cycles)) for layer in layers] == [(0, "add", 19), (1, "scale", 19)]
        assert all(isinstance(layer, LayerCycles) and min(layer.cycles) > 0 for layer in layers)


def test_refusals_are_quoted_and_the_line_stays_in_step(client: BoardClient) -> None:
    with pytest.raises(DeviceError, match="refuses `ep layers 1`: This firmware was built without"):
        client.layers(1)
    with pytest.raises(DeviceError, match="Input 0 has 83 bytes, not 2"):
        client.load_input(b"12")
    with pytest.raises(DeviceError, match="There is no such input"):
        client.load_input(b"12", 7)
    assert client.board_name() == "cortex-m4"


def test_another_model_is_named(client: BoardClient) -> None:
    with pytest.raises(
        DeviceError, match=r"runs tiny \(SHA-256 001122334455...\) instead of mine \(ffffffffffff...\); flash"
    ):
        client.require("mine", "f" * 64)


def test_a_bit_lost_on_the_way_in_is_found(line: Damaged, client: BoardClient) -> None:
    line.lose = lambda content: content.replace(b"db 0707", b"db 0706")
    with pytest.raises(DeviceError, match="input 0 was damaged"):
        client.load_input(bytes([7] * A_BYTES))


def test_a_bit_lost_on_the_way_out_is_found(line: Damaged, client: BoardClient) -> None:
    client.load_input(bytes([7] * A_BYTES), 0)
    client.load_input(bytes(B_BYTES), 1)
    client.run(1)
    line.damage = lambda content: content.replace(b"ep-data-0707", b"ep-data-0706")
    with pytest.raises(DeviceError, match="output 0 was damaged"):
        client.output(0)


def test_a_missing_line_of_an_output_is_found(line: Damaged, client: BoardClient) -> None:
    client.run(1)
    line.change_reply = lambda reply: b"".join(p for p in reply.splitlines(True) if b"ep-data-" not in p)
    with pytest.raises(DeviceError, match="0 of 41 bytes"):
        client.output(0)


def test_a_missing_count_is_found(line: Damaged, client: BoardClient) -> None:
    line.change_reply = lambda reply: reply.replace(b"ep-cycles-[", b"ep-cycles-[1,")
    with pytest.raises(DeviceError, match="3 cycle counts"):
        client.run(3)


@pytest.mark.parametrize(
    ("garbage", "message"),
    [
        (b"\xff\xfe\x80\r\n", "no text .ff fe 80.; check the cable, and that the board's bit rate is 115200"),
        (b"ep-id-[\r\n", "sent 'ep-id-"),
        (b"hello\r\nm-ready\r\n", "sent 'hello' where a reply to `ep id` was expected"),
        (b"m-ready\r\n", "sent nothing"),
    ],
)
def test_nonsense_is_quoted(line: Damaged, client: BoardClient, garbage: bytes, message: str) -> None:
    line.damage = lambda _content: garbage + (b"" if b"m-ready" in garbage else b"m-ready\r\n")
    with pytest.raises(DeviceError, match=message):
        client.identify()


def test_a_board_that_dies_in_the_middle_of_a_line(line: Damaged, client: BoardClient) -> None:
    client._answer_seconds = 0.5
    line.damage = lambda content: content[: content.find(b",")] if b"," in content else b""
    with pytest.raises(DeviceError, match=r"fell silent for 0.5 s in the middle of a line, after b'ep-id-.tiny'"):
        client.identify()


def test_a_silent_line(line: Damaged) -> None:
    line.damage = lambda _content: b""
    with pytest.raises(DeviceError, match=r"nothing answered at .* within 0.2 s; check the cable, reset the board"):
        BoardClient(line, answer_seconds=0.2)


def test_a_line_at_another_bit_rate(line: Damaged) -> None:
    line.damage = lambda content: bytes(byte | 0x80 for byte in content)
    with pytest.raises(DeviceError, match="bit rate is 115200"):
        BoardClient(line, answer_seconds=0.5)


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
    sent: list[bytes] = []

    def lose_the_first(content: bytes) -> bytes:
        sent.append(content)
        return b"" if len(sent) == 1 else content

    line.lose = lose_the_first
    assert BoardClient(line).identify().model == "tiny"
    assert len(sent) > 2


@pytest.mark.parametrize("left", [b"db 01", b"x" * 300, b"\x00\xff", b"help%help%help%ep output 0%"])
def test_what_an_earlier_host_left_does_not_matter(board: Transport, left: bytes) -> None:
    board.write(left)
    assert BoardClient(board).identify().model == "tiny"


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 200), st.binary(max_size=30), st.integers(0, 40))
def test_damage_anywhere_is_an_error_or_the_truth(line: Damaged, at: int, garbage: bytes, cut: int) -> None:
    line.change_reply = None
    client = BoardClient(line)
    client.load_input(bytes([3] * A_BYTES), 0)
    client.load_input(bytes([9] * B_BYTES), 1)
    client.run(1)
    client._answer_seconds = 0.02  # what is cut off is waited for
    line.change_reply = lambda reply: reply[:at] + garbage + reply[at + cut :]
    try:
        output = client.output(0)
    except DeviceError as error:
        assert str(error)
    else:
        assert output == bytes([12] * B_BYTES)
