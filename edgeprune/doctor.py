"""Checks that what edgeprune relies on works on this machine, by using it."""

from __future__ import annotations

import importlib.metadata
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from edgeprune.build import find_toolchain
from edgeprune.build.toolchain import zig_environment
from edgeprune.devices.adb import Adb
from edgeprune.devices.transports import qemu
from edgeprune.emulate.arm_linux import qemu_aarch64
from edgeprune.errors import EdgepruneError, ToolchainError
from edgeprune.resources import cache_folder, firmware_templates_folder, models_folder, targets_folder
from edgeprune.targets import list_targets, load_target

_SECONDS = 300


@dataclass(frozen=True)
class Check:
    """One thing that was tried.

    Attributes:
        name: What.
        state: `works`, `broken`, or `absent` for what can be done without.
        detail: Version, path, or what went wrong.
    """

    name: str
    state: str
    detail: str


def check_all() -> tuple[Check, ...]:
    """Try everything, in the order in which a first run would need it."""
    return (
        Check("Python", "works", platform.python_version()),
        _try("data files", _data_files),
        _try("target profiles", lambda: ", ".join(load_target(name).name for name in list_targets())),
        _try("cache folder", lambda: str(cache_folder("doctor"))),
        _try("TensorFlow with Keras 2", _tensorflow),
        _try("LiteRT", lambda: f"{_import('ai_edge_litert.interpreter')} {_version('ai-edge-litert')}"),
        _try("tflite-runtime", _older_runtime, optional=True),
        _try("compiler zig", lambda: _compiles("zig")),
        _try("compiler arm-none-eabi-gcc", lambda: _compiles("gcc"), optional=True),
        _try("emulator", _emulator),
        _try("qemu-system-arm", lambda: _qemu(qemu.available(), "boards that only QEMU plays"), optional=True),
        _try("qemu-aarch64", lambda: _qemu(qemu_aarch64(), "programs for phone-class Arm"), optional=True),
        _try("adb", lambda: Adb().version(), optional=True),
    )


def _try(name: str, check: Callable[[], str], optional: bool = False) -> Check:
    try:
        return Check(name, "works", check())
    except (EdgepruneError, ImportError, OSError, subprocess.SubprocessError) as error:
        return Check(name, "absent" if optional else "broken", str(error).splitlines()[0])


def _data_files() -> str:
    for folder in (targets_folder(), firmware_templates_folder(), models_folder()):
        if not folder.is_dir():
            raise OSError(f"{folder} is missing; install edgeprune again")
    return str(targets_folder().parent)


def _version(package: str) -> str:
    return importlib.metadata.version(package)


def _import(module: str) -> str:
    """Import in a process of its own, where a crash is only a failed check."""
    done = subprocess.run(
        [sys.executable, "-c", f"import {module}"], capture_output=True, text=True, timeout=_SECONDS, check=False
    )
    if done.returncode != 0:
        raise ImportError((done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1])
    return module.partition(".")[0]


def _tensorflow() -> str:
    _import("edgeprune.models.tensorflow as t; t.keras()")
    return (
        f"{_version('tensorflow')}, tf-keras {_version('tf-keras')}, TF-MOT {_version('tensorflow-model-optimization')}"
    )


def _older_runtime() -> str:
    _import("tflite_runtime.interpreter")
    return _version("tflite-runtime")


def _compiles(name: str) -> str:
    """Compile a few lines for a Cortex-M4."""
    toolchain = find_toolchain(name)
    flags = ["-target", "thumb-freestanding-eabihf", "-mcpu=cortex_m4"] if name == "zig" else ["-mcpu=cortex-m4"]
    with tempfile.TemporaryDirectory(prefix="edgeprune-") as folder:
        source = Path(folder, "check.c")
        source.write_text("int check(int a) { return a * 3; }\n", encoding="utf-8")
        command = [*toolchain.command, *flags, "-c", source.name, "-o", "check.o"]
        done = subprocess.run(
            command, cwd=folder, env=zig_environment(), capture_output=True, text=True, timeout=_SECONDS, check=False
        )
    if done.returncode != 0:
        raise ToolchainError(done.stderr.strip() or f"{name} ends with exit code {done.returncode}")
    return f"{toolchain.version} ({toolchain.command[0]})" if name == "gcc" else toolchain.version


def _qemu(path: str | None, users: str) -> str:
    if path is None:
        raise ToolchainError(f"it is not on the PATH; {users} need it here")
    done = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=_SECONDS, check=False)
    return done.stdout.splitlines()[0]


def _emulator() -> str:
    """Compile the cycle counter and load the CPU emulator."""
    from edgeprune.emulate.hook import library

    library()
    return f"unicorn {_version('unicorn')}"
