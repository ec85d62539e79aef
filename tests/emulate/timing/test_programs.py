"""Compiled C on every core: all of it is known, and the cores' speeds relate as published.

CoreMark per MHz as Arm publishes it stands for the relation of two cores on integer code.
The program here does the same kinds of work, so the relation should come out alike; how
far apart it may be is the point of these tests, not a digit more.
"""

from __future__ import annotations

import io
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import unicorn
from elftools.elf.elffile import ELFFile
from unicorn import arm_const

from edgeprune.emulate.timing import BlockCost
from edgeprune.emulate.timing.instruction import Decoder, Instruction, Kind
from emulate.timing.assembler import ZIG_CPU, model_of, zig

HERE = Path(__file__).parent
FLASH, RAM, RETURN = 0x0800_0000, 0x2000_0000, 0x9000_0000
ROUNDS = 5
UNICORN_CPU = {core: f"UC_CPU_ARM_CORTEX_{core.removeprefix('cortex-').upper()}" for core in ZIG_CPU}
UNICORN_CPU["cortex-m0plus"] = "UC_CPU_ARM_CORTEX_M0"
COREMARK_PER_MHZ = {"cortex-m0plus": 2.46, "cortex-m3": 3.34, "cortex-m4": 3.42, "cortex-m7": 5.01, "cortex-m33": 4.02}
#: Bounds of our relation over the published one; branch prediction makes the M7's less certain.
ALLOWED = {"cortex-m0plus": (0.9, 1.1), "cortex-m3": (0.9, 1.1), "cortex-m7": (0.85, 1.15), "cortex-m33": (0.9, 1.1)}


@dataclass(frozen=True)
class Run:
    result: int
    cycles: int


FLAGS = ("-std=c99", "-O2", "-g0", "-ffreestanding", "-Wall", "-Wextra", "-Werror")


def instruction_ranges(elf: ELFFile) -> tuple[tuple[int, int], ...]:
    """Where in .text instructions lie: mapping symbols tell them ($t) from literals and tables ($d)."""
    text, number = elf.get_section_by_name(".text"), elf.get_section_index(".text")
    symbols = [s for s in elf.get_section_by_name(".symtab").iter_symbols() if s["st_shndx"] == number]
    marks = sorted((s["st_value"], s.name[:2]) for s in symbols if s.name[:2] in ("$t", "$d"))
    edges = [address for address, _ in marks[1:]] + [text["sh_addr"] + text["sh_size"]]
    return tuple((start, stop) for (start, mark), stop in zip(marks, edges, strict=True) if mark == "$t")


def instructions_of(elf: ELFFile) -> list[Instruction]:
    text = elf.get_section_by_name(".text")
    found: list[Instruction] = []
    for start, stop in instruction_ranges(elf):
        found += Decoder().decode(text.data()[start - text["sh_addr"] : stop - text["sh_addr"]], start)
    return found


@cache
def built(core: str) -> ELFFile:
    with TemporaryDirectory() as name:
        folder = Path(name)
        links = ("-nostdlib", "-fno-builtin", "-Wl,-u,mix", f"-Wl,-T,{HERE / 'mix.ld'}")
        zig(core, folder, *FLAGS, *links, str(HERE / "mix.c"), "-o", "mix.elf")
        return ELFFile(io.BytesIO((folder / "mix.elf").read_bytes()))


@cache
def run(core: str) -> Run:
    """Execute `mix` and add up what its blocks cost, as the emulator's counter does."""
    elf = built(core)
    code = bytearray(0x1_0000)
    for section in filter(None, map(elf.get_section_by_name, (".text", ".rodata"))):
        start = section["sh_addr"] - FLASH
        code[start : start + section["sh_size"]] = section.data()
    entry = elf.get_section_by_name(".symtab").get_symbol_by_name("mix")[0]["st_value"]
    emulator = unicorn.Uc(unicorn.UC_ARCH_ARM, unicorn.UC_MODE_THUMB | unicorn.UC_MODE_MCLASS)
    emulator.ctl_set_cpu_model(getattr(arm_const, UNICORN_CPU[core]))
    for base in (FLASH, RAM, RETURN):
        emulator.mem_map(base, 0x1_0000)
    emulator.mem_write(FLASH, bytes(code))
    trace: list[tuple[int, int]] = []
    emulator.hook_add(unicorn.UC_HOOK_BLOCK, lambda _uc, address, size, _data: trace.append((address, size)))
    emulator.reg_write(arm_const.UC_ARM_REG_SP, RAM + 0x1_0000)
    emulator.reg_write(arm_const.UC_ARM_REG_LR, RETURN | 1)
    emulator.reg_write(arm_const.UC_ARM_REG_R0, ROUNDS)
    emulator.emu_start(entry | 1, RETURN)
    blocks = [price(core, address, bytes(code[address - FLASH :][:size])) for address, size in trace]
    return Run(int(emulator.reg_read(arm_const.UC_ARM_REG_R0)), total(trace, blocks))


@cache
def price(core: str, address: int, code: bytes) -> BlockCost:
    return model_of(core).block(code, address)


def total(trace: list[tuple[int, int]], blocks: list[BlockCost]) -> int:
    cycles = sum(block.cycles for block in blocks)
    predictors: defaultdict[tuple[int, int], int] = defaultdict(int)  # 0 and 1: falls through; 2 and 3: branches
    ran = list(zip(trace, blocks, strict=True))
    for (place, block), (after, arrived) in pairwise(ran):
        taken = after[0] != sum(place)
        cycles += (block.taken_cycles + arrived.arrival_cycles) * taken
        cycles += block.mispredicted_cycles * (taken != (predictors[place] >= 2))
        predictors[place] = min(predictors[place] + 1, 3) if taken else max(predictors[place] - 1, 0)
    return cycles


@pytest.mark.parametrize("core", sorted(ZIG_CPU))
def test_all_that_the_compiler_emits_is_known(core: str, tmp_path: Path) -> None:
    zig(core, tmp_path, *FLAGS, "-fno-math-errno", "-c", str(HERE / "floats.c"), "-o", "floats.o")
    with (tmp_path / "floats.o").open("rb") as stream:
        floats = instructions_of(ELFFile(stream))
    integers = instructions_of(built(core))
    assert min(len(floats), len(integers)) > 100
    assert [i.text for i in integers + floats if i.kind is Kind.UNKNOWN] == []
    newer = {"vmaxnm", "vminnm", "vrintm", "vrintp"}
    assert newer <= {i.name for i in floats} or core in ("cortex-m0plus", "cortex-m3", "cortex-m4")


@pytest.mark.parametrize("core", sorted(ZIG_CPU))
def test_every_core_computes_the_same(core: str) -> None:
    assert run(core).result == run("cortex-m4").result


@pytest.mark.parametrize("core", sorted(ALLOWED))
def test_speeds_relate_as_published(core: str) -> None:
    published = COREMARK_PER_MHZ[core] / COREMARK_PER_MHZ["cortex-m4"]
    ours = run("cortex-m4").cycles / run(core).cycles
    least, most = ALLOWED[core]
    assert least <= ours / published <= most
