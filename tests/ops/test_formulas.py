"""Formulas that kernels compute instead of the reference's steps: found for ordinary parameters, and exact."""

from __future__ import annotations

import numpy as np
import pytest

from edgeprune.ops.arithmetic import quantize_multiplier, requantize
from edgeprune.ops.elementwise import EVERY_INT8, FRACTION_BITS, broadcast, fit_affine
from edgeprune.ops.pooled import MOST_TAPS, fit_average


def _evaluate(factors: tuple[int, ...], offset: int) -> np.ndarray:
    shares = [(factor * EVERY_INT8) >> 8 for factor in factors]
    total = shares[0] if len(shares) == 1 else shares[0][:, None] + shares[1][None, :]
    return (total + offset) >> FRACTION_BITS


@pytest.mark.parametrize("seed", range(20))
def test_a_sum_is_an_affine_function_of_two_values(seed: int) -> None:
    random = np.random.default_rng(seed)
    scales = np.exp(random.uniform(-2, 0, 2))
    scale_out = float(scales.max() * np.exp(random.uniform(-0.5, 1)))
    zeros = random.integers(-128, 128, 3)
    common = 2 * float(scales.max())
    parts = [quantize_multiplier(float(scale) / common) for scale in scales]
    first, second = (
        requantize((EVERY_INT8 - zero) << 20, part.mantissa, part.shift)
        for zero, part in zip(zeros[:2], parts, strict=True)
    )
    total = quantize_multiplier(common / (scale_out * (1 << 20)))
    outputs = requantize(first[:, None] + second[None, :], total.mantissa, total.shift) + zeros[2]
    low, high = sorted(int(v) for v in random.choice(np.arange(-128, 128), 2, replace=False))
    slopes = float(scales[0]) / scale_out, float(scales[1]) / scale_out
    found = fit_affine(outputs.clip(low, high), slopes, low, high)
    assert found is not None
    np.testing.assert_array_equal(_evaluate(found.factors, found.offset).clip(low, high), outputs.clip(low, high))


def test_a_function_that_is_not_affine_has_no_fit() -> None:
    assert fit_affine(EVERY_INT8 * EVERY_INT8 >> 7, (1.0,), -128, 127) is None


def test_outputs_that_the_clamp_makes_equal_fit() -> None:
    found = fit_affine(np.full(256, 127, np.int64), (0.5,), 127, 127)
    assert found is not None


@pytest.mark.parametrize("taps", [1, 2, 3, 4, 9, 16, 49, 64, 100, 125, 144, 254, MOST_TAPS])
def test_every_sum_is_divided_as_the_reference_does(taps: int) -> None:
    def divided(sums: np.ndarray) -> np.ndarray:
        return np.sign(sums) * ((np.abs(sums) + taps // 2) // taps)

    found = fit_average(taps, 1 / taps, divided, (-128, 127))
    assert found is not None
    sums = np.arange(-128 * taps, 127 * taps + 1, dtype=np.int64)
    moved = sums - found.away * (sums < 0)
    assert np.abs(moved).max() <= 1 << 15
    values = (((found.factor * moved) >> 16) + found.offset) >> 14
    np.testing.assert_array_equal(values.clip(-128, 127), divided(sums))


def test_more_taps_than_16_bits_hold_have_no_average() -> None:
    assert fit_average(MOST_TAPS + 1, 1.0, lambda sums: sums, (-128, 127)) is None


@pytest.mark.parametrize(
    ("first", "second", "extents", "rows"),
    [
        ((2, 3, 4), (2, 3, 4), 24, 1),
        ((2, 3, 4), (4,), 4, 6),
        ((2, 3, 4), (), 24, 1),
        ((2, 3, 1), (2, 1, 4), 4, 6),
        ((1, 1), (1, 1), 1, 1),
    ],
)
def test_dimensions_that_step_alike_are_one(first: tuple, second: tuple, extents: int, rows: int) -> None:
    found = broadcast(first, second)
    assert found.extents[-1] == extents
    assert found.rows == rows
