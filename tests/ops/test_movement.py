"""Copies on a core that loads words from odd addresses; the other tests run these kernels on a Cortex-M0+."""

from __future__ import annotations

import numpy as np
import pytest

from support.device import run_on_core
from support.operator_cases import bundle, movement
from support.reference import random_inputs, reference_outputs, tolerance

_OPERATORS = (
    "CONCATENATION",
    "GATHER",
    "PAD",
    "RESIZE_BILINEAR",
    "SPACE_TO_DEPTH",
    "SPLIT",
    "STRIDED_SLICE",
    "TRANSPOSE",
)


@pytest.mark.parametrize("key", [key for key in movement.CASES if key.split()[0] in _OPERATORS])
def test_exact_where_words_need_no_alignment(key: str, tmp_path) -> None:
    content = bundle(key, list(range(12)))
    inputs = random_inputs(content, 2)
    expected = reference_outputs(content, inputs)
    for row, wanted in zip(run_on_core(content, inputs, expected, tmp_path), expected, strict=True):
        for got, want in zip(row, wanted, strict=True):
            np.testing.assert_allclose(got, want, **tolerance(want.dtype))
