"""Builds the hand-written tiny model into real firmware, as the build stage does."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

from edgeprune.build import find_toolchain
from edgeprune.build.seal import seal
from edgeprune.emit import emit_firmware, load_platform
from edgeprune.targets import McuTarget, load_target

TINY = Path(__file__).parent / "tiny_model"


def mcu_target(name: str = "cortex-m4") -> McuTarget:
    target = load_target(name)
    assert isinstance(target, McuTarget)
    return target


def build(
    folder: Path,
    *,
    compiler: str = "zig",
    defines: tuple[str, ...] = (),
    keep: tuple[str, ...] = (),
    model: Path = TINY,
    target: McuTarget | None = None,
) -> Path:
    """Compile to `folder`/firmware.elf and return it; `keep` names functions that the linker must not drop."""
    target = target or mcu_target()
    shutil.copytree(model, folder)
    emit_firmware(target.platform, target).write(folder)
    toolchain = find_toolchain(compiler)
    toolchain = replace(toolchain, command=(*toolchain.command, *(f"-Wl,-u,{name}" for name in keep)))
    toolchain.link(load_platform(target.platform), folder, "firmware.elf", defines, target.cpu)
    seal(folder / "firmware.elf")
    return folder / "firmware.elf"
