"""Masked and shrunk models compute the same, and what cannot be followed is kept with a reason."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeprune.models.compare import largest_difference
from edgeprune.models.functional import clone
from edgeprune.models.tensorflow import keras, tensorflow
from edgeprune.prune.channels.allocation import keep_fraction
from edgeprune.prune.channels.cost import Cost
from edgeprune.prune.channels.groups import analyse
from edgeprune.prune.channels.importance import Importance
from edgeprune.prune.channels.structure import Keep, Structure, mask
from edgeprune.prune.channels.surgery import shrink
from edgeprune.prune.channels.verify import TOLERANCE

tf = tensorflow()
layers = keras().layers
SHAPE = (8, 8, 3)


def randomise(model: Any, seed: int = 0) -> Any:
    """Give every weight, BN statistics and biases included, values that matter."""
    rng = np.random.default_rng(seed)
    for layer in model.layers:
        layer.set_weights(
            [
                (rng.uniform(0.5, 1.5, w.shape) if "variance" in v.name else rng.normal(0, 0.5, w.shape)).astype("f4")
                for v, w in zip(layer.weights, layer.get_weights(), strict=True)
            ]
        )
    return model


def masked_like_tfmot(model: Any, structure: Structure, keep: Keep) -> Any:
    """A copy whose kernels are zero where a channel goes: what TF-MOT's wrappers can mask."""
    copy = clone(model)
    for layer in copy.layers:
        axes = structure.layers[layer.name].weights if layer.name in structure.layers else ()
        if not axes or type(layer).__name__ in ("BatchNormalization", "PReLU", "DepthwiseConv2D"):
            continue
        values = []
        for variable, value, where in zip(layer.weights, layer.get_weights(), axes, strict=True):
            prunable = any(k in variable.name for k in ("kernel", "embeddings")) and "depthwise" not in variable.name
            values.append(value * mask(value.shape, where, keep) if prunable else value)
        layer.set_weights(values)
    return copy


def sequential() -> Any:
    x = i = keras().Input(SHAPE)
    x = layers.ReLU(6.0)(layers.BatchNormalization()(layers.Conv2D(12, 3, padding="same")(x)))
    x = layers.Activation("sigmoid")(layers.Conv2D(10, 3, strides=2)(layers.ZeroPadding2D(1)(x)))
    x = layers.MaxPooling2D()(x)
    return keras().Model(i, layers.Dense(4, activation="softmax")(layers.GlobalAveragePooling2D()(x)))


def residual() -> Any:
    i = keras().Input(SHAPE)
    a = layers.BatchNormalization()(layers.Conv2D(8, 1)(i))
    b = layers.Conv2D(8, 3, padding="same", activation="sigmoid")(layers.Conv2D(12, 1, activation="relu")(a))
    x = layers.ReLU()(layers.Add()([a, b]))
    gate = layers.Dense(8, activation="sigmoid")(layers.Dense(4, activation="relu")(layers.GlobalAveragePooling2D()(x)))
    x = layers.Multiply()([x, layers.Reshape((1, 1, 8))(gate)])
    return keras().Model(i, layers.Dense(3)(layers.Flatten()(x)))


def concat() -> Any:
    i = keras().Input(SHAPE)
    a, b = layers.Conv2D(8, 1, activation="relu")(i), layers.Conv2D(12, 3, padding="same")(i)
    x = layers.BatchNormalization()(layers.Concatenate()([a, b]))
    x = layers.Conv2D(8, 3, activation="tanh")(x)
    return keras().Model(i, layers.Conv2DTranspose(2, 2)(layers.Conv2DTranspose(8, 2)(x)))


def depthwise() -> Any:
    i = keras().Input(SHAPE)
    x = layers.Conv2D(8, 3)(i)
    x = layers.ReLU(6.0)(layers.BatchNormalization()(layers.DepthwiseConv2D(3, depth_multiplier=2)(x)))
    x = layers.PReLU(shared_axes=[1, 2])(layers.Conv2D(8, 1)(x))
    x = layers.SeparableConv2D(12, 3, depth_multiplier=2, activation="relu")(x)
    return keras().Model(i, layers.Dense(3)(layers.GlobalMaxPooling2D()(x)))


def flatten() -> Any:
    i = keras().Input(SHAPE)
    x = layers.Flatten()(layers.Conv2D(8, 3, strides=2, activation="sigmoid")(i))
    x = layers.Dense(12, activation="relu")(x)
    return keras().Model(i, layers.Dense(5, activation="softmax")(layers.Reshape((4, 3))(x)))


def operators() -> Any:
    i = keras().Input(SHAPE)
    x = layers.Conv2D(8, 3)(i)
    x = x * (tf.nn.relu6(x + 3.0) / 6.0)
    return keras().Model(i, layers.Dense(3)(layers.GlobalAveragePooling2D(keepdims=True)(x)))


def recurrent() -> Any:
    i = keras().Input((6, 5))
    x = layers.LSTM(8, return_sequences=True)(layers.Conv1D(8, 3, padding="same")(i))
    return keras().Model(i, layers.Dense(3)(layers.GRU(8)(x)))


def shared() -> Any:
    i = keras().Input(SHAPE)
    first, twice, norm = layers.Conv2D(8, 3, padding="same"), layers.Conv2D(8, 3, padding="same"), None
    norm = layers.BatchNormalization()
    x = norm(twice(norm(twice(first(i)))))
    return keras().Model(i, layers.Dense(3)(layers.GlobalAveragePooling2D()(x)))


FAMILIES: list[Callable[[], Any]] = [
    sequential, residual, concat, depthwise, flatten, operators, recurrent, shared,
]  # fmt: skip


