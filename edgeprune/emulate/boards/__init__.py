"""Emulated boards: a core, its peripherals, and a line that somebody else holds the other end of.

One module for each firmware platform, of the platform's name, found by looking; it has a
function `fit(core, target, line) -> Fittings`.  A name that starts with an underscore is
shared by several of them.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import cast

from edgeprune.emulate.boards.board import Board, Fittings
from edgeprune.emulate.core import Core
from edgeprune.emulate.image import load_image
from edgeprune.emulate.peripherals.serial import Line
from edgeprune.errors import TargetError
from edgeprune.targets import McuTarget

__all__ = ["Board", "Fittings", "Line", "load_board", "platforms"]

_Fit = Callable[[Core, McuTarget, Line], Fittings]


def platforms() -> tuple[str, ...]:
    """Names of the firmware platforms whose boards can be emulated, sorted."""
    return tuple(sorted(m.name for m in pkgutil.iter_modules(__path__) if m.name != "board" and m.name[0] != "_"))


def load_board(elf: Path, target: McuTarget, line: Line) -> Board:
    """A board with the firmware `elf` in its flash.

    Raises:
        UserError: the file is no firmware.
        TargetError: there is no emulated board for the target's platform.
        DeviceError: the firmware is not for this target.
    """
    platform = _platform_of(target)
    core = Core(load_image(elf), target)
    fit = cast("_Fit", platform.fit)
    return Board(core, fit(core, target, line))


def _platform_of(target: McuTarget) -> ModuleType:
    if target.platform not in platforms():
        raise TargetError(
            f"the platform {target.platform!r} of {target.name} cannot be emulated; "
            f"emulated platforms: {', '.join(platforms())}"
        )
    return importlib.import_module(f"{__name__}.{target.platform}")
