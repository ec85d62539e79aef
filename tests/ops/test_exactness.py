"""Every operator, compiled and run, equals TFLite's reference kernel bit by bit."""

from __future__ import annotations

import os

import numpy as np
import pytest

from edgeprune import ops
from support.host import compile_on_host, host_toolchains, run_on_host
from support.operator_cases import CASES, bundle
from support.reference import random_inputs, reference_outputs

#: Random uses of each operator per build; raise it for a longer soak.
COUNT = int(os.environ.get("EDGEPRUNE_OPERATOR_CASES", "40"))


def test_every_operator_has_cases() -> None:
    assert set(CASES) == set(ops.operators())


@pytest.mark.parametrize("dsp", [True, False], ids=["dsp", "plain"])
@pytest.mark.parametrize("toolchain", host_toolchains(), ids=lambda t: t.name)
@pytest.mark.parametrize("name", sorted(CASES))
def test_exact(name: str, toolchain, dsp: bool, tmp_path) -> None:
    seeds = [int(s) for s in np.random.SeedSequence([dsp, len(toolchain.name)]).generate_state(COUNT)]
    content = bundle(name, seeds)
    inputs = random_inputs(content, 8)
    expected = reference_outputs(content, inputs)
    program = compile_on_host(content, tmp_path, toolchain, dsp)
    for row, wanted in zip(run_on_host(program, inputs, expected), expected, strict=True):
        for seed, got, want in zip(seeds, row, wanted, strict=True):
            np.testing.assert_array_equal(got, want, err_msg=f"{name}, seed {seed}")
