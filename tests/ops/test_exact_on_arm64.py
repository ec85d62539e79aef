"""Every Neon kernel, on emulated cores with and without dot products, equals TFLite's reference kernels bit by bit.

One build serves all operators and both cores: programs look for dot products when they start.
"""

from __future__ import annotations

import os

import numpy as np
import pytest

from edgeprune import ops
from edgeprune.build import NativeProgram
from edgeprune.targets import Extension
from support import arm64
from support.operator_cases import CASES, bundle_of
from support.reference import random_inputs, reference_outputs, tolerance

#: Random uses of each operator; raise it for a longer soak.
COUNT = int(os.environ.get("EDGEPRUNE_OPERATOR_CASES", "24"))
LABELS = frozenset(k.label for op in ops.operators().values() for k in op.kernels if Extension.NEON in k.needs)
#: It runs what another Neon kernel runs too.
_SECOND = frozenset({"ep_add_steps_s8_neon"})
KEYS = sorted(
    key
    for key in CASES
    if len(key.split()) == 1 and any(k.label in LABELS for k in ops.operators()[key].kernels)
)  # fmt: skip


def _seeds(key: str) -> list[int]:
    return [int(s) for s in np.random.SeedSequence(list(key.encode())).generate_state(COUNT)]


@pytest.fixture(scope="module")
def cases() -> tuple[bytes, list[str]]:
    return bundle_of([(key, _seeds(key)) for key in KEYS])


@pytest.fixture(scope="module")
def program(cases, tmp_path_factory) -> NativeProgram:
    arm64.need_qemu()
    return arm64.built(cases[0], tmp_path_factory.mktemp("cases"), LABELS - _SECOND)


@pytest.fixture(scope="module")
def second_program(tmp_path_factory) -> NativeProgram:
    """The sums again, by the kernel that the first program has for few of them."""
    arm64.need_qemu()
    return arm64.built(_sums()[0], tmp_path_factory.mktemp("sums"), _SECOND)


def test_every_neon_kernel_has_cases(program: NativeProgram, second_program: NativeProgram) -> None:
    layers = (*program.layers, *second_program.layers)
    assert {layer.kernel.label for layer in layers if layer.kernel} >= LABELS


@pytest.mark.parametrize("core", arm64.CORES)
def test_exact_on_the_emulated_core(core: str, cases, program: NativeProgram) -> None:
    _check(core, *cases, program)


def test_sums_are_exact_step_by_step(second_program: NativeProgram) -> None:
    _check("cortex-a53", *_sums(), second_program)


def _sums() -> tuple[bytes, list[str]]:
    return bundle_of([(key, _seeds(key)) for key in ("ADD", "SUB")])


def _check(core: str, content: bytes, owners: list[str], program: NativeProgram) -> None:
    inputs = random_inputs(content, 4)
    expected = reference_outputs(content, inputs)
    for row, wanted in zip(arm64.outputs_on(program.path, core, inputs, expected), expected, strict=True):
        for owner, got, want in zip(owners, row, wanted, strict=True):
            np.testing.assert_allclose(got, want, **tolerance(want.dtype), err_msg=owner)
