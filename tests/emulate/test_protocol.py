"""The firmware's side of the protocol, spoken to real firmware on the emulated board."""

from __future__ import annotations

import re
import zlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from edgeprune.emulate import call_function
from emulate.firmware import mcu_target
from emulate.virtual import VirtualBoard

READY = "m-ready\r\n"
SESSION = "12AB34CD"
A_BYTES, B_BYTES = 83, 41
LOADED = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def board(release_elf: Path) -> VirtualBoard:
    return started(release_elf)


@pytest.fixture(scope="module")
def profiled(profile_elf: Path) -> VirtualBoard:
    return started(profile_elf)


def started(elf: Path) -> VirtualBoard:
    board = VirtualBoard(elf)
    assert board.ask(b"") == "m-init-done\r\n" + READY
    assert ask(board, f"ep sync {SESSION}") == [f"ep-sync-[{SESSION},{SESSION}]"]
    return board


def ask(board: VirtualBoard, command: str, session: str = SESSION) -> list[str]:
    """Lines of the reply, without the checksum that ends those to `ep` commands."""
    reply = board.ask(f"{command}%".encode())
    assert reply.endswith(READY)
    assert reply.count("\n") == reply.count("\r\n")
    lines = reply.removesuffix(READY).split("\r\n")[:-1]
    if command.split(" ", maxsplit=1)[0] == "ep":
        covered = "".join(f"{line}\n" for line in [command, *lines[:-1]]) + session
        assert lines.pop() == f"ep-crc32-[{zlib.crc32(covered.encode()):08X}]"
    return lines


def load(board: VirtualBoard, index: int, content: bytes) -> None:
    ask(board, f"ep input {index}")
    assert ask(board, f"db load {len(content)}") == [f"m-[Expecting {len(content)} bytes]"]
    pieces = [content[i : i + 31] for i in range(0, len(content), 31)]
    replies = [ask(board, f"db {piece.hex()}") for piece in pieces]
    assert replies == [[]] * (len(pieces) - 1) + [["m-load-done"]]


def test_the_benchmarks_own_commands(board: VirtualBoard) -> None:
    assert ask(board, "name") == ["m-name-dut-[cortex-m4]"]
    assert ask(board, "profile") == ["m-profile-[ULPMark for tinyML Firmware V0.0.1]", "m-model-[tiny]"]
    assert re.fullmatch(r"m-lap-us-\d+", ask(board, "timestamp")[0])
    assert any("infer" in line for line in ask(board, "help"))


def test_an_inference_takes_what_was_loaded(board: VirtualBoard) -> None:
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


def test_the_device_clock_agrees_with_the_cycle_counter(board: VirtualBoard) -> None:
    cycles = [int(c) for c in ask(board, "ep run 1")[1].removeprefix("ep-cycles-[").rstrip("]").split(",")]
    reply = ask(board, "infer 1000 0")
    first, second = (int(line.removeprefix("m-lap-us-")) for line in reply[2:5] if line.startswith("m-lap"))
    microseconds = 1000 * cycles[0] / 120
    # infer also copies the inputs: 124 bytes take some hundred cycles.
    assert microseconds < second - first < microseconds + 1000 * 1000 / 120


def test_reported_cycles_are_those_of_the_call(board: VirtualBoard, release_elf: Path) -> None:
    head, *reply = ask(board, "ep run 40")
    assert head == "ep-run-[40]"
    assert [line.count(",") + 1 for line in reply] == [16, 16, 8]
    cycles = {int(c) for line in reply for c in line.removeprefix("ep-cycles-[").rstrip("]").split(",")}
    assert len(cycles) == 1
    # Within the few instructions around the call.
    assert 0 <= cycles.pop() - call_function(release_elf, mcu_target(), "ep_invoke").cycles <= 8


def test_output_bytes_and_their_checksum(board: VirtualBoard) -> None:
    load(board, 0, bytes(range(A_BYTES)))
    load(board, 1, bytes(B_BYTES))
    ask(board, "ep run 1")
    reply = ask(board, "ep output 0")
    content = bytes(range(B_BYTES))
    assert reply[0] == f"ep-output-[0,int8,{B_BYTES}]"
    assert bytes.fromhex("".join(line.removeprefix("ep-data-") for line in reply[1:])) == content
    assert ask(board, "ep output 1")[0] == "ep-output-[1,float32,4]"


def test_a_loaded_input_can_be_read_back(board: VirtualBoard) -> None:
    content = bytes(range(200, 200 + B_BYTES))
    load(board, 1, content)
    assert ask(board, "ep input-crc") == [f"ep-input-crc-[1,{zlib.crc32(content):08X}]"]
    lines = ask(board, "db print")
    assert bytes.fromhex("".join(line.removeprefix("m-buffer-").replace("-", "") for line in lines)) == content


