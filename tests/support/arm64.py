"""Runs generated programs for 64-bit Arm Linux in QEMU."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeprune.build import NativeProgram, Toolchain, build_native
from edgeprune.targets import PhoneTarget, load_target
from edgeprune.tflite import read_bytes

QEMU = "qemu-aarch64"
#: Without and with dot products: the former meets an illegal instruction where they are used all the same.
CORES = ("cortex-a53", "cortex-a76")
_SECONDS = 120


def phone() -> PhoneTarget:
    """What programs are built for; they run on every core."""
    target = load_target("phone-a76")
    assert isinstance(target, PhoneTarget)
    return target


def need_qemu() -> None:
    """Skips the test where QEMU's user emulation is missing."""
    if shutil.which(QEMU) is None:
        pytest.skip(f"{QEMU} is not installed (Debian package qemu-user)")


def built(
    content: bytes,
    folder: Path,
    labels: frozenset[str] = frozenset(),
    everything: bool = True,
    toolchain: Toolchain | None = None,
) -> NativeProgram:
    """The program of a model, with the kernels `labels` wherever they can run, and with all channels or not."""
    return build_native(
        read_bytes(content, "m"), phone(), folder, None, toolchain, labels, keep_constant_channels=everything
    )


def start(program: Path, core: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The program's end on an emulated core."""
    command = [QEMU, "-cpu", core, str(program), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)


def report_of(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """What the program told in its last line."""
    assert done.returncode == 0, (done.returncode, done.stderr)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def outputs_on(
    program: Path, core: str, inputs: list[list[np.ndarray]], like: list[list[np.ndarray]]
) -> list[list[np.ndarray]]:
    """Outputs on an emulated core for each set of inputs, shaped like `like`."""
    sent, received = program.parent / f"{core}.in", program.parent / f"{core}.out"
    sent.write_bytes(b"".join(array.tobytes() for arrays in inputs for array in arrays))
    done = start(program, core, "-", "--inputs", str(sent), "--outputs", str(received), "--warmup", "0", "--runs", "0")
    assert done.returncode == 0, (core, done.returncode, done.stderr)
    return _split(received.read_bytes(), like)


def _split(content: bytes, like: list[list[np.ndarray]]) -> list[list[np.ndarray]]:
    results, position = [], 0
    for arrays in like:
        row = []
        for array in arrays:
            piece = content[position : position + array.nbytes]
            row.append(np.frombuffer(piece, array.dtype).reshape(array.shape))
            position += array.nbytes
        results.append(row)
    assert position == len(content)
    return results
