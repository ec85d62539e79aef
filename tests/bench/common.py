"""What the parts of `make bench` share: targets, builds, the referee, tables."""

from __future__ import annotations

import re
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))  # the tests are no package

from edgeprune import tflite  # noqa: E402
from edgeprune.build import Firmware, build_firmware, find_toolchain  # noqa: E402
from edgeprune.devices import BoardClient, open_transport  # noqa: E402
from edgeprune.errors import ToolchainError  # noqa: E402
from edgeprune.plan import Objective  # noqa: E402
from edgeprune.targets import McuTarget, load_target  # noqa: E402

SHARED = ROOT.parent / "shared"
_QEMU_RUNS = 3
REFEREE = SHARED / "tools" / "m4sim.py"


def board(name: str) -> McuTarget:
    """A microcontroller's profile."""
    target = load_target(name)
    assert isinstance(target, McuTarget)
    return target


def built(
    model: Path, target: McuTarget, compiler: str, folder: Path, objective: Objective = Objective.BALANCED
) -> Firmware:
    """Firmware of a model, in a folder of its own; random weights shall not save work by dead channels."""
    out = folder / f"{model.stem}-{target.name}-{compiler}-{objective.value}"
    toolchain = find_toolchain(compiler)
    return build_firmware(
        tflite.read(model), target, out, toolchain=toolchain, optimize=objective, keep_constant_channels=True
    )


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


def qemu_instructions(firmware: Firmware, target: McuTarget) -> float:
    """What the firmware's timer tells of one inference when QEMU's clock counts instructions."""
    with open_transport("qemu", firmware.elf, target) as line:
        ticks = statistics.median(BoardClient(line).run(_QEMU_RUNS))
    return ticks * 1e9 / target.cpu.clock_hz
