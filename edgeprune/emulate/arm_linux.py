"""Programs for 64-bit Arm Linux on this machine, by qemu-aarch64, with their instructions counted.

It says which instructions a program would execute on a core, not how long they take there.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from edgeprune.emulate.native import compiled
from edgeprune.errors import DeviceError, ToolchainError

_QEMU, _PACKAGES = "qemu-aarch64", "qemu-user libc6-arm64-cross libstdc++6-arm64-cross"
_SOURCE = Path(__file__).with_name("instructions.c")
#: Where Debian and Ubuntu install a C library for other processors.
_SYSTEM_ROOT = Path("/usr/aarch64-linux-gnu")
_FIRST_WITH_INTERFACE_2 = 9
_VERSION_SECONDS = 30


@dataclass(frozen=True)
class ArmCore:
    """A core that programs can be run for.

    Attributes:
        name: As Arm names it, in lower case with dashes.
        qemu: The model of QEMU that executes the same instructions.
        part: Its number in the register that identifies it.
        features: As Linux lists them.
    """

    name: str
    qemu: str
    part: int
    features: str


_BASE = "fp asimd evtstrm aes pmull sha1 sha2 crc32 cpuid"
_NEWER = f"{_BASE} atomics fphp asimdhp asimdrdm lrcpc dcpop asimddp"
#: By name.  The models that are not the core itself have the same instructions.
ARM_CORES = {
    core.name: core
    for core in (
        ArmCore("cortex-a53", "cortex-a53", 0xD03, _BASE),
        ArmCore("cortex-a55", "cortex-a76", 0xD05, _NEWER),
        ArmCore("cortex-a72", "cortex-a72", 0xD08, _BASE),
        ArmCore("cortex-a76", "cortex-a76", 0xD0B, _NEWER),
    )
}


@dataclass(frozen=True)
class ArmRun:
    """What a program did.

    Attributes:
        code: Its exit code.
        out, err: What it printed.
        instructions: How many it executed, from its first to its last; None unless they were counted.
    """

    code: int
    out: bytes
    err: bytes
    instructions: int | None


def qemu_aarch64() -> str | None:
    """Path of qemu-aarch64; None where it is not installed."""
    return shutil.which(_QEMU)


def run_arm(command: Sequence[str], core: ArmCore, seconds: float, count: bool = False) -> ArmRun:
    """Run a program for 64-bit Arm Linux as if on `core`, of which it sees one.

    Args:
        command: The program and its arguments.
        core: What it shall find.
        seconds: Time that it may take.
        count: Whether to count its instructions, which takes it longer.

    Raises:
        ToolchainError: qemu-aarch64 is not installed, or the counter cannot be built.
        DeviceError: the program takes longer, or QEMU itself cannot run it.
    """
    qemu = qemu_aarch64()
    if qemu is None:
        raise ToolchainError(f"{_QEMU} is not on the PATH; install it with `apt-get install {_PACKAGES}`")
    with tempfile.TemporaryDirectory(prefix="edgeprune-arm-") as folder:
        root, total = Path(folder, "root"), Path(folder, "count")
        _make_root(root, core)
        counting = ("-plugin", f"{_counter(qemu)},out={total}") if count else ()
        arguments = (qemu, "-cpu", core.qemu, "-L", str(root), *counting, *command)
        try:
            done = subprocess.run(arguments, capture_output=True, timeout=seconds, check=False)
        except subprocess.TimeoutExpired:
            raise DeviceError(
                f"{Path(command[0]).name} took more than {seconds:g} s on the emulated {core.name} and was stopped"
            ) from None
        if count and not total.is_file():
            reason = (done.stderr.decode(errors="replace").strip().splitlines() or [f"exit code {done.returncode}"])[-1]
            raise DeviceError(f"{_QEMU} did not count the instructions of {Path(command[0]).name}: {reason}")
        instructions = int(total.read_text(encoding="ascii")) if count else None
    return ArmRun(done.returncode, done.stdout, done.stderr, instructions)


def _make_root(root: Path, core: ArmCore) -> None:
    """A folder in which the program finds its libraries and what Linux tells about the processor.

    Without it the program would read this machine's, and runtimes choose their kernels by it.
    """
    system = root / "sys/devices/system/cpu"
    for folder in (root / "proc", system):
        folder.mkdir(parents=True)
    if (_SYSTEM_ROOT / "lib").is_dir():
        (root / "lib").symlink_to(_SYSTEM_ROOT / "lib")
    (root / "proc/cpuinfo").write_text(
        f"processor\t: 0\nBogoMIPS\t: 48.00\nFeatures\t: {core.features}\nCPU implementer\t: 0x41\n"
        f"CPU architecture: 8\nCPU variant\t: 0x1\nCPU part\t: {core.part:#x}\nCPU revision\t: 0\n\n",
        encoding="ascii",
    )
    for name in ("possible", "present", "online", "kernel_max"):
        (system / name).write_text("0\n", encoding="ascii")


@cache
def _counter(qemu: str) -> Path:
    """The plugin that counts, for the interface that this QEMU has."""
    done = subprocess.run([qemu, "--version"], capture_output=True, text=True, timeout=_VERSION_SECONDS, check=False)
    found = re.search(r"version (\d+)\.", done.stdout)
    if found is None:
        raise ToolchainError(f"{qemu} does not tell its version; install QEMU 7.2 or later")
    interface = 2 if int(found.group(1)) >= _FIRST_WITH_INTERFACE_2 else 1
    return compiled(_SOURCE, (f"EP_PLUGIN_VERSION={interface}",), "the counter for QEMU")
