"""`make bench`: how fast the emulator is, and how its counts compare with the referee's and QEMU's.

Prints Markdown tables.  Models: the demonstration model that ships, and the public models of
MLPerf Tiny where they lie beside the checkout; the referee likewise.
"""

from __future__ import annotations

import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from edgeprune import tflite
from edgeprune.build import Firmware, build_firmware, find_toolchain
from edgeprune.devices import BoardClient, open_transport
from edgeprune.devices.transports.qemu import available
from edgeprune.emulate import Core, call_function, load_image, measure_call
from edgeprune.errors import ToolchainError
from edgeprune.resources import models_folder
from edgeprune.targets import McuTarget, load_target

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from emulate.hand_written import assemble  # noqa: E402  (the tests are no package)

SHARED = ROOT.parent / "shared"
REFEREE = SHARED / "tools" / "m4sim.py"
QEMU_BOARDS = ("mps2-an385", "mps2-an386", "mps2-an500", "mps2-an505")
_SPEED_RUNS = 3
_QEMU_RUNS = 3


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


def board(name: str) -> McuTarget:
    """A microcontroller's profile."""
    target = load_target(name)
    assert isinstance(target, McuTarget)
    return target


def built(model: Path, target: McuTarget, compiler: str, folder: Path) -> Firmware:
    """Firmware of a model, in a folder of its own."""
    out = folder / f"{model.stem}-{target.name}-{compiler}"
    return build_firmware(tflite.read(model), target, out, toolchain=find_toolchain(compiler))


def compilers() -> list[str]:
    """The compilers that are here."""
    found = ["zig"]
    try:
        find_toolchain("gcc")
        found.append("gcc")
    except ToolchainError:
        pass
    return found


def behind_flash(target: McuTarget) -> McuTarget:
    """The same board with the flash of the STM32L4R5 in front of its code."""
    timing = board("nucleo-l4r5zi").flash.timing
    return target.model_copy(update={"flash": target.flash.model_copy(update={"timing": timing})})


def referee(elf: Path, function: str, *options: str) -> int | None:
    """Cycles by the referee; None where it is not here."""
    if not REFEREE.is_file():
        return None
    command = (sys.executable, str(REFEREE), "call", str(elf), function, *options)
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = re.search(r"instructions, (\d+) cycles", done.stdout)
    return int(found.group(1)) if found else None


def show(*cells: object) -> None:
    """One row of a table."""
    sys.stdout.write(f"| {' | '.join(str(cell) for cell in cells)} |\n")
    sys.stdout.flush()


def head(title: str, *columns: str) -> None:
    """Start a table."""
    sys.stdout.write(f"\n## {title}\n\n")
    show(*columns)
    show(*("---",) * len(columns))


def off(found: float, wanted: float | None) -> str:
    """The difference in per cent."""
    return "" if not wanted else f"{100 * (found / wanted - 1):+.4f} %"


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


def qemu_instructions(firmware: Firmware, target: McuTarget) -> float:
    """What the firmware's timer tells of one inference when QEMU's clock counts instructions."""
    with open_transport("qemu", firmware.elf, target) as line:
        ticks = statistics.median(BoardClient(line).run(_QEMU_RUNS))
    return ticks * 1e9 / target.cpu.clock_hz


if __name__ == "__main__":
    main()
