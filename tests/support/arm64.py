"""Runs generated programs for 64-bit Arm Linux in QEMU."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgeprune.build import NativeProgram, Toolchain, build_native
from edgeprune.emulate.arm_linux import ARM_CORES, ArmRun, qemu_aarch64, run_arm
from edgeprune.measure.runner import RunnerOptions, RunnerReport, emulated_instructions, read_report
from edgeprune.targets import PhoneTarget, load_target
from edgeprune.tflite import read_bytes

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
    if qemu_aarch64() is None:
        pytest.skip("qemu-aarch64 is not installed (Debian package qemu-user)")


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


def start(program: Path, core: str, *arguments: str) -> ArmRun:
    """The program's end on an emulated core."""
    return run_arm((str(program), *arguments), ARM_CORES[core], _SECONDS)


def report_of(done: ArmRun) -> RunnerReport:
    """What the program told in its last line."""
    return read_report(done.code, done.out, done.err, "the emulated core")


def instructions(program: Path, core: str) -> float:
    """Of one inference."""
    return emulated_instructions((str(program), "-"), RunnerOptions(), ARM_CORES[core], core).value


def outputs_on(
    program: Path, core: str, inputs: list[list[np.ndarray]], like: list[list[np.ndarray]]
) -> list[list[np.ndarray]]:
    """Outputs on an emulated core for each set of inputs, shaped like `like`."""
    sent, received = program.parent / f"{core}.in", program.parent / f"{core}.out"
    sent.write_bytes(b"".join(array.tobytes() for arrays in inputs for array in arrays))
    done = start(program, core, "-", "--inputs", str(sent), "--outputs", str(received), "--warmup", "0", "--runs", "1")
    assert done.code == 0, (core, done.code, done.err)
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