def test_digits_beyond_the_input_are_disregarded(board: VirtualBoard) -> None:
    ask(board, "ep input 1")
    ask(board, f"db load {B_BYTES}")
    ask(board, "db " + "11" * 38)
    assert ask(board, "db " + "22" * 38) == ["m-load-done"]
    content = b"\x11" * 38 + b"\x22" * 3
    assert ask(board, "ep input-crc") == [f"ep-input-crc-[1,{zlib.crc32(content):08X}]"]


def test_profiled_firmware_times_each_layer(profiled: VirtualBoard) -> None:
    assert ask(profiled, "ep id")[0].startswith("ep-id-[tiny,0011")
    assert ",120000000,1," in ask(profiled, "ep id")[0]
    lines = ask(profiled, "ep layers 20")
    assert lines[:2] == ["ep-layer-[0,add]", "ep-layer-[1,scale]"]
    runs = [re.fullmatch(r"ep-layer-cycles-\[0,(\d+),(\d+)\]", line) for line in lines[2:]]
    assert len(runs) == 20
    spent = {int(match[1]) + int(match[2]) for match in runs if match}
    total = int(ask(profiled, "ep run 1")[1].removeprefix("ep-cycles-[").rstrip("]"))
    assert len(spent) == 1
    assert total - 300 < spent.pop() <= total  # the rest is the timing itself
    assert ask(profiled, "ep layers 0") == ["e-[A number of inferences is required]"]


def test_a_session_is_told_from_another(board: VirtualBoard) -> None:
    assert ask(board, "ep sync 00000001", "00000001") == [f"ep-sync-[00000001,{SESSION}]"]
    assert ask(board, "ep memory", "00000001")[0].startswith("ep-memory-[")
    refused = "e-[A word of 8 hex digits that is not 0 is required]"
    for word in ("00000000", "1234567", "123456789", "1234567g", ""):
        assert ask(board, f"ep sync {word}", "00000001") == [refused]
    assert ask(board, f"ep sync {SESSION.lower()}") == [f"ep-sync-[{SESSION},{SESSION}]"]


def put(board: VirtualBoard, place: str, content: bytes, *, session: str = SESSION, crc: int | None = None) -> str:
    arguments = f"{place} {zlib.crc32(content) if crc is None else crc:08X} "
    check = zlib.crc32((arguments + session).encode())
    return board.ask(f"ep put {arguments}{check:08X}%".encode() + content).splitlines()[0]


def test_raw_bytes_go_in_and_come_out(board: VirtualBoard) -> None:
    a = bytes(range(A_BYTES))
    b = b"%\r\n\0" * 10 + b"%"
    assert put(board, "0 0 80", a[:80]) == "ep-put-[0,0,80]"
    assert put(board, "0 80 3", a[80:]) == "ep-put-[0,80,3]"
    assert put(board, "1 0 41", b) == "ep-put-[1,0,41]"
    assert ask(board, "ep input-crc 0") == [f"ep-input-crc-[0,{zlib.crc32(a):08X}]"]
    assert ask(board, "ep input-crc 1") == [f"ep-input-crc-[1,{zlib.crc32(b):08X}]"]
    ask(board, "ep run 1")
    assert ask(board, "ep get 0") == ["ep-output-[0,int8,41]"]
    reply = board.ask(b"ep get 0 7 30%")
    expected = bytes(x + y for x, y in zip(a, b, strict=False))[7:37]
    assert reply.startswith(f"ep-get-[0,7,30]\r\n{expected.decode('ascii')}\r\nep-crc32-[")
    covered = b"ep get 0 7 30\nep-get-[0,7,30]\n" + expected + b"\n" + SESSION.encode()
    assert reply.endswith(f"[{zlib.crc32(covered):08X}]\r\n" + READY)


@pytest.mark.parametrize(
    ("place", "size"), [("0 0 84", 84), ("0 83 1", 1), ("0 4294967295 2", 2), ("0 0 0", 0), ("0 0 1025", 1025)]
)
def test_a_block_outside_its_tensor_is_refused(board: VirtualBoard, place: str, size: int) -> None:
    refused = "e-[No such block of 1 to 1024 bytes]"
    assert put(board, place, bytes(size)) == refused
    assert ask(board, f"ep get {place}".replace("84", "42").replace("83", "41")) == [refused]
    assert ask(board, "name") == ["m-name-dut-[cortex-m4]"]


