"""Models of Keras 3: into tf-keras and back, with equal outputs, or a sentence that names the layer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edgeprune.errors import ModelError
from edgeprune.models import adopt, load, save
from edgeprune.models.compare import random_inputs, worst_difference
from edgeprune.models.keras3 import configs, keras3, to_keras2, to_keras3
from edgeprune.models.tensorflow import keras, tensorflow

k = keras3()
ls, ops = k.layers, k.ops
flatten = tensorflow().nest.flatten


def model(shape: tuple[int, ...], layers: Callable[[Any], Any], dtype: str = "float32") -> Any:
    i = k.Input(shape, dtype=dtype)
    made = k.Model(i, layers(i))
    rng = np.random.default_rng(0)
    for weight in made.weights:
        if len(weight.shape) == 1 and weight.dtype == "float32" and "norm" not in weight.path:  # biases are 0 at first
            weight.assign(np.asarray(weight) + 0.1 * np.abs(rng.standard_normal(weight.shape)))
    return made


def difference(original: Any, two: Any, back: Any) -> float:
    """The larger of both ways' differences, on the inputs that edgeprune itself compares with."""
    inputs = random_inputs(two, seed=7)
    feed = inputs[0] if len(inputs) == 1 else inputs
    wanted = flatten(original(feed, training=False))
    return max(worst_difference(wanted, flatten(m(feed, training=False))) for m in (two, back))


IMAGE = (8, 8, 4)
CASES: dict[str, Callable[[], Any]] = {
    "attention": lambda: model((5, 4), lambda x: ls.LayerNormalization()(ls.MultiHeadAttention(2, 3)(x, x))),
    "time": lambda: model((3, *IMAGE), ls.TimeDistributed(ls.Conv2D(2, 3, activation="silu"))),
    "bidirectional": lambda: model((5, 3), ls.Bidirectional(ls.GRU(3), merge_mode="sum")),
    "cells": lambda: model((4, 3), ls.RNN([ls.LSTMCell(4), ls.GRUCell(3)])),
    "masked": lambda: model(
        (5,), lambda x: ls.GlobalAveragePooling1D()(ls.Embedding(9, 3, mask_zero=True)(x)), "int32"
    ),
    "slopes": lambda: model(IMAGE, lambda x: ls.LeakyReLU(0.1)(ls.ELU(0.7)(ls.PReLU(shared_axes=[1, 2])(x)))),
    "groups": lambda: model(IMAGE, lambda x: ls.GroupNormalization(2)(ls.Rescaling(2.0, -1.0)(x))),
    "sizes": lambda: model(IMAGE, lambda x: ls.CenterCrop(4, 5)(ls.Resizing(6, 7)(x))),
    "augmented": lambda: model(IMAGE, lambda x: ls.Conv2D(2, 3)(ls.RandomRotation(0.2)(ls.RandomFlip()(x)))),
    "scaled": lambda: model(IMAGE, lambda x: configs.custom.objects(3)["CustomScaleLayer"](0.3)([x, x * x])),
    "hard": lambda: model((6,), lambda x: ls.Dense(4, activation="hard_silu")(ls.Activation("hard_sigmoid")(x * 6.0))),
    "soft": lambda: model((6,), lambda x: ls.Dense(4, activation="gelu")(ls.Dense(5, activation="relu6")(x))),
    "functions": lambda: model(IMAGE, lambda x: ops.concatenate([x + 1.0, ops.mean(x, axis=-1, keepdims=True)], -1)),
    "shapes": lambda: model(IMAGE, lambda x: ops.transpose(ops.reshape(x, (-1, 8, 32))[:, 1:, ::2], (0, 2, 1)) / 3.0),
    "choice": lambda: model((6,), lambda x: ops.where(x > 0, x, ops.exp(x)) + ops.hard_silu(x) - ops.clip(x, 0, 1)),
    "products": lambda: model((4, 6), lambda x: ops.matmul(ops.einsum("abc,adc->abd", x, x), ops.pad(x, [[0, 0]] * 3))),
}


@pytest.mark.parametrize("name", CASES)
def test_layers_and_functions_come_in_and_go_back(name: str) -> None:
    original = CASES[name]()
    two = to_keras2(original, name)
    assert difference(original, two, to_keras3(two)) < 1e-5


def test_the_layers_that_convnext_keeps_to_itself() -> None:
    from keras.src.applications.convnext import LayerScale, StochasticDepth

    original = model(IMAGE, lambda x: ls.Add()([x, StochasticDepth(0.2)(LayerScale(0.5, 4)(ls.Conv2D(4, 1)(x)))]))
    original.layers[2].gamma.assign([0.1, 0.2, 0.3, 0.4])
    two = to_keras2(original, "convnext")
    assert difference(original, two, to_keras3(two)) < 1e-6


@st.composite
def graphs(draw: st.DrawFn) -> Any:
    """A small functional model: a chain of blocks whose earlier tensors may be joined in again."""
    seen = [k.Input((6, 6, 4))]
    shared = ls.Conv2D(4, 1, padding="same")
    for _ in range(draw(st.integers(1, 5))):
        x = seen[draw(st.integers(0, len(seen) - 1))]
        y = seen[-1]
        made = {
            "conv": lambda x=x: ls.Conv2D(4, 3, padding="same", use_bias=False)(x),
            "shared": lambda x=x: shared(x),
            "depthwise": lambda x=x: ls.ReLU(6.0)(ls.BatchNormalization()(ls.DepthwiseConv2D(3, padding="same")(x))),
            "add": lambda x=x, y=y: ls.Add()([x, y]),
            "gate": lambda x=x, y=y: y * ops.hard_sigmoid(ops.mean(x, axis=(1, 2), keepdims=True)),
            "concat": lambda x=x, y=y: ls.Conv2D(4, 1, activation="swish")(ls.Concatenate()([x, y])),
            "nested": lambda x=x: k.Sequential([k.Input((6, 6, 4)), ls.SeparableConv2D(4, 3, padding="same")])(x),
        }[draw(st.sampled_from(["conv", "shared", "depthwise", "add", "gate", "concat", "nested"]))]()
        seen.append(made)
    return k.Model(seen[0], [ls.Dense(3)(ls.Flatten()(seen[-1])), seen[-1]])


