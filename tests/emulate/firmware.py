"""Builds the hand-written tiny model into real firmware, as the build stage does."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from edgeprune.emit import emit_firmware, load_platform
from edgeprune.targets import McuTarget, load_target

_ZIG = (
    sys.executable, "-m", "ziglang", "cc", "-target", "thumb-freestanding-eabihf", "-mcpu=cortex_m4+vfp4d16sp",
    "-fno-sanitize=undefined",
)  # fmt: skip
_GCC = ("arm-none-eabi-gcc", "-mthumb", "-mcpu=cortex-m4", "-mfpu=fpv4-sp-d16", "-mfloat-abi=hard", "-ffreestanding")
TINY = Path(__file__).parent / "tiny_model"


def mcu_target() -> McuTarget:
    target = load_target("cortex-m4")
    assert isinstance(target, McuTarget)
    return target


def build(
    folder: Path,
    *,
    compiler: str = "zig",
    defines: tuple[str, ...] = (),
    keep: tuple[str, ...] = (),
    model: Path = TINY,
) -> Path:
    """Compile to `folder`/firmware.elf and return it; `keep` names functions that the linker must not drop."""
    target = mcu_target()
    shutil.copytree(model, folder)
    emit_firmware(target.platform, target).write(folder)
    sources = sorted(path.name for path in folder.glob("*.c"))
    driver, libraries = (_ZIG, ()) if compiler == "zig" else (_GCC, ("-lgcc",))
    command = (
        *driver, "-std=c99", "-O2", "-g0", "-Wall", "-Wextra", "-Werror", *load_platform(target.platform).cflags,
        *(f"-D{define}" for define in defines), "-I.", "-nostdlib", "-Wl,--gc-sections",
        *(f"-Wl,-u,{name}" for name in keep), *sources, *libraries, "-Wl,-T,link.ld", "-o", "firmware.elf",
    )  # fmt: skip
    subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    return folder / "firmware.elf"
