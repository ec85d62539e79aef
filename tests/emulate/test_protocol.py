"""The firmware's side of the protocol, spoken to real firmware on the emulated board."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edgeprune.emulate import call_function
from emulate.dialogue import Dialogue, talk_to
from emulate.firmware import mcu_target

READY = "m-ready\r\n"
A_BYTES, B_BYTES = 83, 41
LOADED = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def board(release_elf: Path) -> Iterator[Dialogue]:
    with talk_to(release_elf) as (line, _):
        assert line.take() == "m-init-done\r\n" + READY
        yield line


@pytest.fixture(scope="module")
def profiled(profile_elf: Path) -> Iterator[Dialogue]:
    with talk_to(profile_elf) as (line, _):
        line.take()
        yield line


def ask(board: Dialogue, command: str) -> list[str]:
    reply = board.ask(f"{command}%".encode())
    assert reply.endswith(READY)
    assert reply.count("\n") == reply.count("\r\n")
    return reply.removesuffix(READY).split("\r\n")[:-1]


def load(board: Dialogue, index: int, content: bytes) -> None:
    ask(board, f"ep input {index}")
    assert ask(board, f"db load {len(content)}") == [f"m-[Expecting {len(content)} bytes]"]
    pieces = [content[i : i + 31] for i in range(0, len(content), 31)]
    replies = [ask(board, f"db {piece.hex()}") for piece in pieces]
    assert replies == [[]] * (len(pieces) - 1) + [["m-load-done"]]


def test_the_benchmarks_own_commands(board: Dialogue) -> None:
    assert ask(board, "name") == ["m-name-dut-[cortex-m4]"]
    assert ask(board, "profile") == ["m-profile-[ULPMark for tinyML Firmware V0.0.1]", "m-model-[tiny]"]
    assert re.fullmatch(r"m-lap-us-\d+", ask(board, "timestamp")[0])
    assert any("infer" in line for line in ask(board, "help"))


def test_an_inference_takes_what_was_loaded(board: Dialogue) -> None:
    load(board, 0, bytes([7] * A_BYTES))
    load(board, 1, bytes([256 - 9] * B_BYTES))
    reply = ask(board, "infer 3 2")
    assert reply[:3] == ["m-warmup-start-2", "m-warmup-done", "m-infer-start-3"]
    assert reply[5] == "m-infer-done"
    first, second = (int(line.removeprefix("m-lap-us-")) for line in reply[3:5])
    # sum = 7 - 9 = -2, dequantized (-2 + 5) * 0.125; scaled = 7 / 2.
    expected = "m-results-[" + ",".join(["0.375"] * B_BYTES + ["3.500"]) + "]"
    assert reply[6:] == [expected]
    assert ask(board, "results") == [expected]
    assert second > first


def test_the_device_clock_agrees_with_the_cycle_counter(board: Dialogue) -> None:
    cycles = [int(c) for c in ask(board, "ep run 1")[0].removeprefix("ep-cycles-[").rstrip("]").split(",")]
    reply = ask(board, "infer 1000 0")
    first, second = (int(line.removeprefix("m-lap-us-")) for line in reply[2:5] if line.startswith("m-lap"))
    microseconds = 1000 * cycles[0] / 120
    # infer also copies the inputs: 124 bytes take some hundred cycles.
    assert microseconds < second - first < microseconds + 1000 * 1000 / 120


def test_reported_cycles_are_those_of_the_call(board: Dialogue, release_elf: Path) -> None:
    reply = ask(board, "ep run 40")
    assert [line.count(",") + 1 for line in reply] == [16, 16, 8]
    cycles = {int(c) for line in reply for c in line.removeprefix("ep-cycles-[").rstrip("]").split(",")}
    assert len(cycles) == 1
    assert 0 <= cycles.pop() - call_function(release_elf, mcu_target(), "ep_invoke").cycles <= 8


def test_output_bytes_and_their_checksum(board: Dialogue) -> None:
    load(board, 0, bytes(range(A_BYTES)))
    load(board, 1, bytes(B_BYTES))
    ask(board, "ep run 1")
    reply = ask(board, "ep output 0")
    content = bytes(range(B_BYTES))
    assert reply[0] == f"ep-output-[0,int8,{B_BYTES}]"
    assert bytes.fromhex("".join(line.removeprefix("ep-data-") for line in reply[1:-1])) == content
    assert reply[-1] == f"ep-crc32-[{zlib.crc32(content):08X}]"
    assert ask(board, "ep output 1")[0] == "ep-output-[1,float32,4]"


def test_a_loaded_input_can_be_read_back(board: Dialogue) -> None:
    content = bytes(range(200, 200 + B_BYTES))
    load(board, 1, content)
    assert ask(board, "ep input-crc") == [f"ep-crc32-[{zlib.crc32(content):08X}]"]
    lines = ask(board, "db print")
    assert bytes.fromhex("".join(line.removeprefix("m-buffer-").replace("-", "") for line in lines)) == content


def test_digits_beyond_the_input_are_disregarded(board: Dialogue) -> None:
    ask(board, "ep input 1")
    ask(board, f"db load {B_BYTES}")
    ask(board, "db " + "11" * 38)
    assert ask(board, "db " + "22" * 38) == ["m-load-done"]
    content = b"\x11" * 38 + b"\x22" * 3
    assert ask(board, "ep input-crc") == [f"ep-crc32-[{zlib.crc32(content):08X}]"]


def test_profiled_firmware_times_each_layer(profiled: Dialogue) -> None:
    assert ask(profiled, "ep id")[0].endswith(",120000000,1]")
    lines = ask(profiled, "ep layers 2")
    layers = [re.fullmatch(r"ep-layer-\[(\d),(\w+),(\d+),(\d+)\]", line) for line in lines]
    assert [match and match.groups()[:2] for match in layers] == [("0", "add"), ("1", "scale")]
    spent = sum(int(match[3]) for match in layers if match)
    total = int(ask(profiled, "ep run 1")[0].removeprefix("ep-cycles-[").rstrip("]"))
    assert total - 200 < spent <= total  # the rest is the timing itself
    assert ask(profiled, "ep layers 9") == ["e-[Command 'ep layers' requires 1 to 8 inferences]"]


@pytest.mark.parametrize(
    ("command", "error"),
    [
        ("", "Empty command"),
        ("   ", "Empty command"),
        ("bogus", "Unknown command: bogus"),
        ("names", "Unknown command: names"),
        ("ep", "Command 'ep' requires a subcommand"),
        ("ep what", "Unknown command: ep what"),
        ("x\x7fé", "Unknown command: x???"),
        ("db", "Command 'db' requires a subcommand"),
        ("db 00", "Command 'db' with bytes requires 'db load' first"),
        ("db load", "Command 'db load' requires the number of bytes"),
        ("db load 0", "Command 'db load' requires the number of bytes"),
        ("db load -1", "Command 'db load' requires the number of bytes"),
        ("db load 4294967379", "Command 'db load' requires the number of bytes"),  # 83 modulo 2^32
        ("db load 82", "Input 0 has 83 bytes, not 82"),
        ("ep input 2", "There is no such input"),
        ("ep input", "There is no such input"),
        ("ep output 2", "There is no such output"),
        ("ep run", "Command 'ep run' requires the number of inferences"),
        ("ep run 0", "Command 'ep run' requires the number of inferences"),
        ("ep layers 1", "This firmware was built without per-layer profiling"),
        ("infer 0", "Inference iterations must be >0"),
        ("infer 1 x", "Inference warmup must be >=0"),
        ("x" * 81, "Command longer than 80 characters"),
        ("x" * 10_000, "Command longer than 80 characters"),
    ],
)
def test_what_cannot_be_done_is_refused(board: Dialogue, command: str, error: str) -> None:
    ask(board, "ep input 0")
    assert ask(board, command) == [f"e-[{error}]"]


def test_the_longest_command_is_taken(board: Dialogue) -> None:
    assert ask(board, "x" * 80) == ["e-[Unknown command: " + "x" * 80 + "]"]


@pytest.mark.parametrize("digits", ["0", "0g", "g0", "123", "zz"])
def test_damaged_digits_are_refused_and_loading_can_go_on(board: Dialogue, digits: str) -> None:
    ask(board, "ep input 1")
    ask(board, f"db load {B_BYTES}")
    assert ask(board, f"db {digits}")[0].startswith("e-[In")
    assert ask(board, "db " + "00" * 38) == []
    assert ask(board, "db " + "00" * 3) == ["m-load-done"]


def test_line_ends_and_noise_between_commands_are_ignored(board: Dialogue) -> None:
    assert board.ask(b"\r\n\0\r\nna\0me\r\n%") == "m-name-dut-[cortex-m4]\r\n" + READY


@LOADED
@given(st.binary(max_size=300))
def test_the_board_answers_after_any_bytes(board: Dialogue, noise: bytes) -> None:
    replies = board.ask(noise + b"%")
    assert replies.count(READY) == noise.count(b"%") + 1
    assert all(32 <= ord(c) < 127 or c in "\r\n" for c in replies)
    assert ask(board, "ep id")[0].startswith("ep-id-[tiny,0011223344")


WORDS = st.sampled_from(
    ["name", "db", "load", "print", "ep", "input", "input-crc", "run", "output", "memory", "layers", "id", "infer",
     "results", "0", "1", "2", "41", "83", "99999999999", "-1", "00ff", "0f0", "%", "", "x" * 90]
)  # fmt: skip


@LOADED
@given(st.lists(WORDS, max_size=6))
def test_the_board_answers_after_any_words(board: Dialogue, words: list[str]) -> None:
    command = " ".join(words)
    replies = board.ask(command.encode() + b"%")
    assert replies.count(READY) == command.count("%") + 1
    assert ask(board, "name") == ["m-name-dut-[cortex-m4]"]


def test_every_command_is_documented(board: Dialogue) -> None:
    page = (Path(__file__).parents[2] / "docs" / "protocol.md").read_text(encoding="utf-8")
    commands = [re.split(r"  +", line)[0] for line in ask(board, "help")[1:]]
    documented = {match.replace(" [W]", " [W=10]") for match in re.findall(r"^\| `([^`]+)` \|", page, re.MULTILINE)}
    documented |= {"help"}
    assert set(commands) == documented
