"""Every kernel, compiled and run, equals TFLite's reference kernel bit by bit."""

from __future__ import annotations

import os

import numpy as np
import pytest

from edgeprune import ops
from support.device import run_on_core
from support.host import compile_on_host, host_toolchains, run_on_host
from support.operator_cases import CASES, bundle, output_seeds
from support.reference import random_inputs, reference_outputs, tolerance

#: Random uses of each operator per build; raise it for a longer soak.
COUNT = int(os.environ.get("EDGEPRUNE_OPERATOR_CASES", "40"))
_ON_CORE = 6


def _split(key: str) -> tuple[str, tuple[str, ...]]:
    """Operator and types of its typed input that a key of `CASES` names."""
    name, *types = key.split()
    return name, tuple(types) or ("int8",)


def _kernels() -> list[tuple[str, str]]:
    """Every key with every kernel that may run it; a view has none."""
    found = []
    for key in sorted(CASES):
        name, types = _split(key)
        labels = [kernel.label for kernel in ops.operators()[name].kernels if set(types) & set(kernel.types)]
        found += [(key, label) for label in labels or ["view"]]
    return found


def _seeds(key: str, count: int) -> list[int]:
    return [int(s) for s in np.random.SeedSequence(list(key.encode())).generate_state(count)]


def test_every_operator_has_cases_of_every_type() -> None:
    anything = {"ASSIGN_VARIABLE"}  # copies bytes of whatever type
    types = {name: ("int8",) if name in anything else op.types or ("int8",) for name, op in ops.operators().items()}
    wanted = {(name, dtype) for name, listed in types.items() for dtype in listed}
    assert {(name, dtype) for name, listed in map(_split, CASES) for dtype in listed} >= wanted


def _check(key: str, seeds: list[int], results: list[list[np.ndarray]], expected: list[list[np.ndarray]]) -> None:
    owners = output_seeds(key, seeds)
    for row, wanted in zip(results, expected, strict=True):
        for seed, got, want in zip(owners, row, wanted, strict=True):
            np.testing.assert_allclose(got, want, **tolerance(want.dtype), err_msg=f"{key}, seed {seed}")


@pytest.mark.parametrize(("key", "label"), _kernels())
def test_exact_on_the_host(key: str, label: str, tmp_path) -> None:
    seeds = _seeds(key, COUNT)
    content = bundle(key, seeds)
    inputs = random_inputs(content, 8)
    expected = reference_outputs(content, inputs)
    program = compile_on_host(content, tmp_path, host_toolchains()[-1], kernels=frozenset({label}))
    _check(key, seeds, run_on_host(program, inputs, expected), expected)


@pytest.mark.parametrize(("key", "label"), _kernels())
def test_exact_on_the_emulated_core(key: str, label: str, tmp_path) -> None:
    seeds = _seeds(key, _ON_CORE)
    content = bundle(key, seeds)
    inputs = random_inputs(content, 3)
    expected = reference_outputs(content, inputs)
    _check(key, seeds, run_on_core(content, inputs, expected, tmp_path, label), expected)
