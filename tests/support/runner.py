"""The LiteRT runner, and models for it, in tests."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path

import ai_edge_litert
import pytest

from edgeprune.build import LiteRtRunner, build_litert_runner
from edgeprune.build.litert_library import LiteRtLibrary
from edgeprune.build.litert_runner import compiled_runner
from edgeprune.emulate.arm_linux import ARM_CORES, qemu_aarch64, run_arm
from edgeprune.errors import ToolchainError
from edgeprune.measure.runner import RunnerOptions, RunnerReport, read_report


def host_runner() -> LiteRtRunner:
    """The runner for this machine, with the library of the installed package: it runs without emulation."""
    version = importlib.metadata.version("ai-edge-litert")
    library = Path(ai_edge_litert.__file__).with_name("libLiteRt.so")
    return LiteRtRunner(compiled_runner(version, None), LiteRtLibrary(library, version))


def arm_runner() -> LiteRtRunner:
    """The runner for Arm; skips the test where it cannot be had or run."""
    if qemu_aarch64() is None:
        pytest.skip("qemu-aarch64 is not installed")
    if not Path("/usr/aarch64-linux-gnu/lib/libstdc++.so.6").exists():
        pytest.skip("libstdc++6-arm64-cross is not installed")
    try:
        return build_litert_runner()
    except ToolchainError as error:
        pytest.skip(str(error))


def run_on_arm(runner: LiteRtRunner, model: Path, core: str, **options: object) -> RunnerReport:
    """Run a model on an emulated core."""
    chosen = RunnerOptions(library=str(runner.library.path), **options)
    done = run_arm(chosen.command(str(runner.program), str(model)), ARM_CORES[core], 120)
    return read_report(done.code, done.out, done.err, core)
