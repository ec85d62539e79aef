"""A model's program for 64-bit Arm Linux: what it computes, tells and refuses, on emulated cores."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import edgeprune
from edgeprune.build import NativeProgram, Toolchain
from edgeprune.errors import ToolchainError, UserError
from support import arm64
from support.reference import random_inputs, reference_outputs
from support.small import small_model

MODEL = small_model()


@pytest.fixture(scope="module")
def program(tmp_path_factory) -> NativeProgram:
    return arm64.built(MODEL, tmp_path_factory.mktemp("native"), everything=False)


@pytest.mark.parametrize("core", arm64.CORES)
def test_outputs_equal_the_reference(program: NativeProgram, core: str) -> None:
    arm64.need_qemu()
    inputs = random_inputs(MODEL, 5)
    expected = reference_outputs(MODEL, inputs)
    for row, wanted in zip(arm64.outputs_on(program.path, core, inputs, expected), expected, strict=True):
        for got, want in zip(row, wanted, strict=True):
            np.testing.assert_array_equal(got, want)


def test_the_report_tells_what_was_asked(program: NativeProgram) -> None:
    arm64.need_qemu()
    done = arm64.start(program.path, "cortex-a76", "-", "--warmup", "2", "--runs", "3", "--cpus", "0", "--profile")
    report = arm64.report_of(done)
    assert (report.runtime, report.delegate) == (f"edgeprune {edgeprune.__version__}", "")
    assert (report.cpus, report.threads, report.spmm) == ((0,), 1, False)
    assert (len(report.warmup_us), len(report.runs_us)) == (2, 3)
    assert report.first_us > 0 and report.peak_bytes > 0
    assert [layer.name for layer in report.operators] == [layer.name for layer in program.layers]


def test_nothing_is_told_that_was_not_asked(program: NativeProgram) -> None:
    arm64.need_qemu()
    report = arm64.report_of(arm64.start(program.path, "cortex-a53", "-", "--runs", "1"))
    assert (report.cpus, report.operators, report.spmm) == ((), (), None)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("model.tflite",), "give - in place of model.tflite"),
        (("-", "--threads", "2"), "computes on one thread"),
        (("-", "--library", "l.so"), "needs no library"),
        (("-", "--inputs", "/dev/null"), "/dev/null has 0 bytes, and an inference takes 64"),
        (("-", "--outputs", "/nowhere/out"), "cannot write /nowhere/out"),
    ],
)
def test_faults_are_one_sentence(program: NativeProgram, words: tuple[str, ...], sentence: str) -> None:
    arm64.need_qemu()
    done = arm64.start(program.path, "cortex-a53", *words)
    assert done.code == 2 and done.out == b""
    assert sentence in done.err.decode() and done.err.count(b"\n") == 1


def test_the_program_is_the_same_wherever_it_is_built(program: NativeProgram, tmp_path: Path) -> None:
    assert arm64.built(MODEL, tmp_path, everything=False).sha256 == program.sha256


def test_only_zig_brings_the_library(tmp_path: Path) -> None:
    gcc = Toolchain("gcc", "12", ("arm-none-eabi-gcc",))
    with pytest.raises(ToolchainError, match="use zig"):
        arm64.built(MODEL, tmp_path, toolchain=gcc)


def test_a_folder_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot write"):
        arm64.build_native(arm64.read_bytes(MODEL, "m"), arm64.phone(), tmp_path / "none")
