"""`make bench`, first part: how fast the emulator is, and how its counts compare with the referee's and QEMU's.

Prints Markdown tables.  Models: the demonstration model that ships, and the public models of
MLPerf Tiny where they lie beside the checkout; the referee likewise.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

# The folder of this program is where it finds its neighbours.
from common import SHARED, behind_flash, board, built, compilers, head, off, qemu_instructions, referee, show

from edgeprune.devices.transports.qemu import available
from edgeprune.emulate import Core, call_function, load_image, measure_call
from edgeprune.resources import models_folder
from edgeprune.targets import McuTarget
from emulate.hand_written import assemble

QEMU_BOARDS = ("mps2-an385", "mps2-an386", "mps2-an500", "mps2-an505")
_SPEED_RUNS = 3


def main() -> None:
    """Print every table."""
    with tempfile.TemporaryDirectory(prefix="edgeprune-bench-") as scratch:
        folder = Path(scratch)
        models = dict(find_models(folder))
        print_cycles(models, folder)
        print_speed(models, folder)
        print_qemu(models, folder)


def find_models(folder: Path) -> Iterator[tuple[str, Path]]:
    """Names and files of the models to run."""
    for name in ("kws_int8", "ic_int8"):
        path = SHARED / "models" / f"{name}.tflite"
        if path.is_file():
            yield name, path
    yield "fashion", converted_fashion(folder)


def converted_fashion(folder: Path) -> Path:
    """The demonstration model in int8."""
    source, out = models_folder() / "fashion", folder / "fashion.tflite"
    command = (sys.executable, "-m", "edgeprune", "convert", str(source / "fashion.keras"), "--data",
               str(source / "fashion.npz"), "--quantize", "int8", "--out", str(out))  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)
    return out


def print_cycles(models: dict[str, Path], folder: Path) -> None:
    """Cycles of one inference, by the package and by the referee."""
    head("Cortex-M4 cycles of one call", "image", "memory", "edgeprune", "referee", "off by")
    generic = board("cortex-m4")
    images = [("hand-written", assemble(folder), "work")]
    for name, model in models.items():
        images += [(f"{name}, {c}", built(model, generic, c, folder).elf, "ep_invoke") for c in compilers()]
    for name, elf, function in images:
        for memory, target, options in (
            ("zero wait states", generic, ()),
            ("flash of the STM32L4R5", behind_flash(generic), ("--flash", "l4r5")),
        ):
            cycles, wanted = call_function(elf, target, function).cycles, referee(elf, function, *options)
            show(name, memory, f"{cycles:,}", "" if wanted is None else f"{wanted:,}", off(cycles, wanted))


def print_speed(models: dict[str, Path], folder: Path) -> None:
    """Emulated instructions per second of this machine."""
    head("Speed of the emulator, million instructions/s", "image", "without memory model", "with it")
    generic = board("cortex-m4")
    for name, model in models.items():
        elf = built(model, generic, "zig", folder).elf
        show(name, f"{speed(elf, generic):.0f}", f"{speed(elf, behind_flash(generic)):.1f}")


def speed(elf: Path, target: McuTarget) -> float:
    """Median over runs after the first, which translates and prices the code."""
    core = Core(load_image(elf), target)
    core.boot()
    measure_call(core, "ep_invoke")
    rates = []
    for _ in range(_SPEED_RUNS):
        start = time.perf_counter()
        cost = measure_call(core, "ep_invoke")
        rates.append(cost.instructions / (time.perf_counter() - start) / 1e6)
    return statistics.median(rates)


def print_qemu(models: dict[str, Path], folder: Path) -> None:
    """Instructions of one inference, by the package and by QEMU's -icount clock."""
    if available() is None:
        sys.stdout.write("\nqemu-system-arm is not installed: no comparison with its instruction counts.\n")
        return
    head("Instructions of one inference", "board", "core", "image", "edgeprune", "QEMU -icount", "off by")
    for name in QEMU_BOARDS:
        target = board(name)
        for label, model in models.items():
            firmware = built(model, target, "zig", folder)
            ours = call_function(firmware.elf, target, "ep_invoke").instructions
            theirs = qemu_instructions(firmware, target)
            show(name, target.cpu.core, label, f"{ours:,}", f"{theirs:,.0f}", off(theirs, ours))


if __name__ == "__main__":
    main()
