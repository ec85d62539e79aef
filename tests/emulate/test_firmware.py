"""What the platform's own code does: sizes, stack, faults, memory functions, the host program."""

from __future__ import annotations

import contextlib
import shutil
import struct
import subprocess
from pathlib import Path
from typing import ClassVar

import pytest
from elftools.elf.elffile import ELFFile

from edgeprune.emit import emit_firmware
from edgeprune.emulate import Core, CpuFaultError, load_image, measure_call
from edgeprune.emulate.boards import load_board
from emulate.dialogue import talk_to
from emulate.fault_lines import fault_report
from emulate.firmware import TINY, build, mcu_target

BUFFER = 0x2000_4000  # RAM that neither variables nor the stack reach


def memory_use(elf: Path) -> tuple[int, int]:
    with talk_to(elf) as (line, _):
        line.take()
        line.ask(b"ep run 1%")
        used, size, arena = line.ask(b"ep memory%").split("[")[1].split("]")[0].split(",")
    assert int(arena) == 252
    return int(used), int(size)


def test_stack_use_is_seen(release_elf: Path, tmp_path: Path) -> None:
    used, size = memory_use(release_elf)
    assert size == mcu_target().stack_bytes
    assert 0 < used < 1024
    deeper, _ = memory_use(build(tmp_path / "deep", defines=("TINY_STACK_BYTES=2000",)))
    assert used + 1500 < deeper < used + 2500  # the inference may share stack with what was deepest before


def test_a_fault_is_reported_and_the_board_answers_for_it(tmp_path: Path) -> None:
    elf = build(tmp_path / "fault", defines=("TINY_FAULT_ADDRESS=0x90000000",))
    said: list[bytes] = []

    class Line:
        """A host that asks twice and hangs up."""

        left: ClassVar[list[bytes]] = [b"ep run 1%", b"name%"]

        def read(self, _seconds: float) -> bytes | None:
            return self.left.pop(0) if self.left else None

        def write(self, content: bytes) -> None:
            said.append(content)

    with contextlib.suppress(CpuFaultError):
        load_board(elf, mcu_target(), Line()).run()
    lines = b"".join(said).decode().splitlines()
    report = fault_report(lines[lines.index("") + 1 :], elf)
    assert report.kind in ("HardFault", "BusFault")
    assert report.function == "misbehave"
    assert lines[-4:] == lines[-8:-4]


# The platform alone, with the tiny model: what a model adds comes on top.
BUDGETS = {"zig": (12_500, 1_100), "gcc": (10_800, 1_100)}


def test_the_platform_stays_small(any_elf: Path) -> None:
    compiler = any_elf.parent.name
    with any_elf.open("rb") as stream:
        sections = {s.name: s["sh_size"] for s in ELFFile(stream).iter_sections() if s["sh_flags"] & 2}
    flash = sum(size for name, size in sections.items() if name not in (".bss", ".noinit"))
    ram = sections.get(".data", 0) + sections[".bss"] + sections[".noinit"]
    assert flash <= BUDGETS[compiler][0]
    assert ram <= BUDGETS[compiler][1]


@pytest.fixture(scope="module")
def booted(any_elf: Path) -> Core:
    core = Core(load_image(any_elf), mcu_target())
    core.boot()
    return core


@pytest.mark.parametrize("size", [0, 1, 2, 3, 4, 5, 31, 32, 33, 63, 64, 65, 100, 257])
def test_memory_functions_at_every_alignment(booted: Core, size: int) -> None:
    content = bytes((7 * i + 1) % 251 for i in range(size))
    for to in range(4):
        for at in range(4):
            source, sink = BUFFER + 16 + at, BUFFER + 1024 + to
            booted.write(source, content)
            booted.write(sink - 8, b"\xee" * (size + 16))
            assert booted.call("memcpy", sink, source, size) == sink
            assert booted.read(sink - 8, size + 16) == b"\xee" * 8 + content + b"\xee" * 8
        assert booted.call("memset", sink, 0x1A5, size) == sink
        assert booted.read(sink - 8, size + 16) == b"\xee" * 8 + b"\xa5" * size + b"\xee" * 8


@pytest.mark.parametrize("distance", [-70, -33, -32, -31, -8, -5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 8, 31, 32, 33, 70])
def test_memmove_where_the_areas_overlap(booted: Core, distance: int) -> None:
    content = bytes((11 * i + 3) % 253 for i in range(150))
    for at in range(4):
        booted.write(BUFFER, bytes(512))
        booted.write(BUFFER + 128 + at, content)
        booted.call("memmove", BUFFER + 128 + at + distance, BUFFER + 128 + at, len(content))
        assert booted.read(BUFFER + 128 + at + distance, len(content)) == content


@pytest.mark.parametrize(
    ("a", "b"), [(b"", b""), (b"a", b"a"), (b"a", b"b"), (b"ab", b"a"), (b"\x80", b"\x7f"), (b"same", b"some")]
)
def test_comparisons(booted: Core, a: bytes, b: bytes) -> None:
    booted.write(BUFFER, a + b"\0")
    booted.write(BUFFER + 64, b + b"\0")
    signed = struct.unpack("<i", struct.pack("<I", booted.call("strcmp", BUFFER, BUFFER + 64)))[0]
    assert (signed > 0) - (signed < 0) == (a > b) - (a < b)
    size = min(len(a), len(b))
    signed = struct.unpack("<i", struct.pack("<I", booted.call("memcmp", BUFFER, BUFFER + 64, size)))[0]
    assert (signed > 0) - (signed < 0) == (a[:size] > b[:size]) - (a[:size] < b[:size])
    assert booted.call("strlen", BUFFER) == len(a)


def test_copying_and_filling_are_fast(booted: Core) -> None:
    # 32 bytes: two groups of four LDR (5) and four STR (4), 5 for the loop.
    assert measure_call(booted, "memcpy", BUFFER, BUFFER + 4096, 1024).cycles <= 1024 // 32 * 24 + 40
    assert measure_call(booted, "memcpy", BUFFER, BUFFER + 4097, 1024).cycles <= 1024 // 32 * 24 + 40
    assert measure_call(booted, "memset", BUFFER, 0, 1024).cycles <= 1024 // 32 * 14 + 40


def test_the_host_program_runs_input_after_input(tmp_path: Path) -> None:
    emit_firmware("host", None).write(tmp_path)
    for path in TINY.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    driver = shutil.which("gcc") or shutil.which("clang")
    if driver is None:
        pytest.skip("no host compiler with sanitizers")
    flags = ("-std=c99", "-O1", "-Wall", "-Wextra", "-Werror", "-fsanitize=address,undefined")
    sources = sorted(path.name for path in tmp_path.glob("*.c"))
    for define in ("-DEP_PROFILE=0", "-DEP_PROFILE=1"):
        subprocess.run([driver, *flags, define, *sources, "-o", "model"], cwd=tmp_path, check=True)
        first, second = bytes([4] * 83 + [1] * 41), bytes([256 - 6] * 83 + [0] * 41)
        done = subprocess.run([tmp_path / "model"], input=first + second, capture_output=True, check=True)
        expected = bytes([5] * 41) + struct.pack("<f", 2.0) + bytes([256 - 6] * 41) + struct.pack("<f", -3.0)
        assert done.stdout == expected
    short = subprocess.run([tmp_path / "model"], input=first + second[:-1], capture_output=True, check=False)
    assert short.returncode == 1
    assert b"123 bytes instead of 124" in short.stderr