@pytest.mark.parametrize("build", FAMILIES, ids=lambda f: f.__name__)
def test_removal_is_exact(build: Callable[[], Any]) -> None:
    model = randomise(build())
    structure = analyse(model)
    assert structure.removable
    keep = keep_fraction(model, structure, 0.5, Importance.L1)
    before = [w.copy() for w in model.get_weights()]
    small = shrink(model, structure, keep)
    masked = masked_like_tfmot(model, structure, keep)
    assert small.count_params() < model.count_params()
    assert largest_difference(masked, small) <= TOLERANCE
    assert largest_difference(model, small) > TOLERANCE, "nothing of weight was removed, so the test shows nothing"
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


@pytest.mark.parametrize("build", FAMILIES, ids=lambda f: f.__name__)
def test_cost_before_removal_tells_cost_after(build: Callable[[], Any]) -> None:
    model = randomise(build())
    structure = analyse(model)
    keep = keep_fraction(model, structure, 0.4, Importance.L2)
    small = shrink(model, structure, keep)
    cost, small_structure = Cost.of(model, structure), analyse(small)
    small_cost = Cost.of(small, small_structure)
    assert cost.parameters(structure.keep_all()) == model.count_params()
    assert cost.parameters(keep) == small.count_params()
    assert cost.macs(keep) == small_cost.macs(small_structure.keep_all())


def test_macs_of_known_layers() -> None:
    i = keras().Input((10, 10, 3))
    x = layers.Conv2D(4, 3)(i)  # 8 x 8 x 4 x 27
    x = layers.DepthwiseConv2D(3, strides=2, padding="same")(x)  # 4 x 4 x 4 x 9
    x = layers.Conv2D(6, 3, groups=2)(x)  # 2 x 2 x 6 x 18
    model = keras().Model(i, layers.Dense(5)(layers.Flatten()(x)))  # 24 x 5
    structure = analyse(model)
    assert Cost.of(model, structure).macs(structure.keep_all()) == 6912 + 576 + 432 + 120


@settings(max_examples=12, deadline=None)
@given(
    widths=st.lists(st.integers(2, 9), min_size=2, max_size=4),
    kinds=st.lists(st.sampled_from(["conv", "depthwise", "residual", "concat", "separable"]), min_size=4, max_size=4),
    head=st.sampled_from(["flatten", "pool"]),
    fraction=st.floats(0.2, 0.9),
    seed=st.integers(0, 99),
)
def test_removal_is_exact_on_random_models(
    widths: list[int], kinds: list[str], head: str, fraction: float, seed: int
) -> None:
    i = keras().Input((6, 6, 2))
    x = layers.Conv2D(6, 1)(i)
    for width, kind in zip(widths, kinds, strict=False):
        if kind == "conv":
            x = layers.Conv2D(width, 3, padding="same", activation="relu")(x)
        elif kind == "depthwise":
            x = layers.BatchNormalization()(layers.DepthwiseConv2D(3, padding="same", depth_multiplier=2)(x))
        elif kind == "separable":
            x = layers.SeparableConv2D(width, 3, padding="same", activation="sigmoid")(x)
        elif kind == "residual":
            x = layers.Add()([x, layers.Conv2D(x.shape[-1], 1, activation="relu")(x)])
        else:
            x = layers.Concatenate()([x, layers.BatchNormalization()(layers.Conv2D(width, 1)(x)), x])
    x = layers.Flatten()(x) if head == "flatten" else layers.GlobalAveragePooling2D()(x)
    model = randomise(keras().Model(i, layers.Dense(3)(x)), seed)
    structure = analyse(model)
    keep = keep_fraction(model, structure, fraction, Importance.L1)
    masked = masked_like_tfmot(model, structure, keep)
    assert largest_difference(masked, shrink(model, structure, keep)) <= TOLERANCE


def reasons(model: Any) -> dict[str, str]:
    return {group.name: "; ".join(group.kept_because) for group in analyse(model).groups}


def test_barriers_are_reported_with_their_reason() -> None:
    i = keras().Input(SHAPE)
    x = layers.Conv2D(8, 3, name="before_norm")(i)
    x = layers.LayerNormalization(name="norm")(x)
    x = layers.Conv2D(8, 3, name="before_groups")(x)
    x = layers.GroupNormalization(1, name="all")(x)
    x = layers.Conv2D(8, 1, activation="softmax", name="mixing")(x)
    x = layers.Conv2D(8, 1, name="before_lambda")(x)
    x = layers.Lambda(lambda t: tf.reverse(t, [-1]), name="custom")(x)
    x = layers.Conv2D(8, 1, name="free")(x)
    why = reasons(keras().Model(i, layers.Conv2D(2, 1, name="last")(x)))
    assert "norm (LayerNormalization)" in why["before_norm"]
    assert "all (GroupNormalization)" in why["before_groups"]
    assert "softmax" in why["mixing"]
    assert "custom (Lambda)" in why["before_lambda"]
    assert "output" in why["last"]
    assert why["free"] == ""


def test_a_residual_with_the_input_is_kept() -> None:
    i = keras().Input((8, 8, 4))
    x = layers.Add()([i, layers.Conv2D(4, 3, padding="same", name="tied")(i)])
    why = reasons(keras().Model(i, layers.Dense(2)(layers.GlobalAveragePooling2D()(x))))
    assert "input" in why["tied"]


def test_residual_branches_share_one_group() -> None:
    structure = analyse(residual())
    assert any(len(group.producers) == 3 and group.size == 8 for group in structure.removable)
