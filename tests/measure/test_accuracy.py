"""Intervals against published values and against their definition."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeprune.measure.accuracy import accuracy, accuracy_change


def flags(correct: int, total: int) -> np.ndarray:
    return np.arange(total) < correct


def test_wilson_interval_of_a_known_case() -> None:
    # Newcombe, Statistics in Medicine 17 (1998), table I: 81 of 263.
    found = accuracy(flags(81, 263))
    assert (found.low, found.high) == pytest.approx((0.2553, 0.3662), abs=1e-4)


def test_paired_difference_of_a_known_case() -> None:
    before = np.array([True] * 90 + [False] * 10)
    after = before.copy()
    after[:6] = False  # six lost
    after[90:92] = True  # two gained
    change = accuracy_change(before, after)
    assert change.points == pytest.approx(-4.0)
    error = 1.959964 * np.sqrt(8 - 16 / 100) / 100
    assert (change.low, change.high) == pytest.approx((-4 - 100 * error, -4 + 100 * error), abs=1e-3)
    assert change.p_value == pytest.approx(0.2890625)  # two-sided binomial, 2 of 8


def test_equal_answers_do_not_differ() -> None:
    change = accuracy_change(flags(5, 9), flags(5, 9))
    assert (change.points, change.p_value) == (0.0, 1.0)


@given(st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_holds_the_share(case: tuple[int, int]) -> None:
    found = accuracy(flags(*case))
    assert 0 <= found.low <= found.value + 1e-12
    assert found.value <= found.high + 1e-12 <= 1 + 2e-12
