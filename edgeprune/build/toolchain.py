"""C compilers: zig cc, which pip installs, and arm-none-eabi-gcc where there is one."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from edgeprune.emit import Platform
from edgeprune.errors import ToolchainError
from edgeprune.resources import cache_folder
from edgeprune.targets import Extension, McuCpu

#: Wanted of every compiler.  -fno-strict-aliasing: the arena is one array of bytes that
#: kernels use as int16 and int32 too.
_COMMON_FLAGS = (
    "-std=c99", "-O2", "-g0", "-fno-strict-aliasing", "-fno-common",
    "-Wall", "-Wextra", "-Wconversion", "-pedantic", "-Werror",
)  # fmt: skip
#: What zig calls gcc's -mfpu, as features beside those that the core's name implies.
_ZIG_FPU = {
    None: "+soft_float", "fpv4-sp-d16": "+vfp4d16sp", "fpv5-sp-d16": "+fp_armv8d16sp-fp64", "fpv5-d16": "+fp_armv8d16"
}  # fmt: skip
#: -lgcc means the compiler's own support library to zig too: 64-bit and soft-float arithmetic
#: for cores without; only what is called gets into the image.
_BARE_LINK = ("-nostdlib", "-Wl,--gc-sections", "-Wl,--build-id=none", "-lgcc")
_COMPILE_SECONDS = 300


@dataclass(frozen=True)
class Toolchain:
    """A compiler driver that also links.

    Attributes:
        name: `zig` or `gcc`.
        version: As it reports itself.
        command: The driver with what always precedes its arguments.
    """

    name: str
    version: str
    command: tuple[str, ...]

    def link(
        self, platform: Platform, folder: Path, output: str, defines: tuple[str, ...] = (), cpu: McuCpu | None = None
    ) -> None:
        """Compile and link all C files of `folder` into `folder/output`, for `cpu` or for this machine.

        Paths given to the compiler are relative, so that equal sources give equal images
        wherever they lie.

        Raises:
            ToolchainError: the compiler refuses the sources; the message quotes its first error.
        """
        sources = sorted(path.name for path in folder.glob("*.c"))
        script = [f"-Wl,-T,{platform.linker_script}"] if platform.linker_script else []
        arguments = [
            *self.command, *self._cpu_flags(cpu), *_COMMON_FLAGS, *platform.cflags,
            *(f"-D{define}" for define in defines), "-I.", *sources, *(_BARE_LINK if cpu else ()), *script,
            "-o", output,
        ]  # fmt: skip
        _run(arguments, folder, self.name)

    def link_for_linux(
        self, platform: Platform, folder: Path, output: str, triple: str | None, defines: tuple[str, ...] = ()
    ) -> None:
        """Compile and link all C files of `folder` into the program `folder/output`.

        Args:
            platform: Whose files they are.
            folder: Where they lie.
            output: Name of the program.
            triple: Processor, system and C library as zig names them; None for this machine.
            defines: Macros.

        Raises:
            ToolchainError: the compiler refuses the sources, or cannot compile for that system.
        """
        if self.name != "zig":
            raise ToolchainError(f"the compiler {self.name} makes no programs for Linux; use zig")
        sources = sorted(path.name for path in folder.glob("*.c"))
        arguments = [
            *self.command, *(("-target", triple) if triple else ()), *_COMMON_FLAGS, *platform.cflags,
            *(f"-D{define}" for define in defines), "-I.", *sources, "-o", output,
        ]  # fmt: skip
        _run(arguments, folder, self.name)

    def _cpu_flags(self, cpu: McuCpu | None) -> list[str]:
        if cpu is None:
            return []
        if self.name == "zig":
            abi = "eabihf" if cpu.fpu else "eabi"
            name = cpu.core.replace("-", "_") + ("" if cpu.facts.helium and cpu.fpu else _ZIG_FPU[cpu.fpu])
            name += "+dsp" if cpu.has_dsp else ""  # zig's Cortex-M33 is without, unlike every chip here
            name += "+mve_fp" if Extension.HELIUM in cpu.extensions else ""  # its Cortex-M55 likewise
            return ["-target", f"thumb-freestanding-{abi}", f"-mcpu={name}", "-fno-sanitize=undefined"]
        # The assembly in the sources is in unified syntax, which gcc assumes for Armv7-M only.
        flags = ["-mthumb", f"-mcpu={cpu.core}", "-ffreestanding", "-masm-syntax-unified"]
        if cpu.fpu is None:
            return [*flags, "-mfloat-abi=soft"]
        # Helium and its FPU are one unit, which the core's name stands for.
        return [*flags, *([] if cpu.facts.helium else [f"-mfpu={cpu.fpu}"]), "-mfloat-abi=hard"]


def find_toolchain(name: str | None = None) -> Toolchain:
    """The toolchain of that name, by default zig, which comes with edgeprune.

    Raises:
        ToolchainError: it is not installed.
    """
    if name in (None, "zig"):
        try:
            version = importlib.metadata.version("ziglang")
        except importlib.metadata.PackageNotFoundError:
            raise ToolchainError("the compiler zig is missing; install it with `pip install ziglang`") from None
        return Toolchain("zig", version, (sys.executable, "-m", "ziglang", "cc"))
    if name == "gcc":
        driver = shutil.which("arm-none-eabi-gcc")
        if driver is None:
            raise ToolchainError(
                "arm-none-eabi-gcc is not on the PATH; install it, or leave out --toolchain to use zig"
            )
        version = subprocess.run([driver, "-dumpversion"], capture_output=True, text=True, check=False).stdout.strip()
        return Toolchain("gcc", version, (driver,))
    raise ToolchainError(f"there is no toolchain {name!r}; known toolchains: zig, gcc")


def zig_environment() -> dict[str, str]:
    """The environment for zig: its caches lie with ours, not in a read-only or foreign home."""
    cache = str(cache_folder("zig"))
    return {**os.environ, "ZIG_GLOBAL_CACHE_DIR": cache, "ZIG_LOCAL_CACHE_DIR": cache}


def _run(arguments: list[str], folder: Path, name: str) -> None:
    try:
        done = subprocess.run(
            arguments, cwd=folder, env=zig_environment(), capture_output=True, text=True, errors="replace",
            timeout=_COMPILE_SECONDS, check=False,
        )  # fmt: skip
    except OSError as error:
        raise ToolchainError(f"cannot start the compiler {name}: {error}") from None
    except subprocess.TimeoutExpired:
        raise ToolchainError(f"the compiler {name} took more than {_COMPILE_SECONDS} s and was stopped") from None
    if done.returncode != 0:
        lines = (done.stderr or done.stdout).strip().splitlines() or [f"exit code {done.returncode}"]
        first = next((line for line in lines if "error" in line.lower()), lines[0])
        raise ToolchainError(f"the compiler {name} failed: {first.strip()}; `edgeprune doctor` checks the compilers")