def test_damaged_raw_bytes_are_refused_and_none_is_taken_for_a_command(board: VirtualBoard) -> None:
    assert put(board, "0 0 80", bytes(80)) == "ep-put-[0,0,80]"
    content = b"name%help%" * 8
    assert put(board, "0 0 80", content, crc=1) == "e-[Damaged bytes]"
    assert put(board, "0 0 80", content, session="00000002") == "e-[Damaged command]"
    assert put(board, "0 0 80", content[:79], crc=zlib.crc32(content)) == "e-[Damaged bytes]"
    assert board.ask(b"ep put 0 0 80 00000000 00000000%" + content).startswith("e-[Damaged command]")
    assert board.ask(b"ep put%" + content).startswith("e-[Damaged command]")
    assert ask(board, "name") == ["m-name-dut-[cortex-m4]"]


def test_the_latest_infer_is_told_again(board: VirtualBoard) -> None:
    before = ask(board, "ep infer")[0].removeprefix("ep-infer-[").split(",")[0]
    reply = ask(board, "infer 3 2")
    first, second = (line.removeprefix("m-lap-us-") for line in reply[3:5])
    assert ask(board, "ep infer") == [f"ep-infer-[{int(before) + 1},3,2,{first},{second}]", reply[-1]]


def test_a_reset_starts_again(release_elf: Path) -> None:
    board = started(release_elf)
    assert board.ask(b"ep reset%").endswith(READY + "m-init-done\r\n" + READY)
    assert ask(board, "ep sync 00000002", "00000002") == ["ep-sync-[00000002,00000002]"]


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
        ("db 00", "Bytes require 'db load' first"),
        ("db load", "'db load' requires a number of bytes"),
        ("db load 0", "'db load' requires a number of bytes"),
        ("db load -1", "'db load' requires a number of bytes"),
        ("db load 4294967379", "'db load' requires a number of bytes"),  # 83 modulo 2^32
        ("db load 82", "Input 0 has 83 bytes, not 82"),
        ("ep input 2", "There is no such input"),
        ("ep input", "There is no such input"),
        ("ep output 2", "There is no such output"),
        ("ep run", "A number of inferences is required"),
        ("ep run 0", "A number of inferences is required"),
        ("ep put", "Damaged command"),
        ("ep put 0 0 1 00000000 00000000", "Damaged command"),
        ("ep get 2", "There is no such output"),
        ("ep get 0 0", "No such block of 1 to 1024 bytes"),
        ("ep sync 0", "A word of 8 hex digits that is not 0 is required"),
        ("ep layers 1", "Built without layer timing"),
        ("infer 0", "Inference iterations must be >0"),
        ("infer 1 x", "Inference warmup must be >=0"),
        ("x" * 81, "Command longer than 80 characters"),
        ("x" * 10_000, "Command longer than 80 characters"),
    ],
)
def test_what_cannot_be_done_is_refused(board: VirtualBoard, command: str, error: str) -> None:
    ask(board, "ep input 0")
    assert ask(board, command) == [f"e-[{error}]"]


def test_the_longest_command_is_taken(board: VirtualBoard) -> None:
    assert ask(board, "x" * 80) == ["e-[Unknown command: " + "x" * 80 + "]"]


@pytest.mark.parametrize("digits", ["0", "0g", "g0", "123", "zz"])
def test_damaged_digits_are_refused_and_loading_can_go_on(board: VirtualBoard, digits: str) -> None:
    ask(board, "ep input 1")
    ask(board, f"db load {B_BYTES}")
    assert ask(board, f"db {digits}")[0].startswith("e-[In")
    assert ask(board, "db " + "00" * 38) == []
    assert ask(board, "db " + "00" * 3) == ["m-load-done"]


def test_line_ends_and_noise_between_commands_are_ignored(board: VirtualBoard) -> None:
    assert board.ask(b"\r\n\0\r\nna\0me\r\n%") == "m-name-dut-[cortex-m4]\r\n" + READY


@LOADED
@given(st.binary(max_size=300))
def test_the_board_answers_after_any_bytes(board: VirtualBoard, noise: bytes) -> None:
    assume(b"ep reset" not in noise)  # hypothesis also tries what it finds in the code
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
def test_the_board_answers_after_any_words(board: VirtualBoard, words: list[str]) -> None:
    command = " ".join(words)
    replies = board.ask(command.encode() + b"%")
    assert replies.count(READY) == command.count("%") + 1
    assert ask(board, "name") == ["m-name-dut-[cortex-m4]"]


def test_every_command_is_documented(board: VirtualBoard) -> None:
    page = (Path(__file__).parents[2] / "docs" / "protocol.md").read_text(encoding="utf-8")
    commands = [re.split(r"  +", line)[0] for line in ask(board, "help")[1:]]
    documented = {match.replace(" [W]", " [W=10]") for match in re.findall(r"^\| `([^`]+)` \|", page, re.MULTILINE)}
    documented |= {"help"}
    assert set(commands) == documented
