"""What is read from a file about its zeros is what one counts by hand."""

from __future__ import annotations

import numpy as np
import pytest

from edgeprune.graph import DType, Graph, Node, Quantization, Tensor
from edgeprune.plan.zeros import most_in_group, share_in_blocks, weight_pattern, weight_rows


def layer(weights: np.ndarray, op: str = "CONV_2D", axis: int = 0, per_channel: bool = True) -> tuple[Graph, Node]:
    count = weights.shape[axis] if per_channel else 1
    scale = Quantization((0.5,) * count, (0,) * count, axis)
    node = Node(op, (0, 1), (2,))
    tensors = (
        Tensor("x", (1, 4), DType.INT8),
        Tensor("w", weights.shape, DType.INT8, scale, weights),
        Tensor("y", (1, 4), DType.INT8),
    )
    return Graph("g", tensors, (node,), (0,), (2,)), node


def drawn(shape: tuple[int, ...], seed: int = 0) -> np.ndarray:
    values = np.random.default_rng(seed).integers(1, 100, shape)
    return values.astype(np.int8)


def test_counts_by_hand() -> None:
    rows = np.array([[1, 0, 0, 0, 0, 0, 0, 0, 3], [0, 0, 0, 0, 2, 2, 0, 2, 0]])
    assert [most_in_group(rows, m) for m in (2, 4, 8)] == [2, 3, 3]
    assert share_in_blocks(rows, 1, 4) == pytest.approx((4 + 4 + 1) / 18)
    assert share_in_blocks(rows, 2, 1) == pytest.approx(8 / 18)
    assert share_in_blocks(rows, 2, 4) == 0


@pytest.mark.parametrize(("n", "m"), [(2, 4), (1, 4), (1, 2), (3, 8), (1, 16), (1, 3)])
def test_the_tightest_n_of_m(n: int, m: int) -> None:
    weights = drawn((6, 4, 12, 16))
    rows = weights.reshape(6, -1, m)
    order = np.random.default_rng(1).random(rows.shape).argsort(-1)
    rows[order >= n] = 0
    found = weight_pattern(*layer(weights))
    assert found is not None
    assert found.n_of_m == f"{n}:{m}"
    assert found.zeros == pytest.approx(1 - n / m)
    weights[3, 0, 0, :] = 1
    broken = weight_pattern(*layer(weights))
    assert broken is not None
    assert broken.n_of_m == ""


@pytest.mark.parametrize(("height", "width"), [(1, 4), (4, 1), (1, 16), (4, 4)])
def test_blocks(height: int, width: int) -> None:
    weights = drawn((16, 64))
    gone = np.random.default_rng(2).random((16 // height, 64 // width)) < 0.5
    weights[gone.repeat(height, 0).repeat(width, 1)] = 0
    weights[0, 5] = 0  # one by chance hides nothing
    found = weight_pattern(*layer(weights, "FULLY_CONNECTED"))
    assert found is not None
    assert found.block == f"{height}x{width}"
    assert found.in_blocks == pytest.approx(gone.mean(), abs=0.01)
    assert f"{height}x{width} blocks" in found.text


def test_scattered_zeros_are_no_pattern() -> None:
    weights = drawn((16, 64)) * (np.random.default_rng(3).random((16, 64)) < 0.5)
    found = weight_pattern(*layer(weights, "FULLY_CONNECTED"))
    assert found is not None
    assert (found.n_of_m, found.block, found.text) == ("", "", "")
    assert found.zeros == pytest.approx(0.5, abs=0.05)


def test_values_are_counted_where_they_share_a_scale() -> None:
    weights = np.random.default_rng(4).choice([-90, 0, 7, 30], (8, 64)).astype(np.int8)
    weights += np.arange(8, dtype=np.int8)[:, None]
    per_channel = weight_pattern(*layer(weights, "FULLY_CONNECTED"))
    whole = weight_pattern(*layer(weights, "FULLY_CONNECTED", per_channel=False))
    assert per_channel is not None
    assert whole is not None
    assert (per_channel.values, whole.values) == (4, len(np.unique(weights)))
    assert per_channel.text == "4 values"


def test_rows_of_depthwise_weights_are_channels() -> None:
    weights = drawn((1, 3, 3, 5))
    graph, node = layer(weights, "DEPTHWISE_CONV_2D", axis=3)
    (rows,) = weight_rows(graph, node)
    np.testing.assert_array_equal(rows, weights[0].reshape(9, 5).T)
    assert weight_pattern(*layer(weights, "ADD")) is None
