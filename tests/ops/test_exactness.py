"""Every kernel, compiled and run, equals TFLite's reference kernel bit by bit.

Compiling takes far longer than running, so one build carries several operators, each with one of
its kernels; as many rounds follow as operators have kernels.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass

import numpy as np
import pytest

from edgeprune import ops
from edgeprune.targets import Extension
from support.device import core_for, run_on_core
from support.host import compile_on_host, host_toolchains, run_on_host
from support.operator_cases import CASES, bundle_of
from support.reference import random_inputs, reference_outputs, tolerance

#: Random uses of each operator with each of its kernels; raise it for a longer soak.
COUNT = int(os.environ.get("EDGEPRUNE_OPERATOR_CASES", "16"))
_ON_CORE = max(6, COUNT // 20)
_TOGETHER = 8


@dataclass(frozen=True)
class Round:
    """Operators that are built together: keys of `CASES`, each with the label of one kernel."""

    pairs: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        return ",".join(f"{key}:{label}" for key, label in self.pairs)

    @property
    def labels(self) -> frozenset[str]:
        """The kernels that are taken wherever they can run."""
        return frozenset(label for _, label in self.pairs)

    def bundle(self, count: int) -> tuple[bytes, list[str]]:
        """So many cases of each operator in a model, and the case of each output."""
        return bundle_of([(key, _seeds(key, count)) for key, _ in self.pairs])


def _split(key: str) -> tuple[str, tuple[str, ...]]:
    """Operator and types of its typed input that a key of `CASES` names."""
    name, *types = key.split()
    return name, tuple(types) or ("int8",)


def _labels(key: str) -> list[str]:
    """The kernels that may run a key's cases; a view has none.  Those of phones are test_exact_on_arm64's."""
    name, types = _split(key)
    fitting = (k for k in ops.operators()[name].kernels if Extension.NEON not in k.needs)
    return [k.label for k in fitting if set(types) & set(k.types)] or ["view"]


def _rounds(together: int) -> list[Round]:
    """All keys with all their kernels; what is built together runs on the same core."""
    by_core: dict[tuple[int, str], list[tuple[str, str]]] = {}
    for key in sorted(CASES):
        for number, label in enumerate(_labels(key)):
            by_core.setdefault((number, core_for(label).cpu.core), []).append((key, label))
    return [
        Round(tuple(pairs[start : start + together]))
        for pairs in by_core.values()
        for start in range(0, len(pairs), together)
    ]


def _seeds(key: str, count: int) -> list[int]:
    return [int(s) for s in np.random.SeedSequence(list(key.encode())).generate_state(count)]


def test_every_operator_has_cases_of_every_type() -> None:
    anything = {"ASSIGN_VARIABLE"}  # copies bytes of whatever type
    types = {name: ("int8",) if name in anything else op.types or ("int8",) for name, op in ops.operators().items()}
    wanted = {(name, dtype) for name, listed in types.items() for dtype in listed}
    assert {(name, dtype) for name, listed in map(_split, CASES) for dtype in listed} >= wanted


def _check(owners: list[str], results: list[list[np.ndarray]], expected: list[list[np.ndarray]]) -> None:
    for row, wanted in zip(results, expected, strict=True):
        for owner, got, want in zip(owners, row, wanted, strict=True):
            np.testing.assert_allclose(got, want, **tolerance(want.dtype), err_msg=owner)


@pytest.mark.parametrize("together", _rounds(_TOGETHER), ids=str)
def test_exact_on_the_host(together: Round, tmp_path) -> None:
    content, owners = together.bundle(COUNT)
    inputs = random_inputs(content, 8)
    expected = reference_outputs(content, inputs)
    program = compile_on_host(content, tmp_path, host_toolchains()[-1], kernels=together.labels)
    _check(owners, run_on_host(program, inputs, expected), expected)


@pytest.mark.parametrize("toolchain", ["zig", "gcc"])
@pytest.mark.parametrize("together", _rounds(_TOGETHER), ids=str)
def test_exact_on_the_emulated_core(together: Round, toolchain: str, tmp_path) -> None:
    if toolchain == "gcc" and not shutil.which("arm-none-eabi-gcc"):
        pytest.skip("arm-none-eabi-gcc is not installed")
    content, owners = together.bundle(_ON_CORE)
    inputs = random_inputs(content, 3)
    expected = reference_outputs(content, inputs)
    _check(owners, run_on_core(content, inputs, expected, tmp_path, together.labels, toolchain=toolchain), expected)
