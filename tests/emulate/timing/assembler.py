"""Assembles snippets with zig, so that the tests can be written in assembly."""

from __future__ import annotations

import io
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

from elftools.elf.elffile import ELFFile

from edgeprune.build.toolchain import zig_environment
from edgeprune.emulate.timing import TimingModel, timing_model
from edgeprune.targets.profile import McuCpu

BASE = 0x0800_0000
ZIG_CPU = {
    "cortex-m0plus": "cortex_m0plus",
    "cortex-m3": "cortex_m3",
    "cortex-m4": "cortex_m4+vfp4d16sp",
    "cortex-m7": "cortex_m7+fp_armv8d16",
    "cortex-m33": "cortex_m33+dsp+fp_armv8d16sp",
}


def model_of(core: str, multiplier_cycles: int = 1) -> TimingModel:
    return timing_model(McuCpu.model_validate({"core": core, "clock_hz": 1, "multiplier_cycles": multiplier_cycles}))


def zig(core: str, folder: Path, *arguments: str) -> None:
    abi = "eabihf" if "+" in ZIG_CPU[core] else "eabi"
    command = [
        sys.executable, "-m", "ziglang", "cc", "-target", f"thumb-freestanding-{abi}", f"-mcpu={ZIG_CPU[core]}",
        "-fno-sanitize=undefined", *arguments,
    ]  # fmt: skip
    subprocess.run(command, cwd=folder, env=zig_environment(), check=True, capture_output=True, text=True)


@cache
def assemble(core: str, sources: tuple[str, ...]) -> dict[str, bytes]:
    """Machine code of each source; `;` separates instructions, each starts word-aligned, `7f` lies behind it."""
    lines = [".syntax unified", ".thumb", ".text"]
    for number, source in enumerate(sources):
        lines += [".balign 4", f"start_{number}:", *source.split(";"), f"end_{number}:", "nop", "7: nop"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "cases.s").write_text("\n".join(lines) + "\n")
        zig(core, folder, "-c", "cases.s", "-o", "cases.o")
        elf = ELFFile(io.BytesIO((folder / "cases.o").read_bytes()))
    text = elf.get_section_by_name(".text").data()
    symbols = {symbol.name: symbol["st_value"] for symbol in elf.get_section_by_name(".symtab").iter_symbols()}
    return {
        source: text[symbols[f"start_{number}"] : symbols[f"end_{number}"]] for number, source in enumerate(sources)
    }


def cycles_of(model: TimingModel, code: bytes) -> tuple[int, ...]:
    return tuple(cost.cycles for cost in model.explain(code, BASE))