@pytest.mark.filterwarnings("ignore:Do not use the `random` module")  # Keras draws seeds for its layers
@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(original=graphs())
def test_any_small_graph_comes_in_and_goes_back(original: Any) -> None:
    two = to_keras2(original, "graph")
    assert not any(isinstance(layer, keras().Model) for layer in two.layers)
    assert difference(original, two, to_keras3(two)) < 1e-5


def test_inputs_by_name_keep_their_places_in_nested_models() -> None:
    a, b = k.Input((4,), name="a"), k.Input((4,), name="b")
    inner = k.Model({"a": a, "b": b}, {"twice": a * 2.0 - b, "sum": ls.Add()([a, b])})
    first, second = k.Input((4,), name="first"), k.Input((4,), name="second")
    out = inner({"b": first, "a": second})
    original = k.Model([first, second], [out["twice"], out["sum"]])
    two = adopt(original).model
    assert difference(original, two, to_keras3(two)) < 1e-6


def test_half_precision_is_read_as_float32_and_the_users_model_keeps_its_own() -> None:
    original = model(IMAGE, lambda x: ls.Dense(3, dtype="float32")(ls.Conv2D(4, 3, dtype="mixed_float16")(x)))
    two = adopt(original).model
    assert {layer.compute_dtype for layer in two.layers} == {"float32"}
    assert original.layers[1].compute_dtype == "float16"


@pytest.mark.parametrize("last", ["glorot_uniform", "zeros"], ids=["seen in the output", "hidden from it"])
def test_the_first_layer_that_differs_is_named(monkeypatch: pytest.MonkeyPatch, last: str) -> None:
    monkeypatch.setattr(configs, "_RENAMED", {})  # the slope of LeakyReLU gets lost
    layer = ls.Dense(3, kernel_initializer=last)
    original = model((6,), lambda x: layer(ls.LeakyReLU(0.9, name="leaky")(ls.Dense(4)(x))))
    with pytest.raises(ModelError, match=r"layer 'leaky' \(LeakyReLU\) is the first that differs"):
        adopt(original)


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_a_user_of_keras_3_gets_a_keras_3_file(tmp_path: Path, suffix: str) -> None:
    original = model(IMAGE, lambda x: ls.Dense(3, activation="silu")(ls.GlobalAveragePooling2D()(ls.Conv2D(4, 3)(x))))
    original.save(tmp_path / f"in{suffix}")
    loaded = load(tmp_path / f"in{suffix}")
    assert loaded.generation == 3
    saved = save(loaded.derived(loaded.model, "pruned"), tmp_path / f"out{suffix}")
    back = k.models.load_model(saved.source, compile=False)
    assert difference(original, loaded.model, back) < 1e-6
    two = save(loaded, tmp_path / f"two{suffix}", keras=2)
    assert difference(original, keras().models.load_model(two.source, compile=False), back) < 1e-6


def test_an_h5_that_keras_3_cannot_read_back_is_refused(tmp_path: Path) -> None:
    source = adopt(model((6,), lambda x: ls.Dense(3)(x) * 2.0))
    with pytest.raises(ModelError, match=r"\.h5 that it wrote.*choose \.keras"):
        save(source, tmp_path / "out.h5")


def test_what_keras_3_cannot_hold_is_named_and_kept_for_keras_2(tmp_path: Path) -> None:
    i = keras().Input((6,))
    x = tensorflow().math.bessel_i1(keras().layers.Dense(4, name="d")(i))
    source = adopt(keras().Model(i, x))
    with pytest.raises(ModelError, match=r"'tf\.math\.bessel_i1'.*has no counterpart in Keras 3.*out-keras2\.keras"):
        save(source, tmp_path / "out.keras", keras=3)
    assert [p.name for p in tmp_path.iterdir()] == ["out-keras2.keras"]
    assert load(tmp_path / "out-keras2.keras").generation == 2


def test_an_activation_of_keras_2_is_built_anew_in_keras_3() -> None:
    i = keras().Input((6,))
    two = keras().Model(i, keras().layers.Dense(4, activation="hard_sigmoid")(i * 9.0))
    assert difference(two, two, to_keras3(adopt(two).model)) < 1e-6


@pytest.mark.parametrize(
    ("layer", "words"),
    [
        (lambda: ls.RMSNormalization(name="culprit"), "no such layer"),
        (lambda: ls.Lambda(lambda x: x * 2.0, name="culprit"), "code cannot be taken over"),
        (lambda: ls.Dense(3, activation="sparsemax", name="culprit"), "no activation 'sparsemax'"),
        (lambda: ls.Dense(3, dtype="float16", name="culprit"), "float16"),
    ],
)
def test_layers_that_cannot_come_in_are_named(layer: Callable[[], Any], words: str) -> None:
    with pytest.raises(ModelError, match=f"'culprit'.*{words}") as caught:
        adopt(model((6,), layer()))
    assert "\n" not in str(caught.value)
