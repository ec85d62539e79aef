"""The platform-independent firmware, run on this machine under address and undefined-behaviour sanitizers."""

from __future__ import annotations

import random
import shutil
import struct
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulate.portable import copy_portable

HARNESS = Path(__file__).parent / "host_harness"


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    compiler = shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        pytest.skip("no host compiler with sanitizers")
    folder = tmp_path_factory.mktemp("host")
    sources = copy_portable(folder, HARNESS)
    flags = ("-std=c99", "-g", "-O1", "-Wall", "-Wextra", "-Werror", "-DEP_PROFILE=1")
    sanitizers = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all")
    subprocess.run([compiler, *flags, *sanitizers, *sources, "-o", "program"], cwd=folder, check=True)
    return folder / "program"


def run(program: Path, content: bytes, *arguments: str) -> str:
    done = subprocess.run([program, *arguments], input=content, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode(errors="replace")[:2000]
    return done.stdout.decode("ascii")


COMMANDS = st.sampled_from(
    ["name", "profile", "timestamp", "help", "results", "infer 2 1", "infer", "db load 83", "db load 41", "db load",
     "db print", "db " + "a5" * 38, "db 1", "db " + "0" * 77, "ep id", "ep input 0", "ep input 1", "ep input 2",
     "ep input-crc", "ep run 1", "ep run 40", "ep output 0", "ep output 1", "ep output 4294967296", "ep memory",
     "ep layers 8", "ep origin", "ep layers 9", " " * 80, "x" * 80, "x" * 81, "x" * 200, "\0", "\r\n"]
)  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(st.lists(st.one_of(COMMANDS.map(str.encode), st.binary(max_size=100)), max_size=60))
def test_any_dialogue_is_free_of_undefined_behaviour(program: Path, commands: list[bytes]) -> None:
    content = b"%".join(commands) + b"%"
    said = run(program, content)
    assert said.count("m-ready\r\n") == content.count(b"%") + 1


def test_every_command_in_one_dialogue(program: Path) -> None:
    loads = ["ep input 0", "db load 83", *["db " + "01" * 31] * 3, "ep input 1", "db load 41", *["db " + "02" * 31] * 2]
    said = run(program, "%".join([*loads, "ep origin", "infer", "ep run 20", "ep output 0", "results", ""]).encode())
    assert "e-[" not in said
    assert "ep-origin-[hardware]" in said
    assert "m-lap-us-18446744073709551615" in said
    # 1 + 2 = 3; (3 + 5) * 0.125
    assert said.count("1.000,1.000") > 0
    assert "ep-data-" + "03" * 32 in said


def test_real_numbers_print_as_printf_prints_them(program: Path) -> None:
    random.seed(5)
    patterns = [random.getrandbits(32) for _ in range(100_000)]
    # Around the range of real outputs, ties, subnormals, the largest, infinities and not-a-numbers.
    near = [struct.unpack("<I", struct.pack("<f", random.uniform(-100, 100)))[0] for _ in range(100_000)]
    ties = [struct.unpack("<I", struct.pack("<f", n / 2048))[0] for n in range(-5000, 5000)]
    edges = [0, 1, 0x007F_FFFF, 0x0080_0000, 0x4B00_0000, 0x4B7F_FFFF, 0x7F7F_FFFF, 0x7F80_0000, 0x7FC0_0000]
    every = patterns + near + ties + edges + [edge | 0x8000_0000 for edge in edges]
    assert run(program, struct.pack(f"<{len(every)}I", *every), "floats") == ""
