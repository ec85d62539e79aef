"""Rules of zeros reach the asked share in the asked pattern, and kernels lie as the .tflite file holds them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeprune.errors import UserError
from edgeprune.models.tensorflow import keras
from edgeprune.prune.policy import LayerRule
from edgeprune.prune.weights.kernels import find_kernels
from edgeprune.prune.weights.layout import PLACES, Layout
from edgeprune.prune.weights.rules import Blocks, MaskRule, NOfM, Unstructured, ramp


@st.composite
def matrices(draw: st.DrawFn) -> np.ndarray:
    """Weights of any size, some of them zero and some equal."""
    outputs, reduction = draw(st.integers(1, 19)), draw(st.integers(1, 40))
    rng = np.random.default_rng(draw(st.integers(0, 2**31)))
    rows = rng.normal(size=(outputs, reduction)).round(draw(st.integers(0, 3)))
    return (rows * (rng.random(rows.shape) > draw(st.floats(0, 0.9)))).astype(np.float32)


@st.composite
def rules(draw: st.DrawFn) -> MaskRule:
    share = draw(st.floats(0.01, 0.99))
    m = draw(st.integers(2, 17))
    return draw(
        st.sampled_from(
            [
                Unstructured(share),
                NOfM(draw(st.integers(1, m - 1)), m),
                Blocks(draw(st.integers(1, 5)), draw(st.integers(2, 16)), share),
            ]
        )
    )


def groups_hold(keep: np.ndarray, n: int, m: int) -> bool:
    """Counted one by one, from the definition."""
    return all(
        np.count_nonzero(row[start : start + m]) <= n * len(row[start : start + m]) // m
        for row in keep
        for start in range(0, len(row), m)
    )


def share_of_empty_blocks(keep: np.ndarray, height: int, width: int) -> float:
    empty = 0
    for top in range(0, keep.shape[0], height):
        for left in range(0, keep.shape[1], width):
            block = keep[top : top + height, left : left + width]
            empty += block.size * (not block.any())
    return empty / keep.size


@given(matrices(), rules())
@settings(max_examples=150, deadline=None)
def test_the_share_is_reached_in_the_pattern(rows: np.ndarray, rule: MaskRule) -> None:
    keep = rule.mask(rows)
    if isinstance(rule, NOfM):
        assert groups_hold(keep, rule.n, rule.m)
    if isinstance(rule, Blocks):
        assert share_of_empty_blocks(keep, rule.height, rule.width) >= rule.share - 1e-6
    assert np.mean(~keep) >= rule.wanted(*rows.shape) - 1e-6
    assert rule.zeros(rows * keep) >= rule.wanted(*rows.shape) - 1e-6
    fewer = rule.mask(rows, 0.5)
    assert np.mean(~fewer) <= np.mean(~keep)
    assert not (rule.mask(rows * fewer) & ~fewer & (rows != 0)).any() or isinstance(rule, Blocks)


@given(matrices(), st.integers(1, 3))
@settings(max_examples=40, deadline=None)
def test_the_largest_weights_stay(rows: np.ndarray, n: int) -> None:
    keep = Unstructured(0.5).mask(rows)
    if keep.any():
        assert np.abs(rows[keep]).min() >= np.abs(rows[~keep]).max()
    assert np.count_nonzero(~keep) == -(-rows.size // 2)
    for row, kept in zip(rows, NOfM(n, 4).mask(rows), strict=True):
        for start in range(0, len(row) - 3, 4):
            group, stays = np.abs(row[start : start + 4]), kept[start : start + 4]
            assert np.count_nonzero(stays) == n
            assert group[stays].min() >= group[~stays].max()


def test_decimal_shares_are_taken_as_written() -> None:
    rows = np.arange(1, 1001, dtype=np.float32).reshape(10, 100)
    assert [np.count_nonzero(~Unstructured(share).mask(rows)) for share in (0.7, 0.1, 0.3, 0.9)] == [700, 100, 300, 900]


def test_the_way_is_steep_first_and_ends_whole() -> None:
    assert (ramp(-1), ramp(0), ramp(1), ramp(2)) == (0, 0, 1, 1)
    assert ramp(0.5) == pytest.approx(0.875)


@pytest.mark.parametrize("text", ["4:4", "0:4", "2-4", "2:", 7, "-1:4", "2:4:8"])
def test_no_pattern(text: object) -> None:
    with pytest.raises(UserError, match="2:4"):
        NOfM.parse(text)


@pytest.mark.parametrize("text", ["1x1", "0x4", "4", "x4", "1x-4"])
def test_no_block(text: str) -> None:
    with pytest.raises(UserError, match="1x4"):
        Blocks.parse(text, 0.5)


@pytest.mark.parametrize(("shape", "layout"), [((3, 2, 5, 4), Layout((2, 3))), ((3, 4, 5), Layout((1,)))])
def test_rows_and_back(shape: tuple[int, ...], layout: Layout) -> None:
    kernel = np.random.default_rng(0).normal(size=shape)
    np.testing.assert_array_equal(layout.kernel(layout.rows(kernel), shape), kernel)


def model_of_all_kinds() -> object:
    k = keras()
    layers = k.layers
    i = k.Input((8, 8, 4))
    x = layers.Conv2D(8, 3, padding="same", name="conv")(i)
    x = layers.DepthwiseConv2D(3, padding="same", name="dw")(x)
    x = layers.SeparableConv2D(8, 3, padding="same", name="separable")(x)
    x = layers.Conv2DTranspose(6, 2, name="up")(x)
    x = layers.Reshape((81, 6), name="steps")(x)
    x = layers.LSTM(6, name="lstm", return_sequences=True)(layers.Conv1D(5, 4, name="conv1d")(x))
    return k.Model(i, layers.Dense(3, name="classes")(layers.GRU(7, name="gru")(x)))


def test_policy_and_its_exceptions() -> None:
    model = model_of_all_kinds()
    found = {(kernel.layer, kernel.weight) for kernel in find_kernels(model, NOfM(2, 4))}
    recurrent = {(name, number) for name in ("lstm", "gru") for number in (0, 1)}
    usual = {("conv", 0), ("separable", 1), ("up", 0), ("conv1d", 0), ("classes", 0)} | recurrent
    assert found == usual
    rules = (LayerRule("*", 0.5), LayerRule("conv*", "skip"), LayerRule("dw", 0.25))
    kernels = {kernel.layer: kernel for kernel in find_kernels(model, Unstructured(0.9), rules)}
    assert kernels.keys() == {"separable", "up", "lstm", "gru", "classes", "dw"}
    assert kernels["dw"].rule == Unstructured(0.25)
    assert kernels["up"].rule == Unstructured(0.5)
    assert "conv1d" not in {k.layer for k in find_kernels(model, Blocks(1, 25, 0.5))}
    for kernel in kernels.values():
        value = kernel.value(model)
        assert kernel.layout in {place.layout for places in PLACES.values() for place in places}
        assert kernel.zeros(value * kernel.mask(value)) >= kernel.wanted(value)


def test_rules_that_match_nothing_or_say_nothing() -> None:
    model = model_of_all_kinds()
    with pytest.raises(UserError, match=r"no layer .* 'clases'; the closest name is 'classes'"):
        find_kernels(model, Unstructured(0.5), (LayerRule("clases", 0.5),))
    with pytest.raises(UserError, match="no share"):
        find_kernels(model, Unstructured(0.5), (LayerRule("classes", 1.5),))
    with pytest.raises(UserError, match="no layer has a kernel"):
        find_kernels(model, Unstructured(0.5), (LayerRule("*", "skip"),))
