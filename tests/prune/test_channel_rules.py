"""Rules of the rarer layers and functions, users' own rules, and layers that TF-MOT cannot wrap."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeprune.errors import UserError
from edgeprune.models import Dataset, FloatModel, custom
from edgeprune.models.compare import largest_difference
from edgeprune.models.functional import clone
from edgeprune.models.tensorflow import keras, tensorflow
from edgeprune.prune import ChannelPruning, Training, WeightAxes, prune_channels, register_rule, sized
from edgeprune.prune.channels import rules
from edgeprune.prune.channels.allocation import keep_fraction
from edgeprune.prune.channels.cost import Cost
from edgeprune.prune.channels.groups import analyse
from edgeprune.prune.channels.site import Passage, Site
from edgeprune.prune.channels.surgery import masked, shrink
from edgeprune.prune.channels.verify import TOLERANCE

tf = tensorflow()
k = keras()
layers = k.layers


def randomise(model: Any, seed: int = 0) -> Any:
    rng = np.random.default_rng(seed)
    for layer in model.layers:
        layer.set_weights(
            [
                (rng.uniform(0.5, 1.5, w.shape) if "variance" in v.name else rng.normal(0, 0.5, w.shape)).astype("f4")
                for v, w in zip(layer.weights, layer.get_weights(), strict=True)
            ]
        )
    return model


def check(model: Any, fraction: float = 0.5, seed: int = 0) -> Any:
    """Half the channels go, exactly; returns the smaller model."""
    model = randomise(clone(model), seed)
    structure = analyse(model)
    assert structure.removable
    keep = keep_fraction(model, structure, fraction)
    small = shrink(model, structure, keep)
    assert small.count_params() == Cost.of(model, structure).parameters(keep) < model.count_params()
    assert largest_difference(masked(model, structure, keep), small) <= TOLERANCE
    return small


def image(x: Any = None) -> tuple[Any, Any]:
    i = k.Input((8, 8, 3))
    return i, layers.Conv2D(12, 3, padding="same", activation="relu", name="first")(i)


def vision(body: Callable[[Any], Any]) -> Any:
    i, x = image()
    return k.Model(i, layers.Dense(3, name="last")(layers.GlobalAveragePooling2D()(body(x))))


def series(body: Callable[[Any], Any]) -> Any:
    i = k.Input((6, 4))
    return k.Model(i, layers.Dense(3)(body(layers.Conv1D(8, 3, padding="same", name="first")(i))))


def shuffle(x: Any) -> Any:
    x = layers.Conv2D(12, 1, groups=3)(x)
    x = layers.Permute((1, 2, 4, 3))(layers.Reshape((8, 8, 3, 4))(x))
    return layers.Conv2D(8, 1, groups=2)(layers.Reshape((8, 8, 12))(x))


def halves(x: Any) -> Any:
    a, b = tf.split(layers.Conv2D(16, 1)(x), 2, axis=-1)
    return layers.Conv2D(6, 1)(a * tf.sigmoid(b))


def slices(x: Any) -> Any:
    x = layers.Conv2D(10, 1)(x)
    return tf.concat([layers.Conv2D(4, 1)(x[..., :4]), x[..., 4:]], axis=-1)


def constants(x: Any) -> Any:
    return x * tf.constant(np.linspace(0.1, 2, 12), tf.float32) + np.arange(12, dtype=np.float32)


def functions(x: Any) -> Any:
    x = tf.reshape(tf.transpose(tf.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]]), [0, 2, 1, 3]), (-1, 10, 5, 24))
    x = tf.where(x > 0.1, x, tf.minimum(3.0 - x, 0.2))[:, 1:-1]
    x = layers.Multiply()([x, tf.sigmoid(tf.reduce_mean(x, [1, 2], keepdims=True))])
    return tf.nn.space_to_depth(layers.Conv2D(8, 1, activation=tf.nn.relu6)(x)[:, :4, :4], 2)


def pixels(x: Any) -> Any:
    return layers.Conv2D(4, 3)(tf.nn.depth_to_space(layers.Conv2D(16, 1)(x), 2))


def normalised(x: Any) -> Any:
    x = layers.GroupNormalization(4)(x)
    x = layers.GroupNormalization(-1)(layers.Conv2D(6, 1)(x))
    return layers.LeakyReLU()(layers.PReLU()(layers.LayerNormalization(axis=[1, 2])(layers.Conv2D(8, 1)(x))))


def attention_map(x: Any) -> Any:
    return layers.Multiply()([x, layers.Conv2D(1, 3, padding="same", activation="sigmoid")(x)])


def nets() -> Iterator[Any]:
    bodies = (shuffle, halves, slices, constants, functions, pixels, normalised, attention_map)
    yield from ((body.__name__, vision(body)) for body in bodies)
    yield "bidirectional", series(layers.Bidirectional(layers.GRU(5)))
    yield "summed", series(layers.Bidirectional(layers.SimpleRNN(6), merge_mode="sum"))
    yield "distributed", series(lambda x: layers.Flatten()(layers.TimeDistributed(layers.Dense(8, "tanh"))(x)))
    yield "last_step", series(lambda x: layers.SimpleRNN(8, return_sequences=True)(x)[:, -1])
    yield (
        "upward",
        series(lambda x: layers.Flatten()(layers.Conv1DTranspose(6, 2, strides=2)(layers.DepthwiseConv1D(3)(x)))),
    )
    yield "repeated", series(lambda x: layers.LSTM(6)(layers.RepeatVector(2)(layers.GlobalMaxPooling1D()(x))))
    i = k.Input((5,), dtype="int32")
    yield "embedding", k.Model(i, layers.Dense(2)(layers.GlobalMaxPooling1D()(layers.Embedding(9, 12)(i))))
    i = k.Input((6,))
    x = layers.Reshape((4, 4, 8))(layers.Dense(128, activation="relu")(i))
    yield "generator", k.Model(i, layers.Conv2D(1, 3)(layers.Conv2DTranspose(6, 3, strides=2, activation="relu")(x)))
    i = k.Input((8, 6, 1))
    x = layers.Reshape((6, 8 * 5))(layers.Permute((2, 1, 3))(layers.Conv2D(5, 3, padding="same")(i)))
    yield "crnn", k.Model(i, layers.TimeDistributed(layers.Dense(3))(layers.SimpleRNN(6, return_sequences=True)(x)))
    i = k.Input((3, 8, 8, 1))
    x = layers.TimeDistributed(layers.MaxPooling2D())(layers.TimeDistributed(layers.Conv2D(6, 3))(i))
    x = layers.ConvLSTM2D(4, 2)(layers.TimeDistributed(layers.BatchNormalization())(x))
    yield "video", k.Model(i, layers.Dense(2)(layers.Flatten()(x)))


NETS = dict(nets())


@pytest.mark.parametrize("name", NETS)
def test_removal_is_exact(name: str) -> None:
    structure = analyse(clone(NETS[name]))
    assert not structure.barriers
    check(NETS[name])


@settings(max_examples=5, deadline=None)
@given(
    blocks=st.lists(
        st.sampled_from([shuffle, halves, slices, pixels, attention_map, "residual", "concat"]), min_size=1, max_size=3
    ),
    fraction=st.floats(0.2, 0.9),
    seed=st.integers(0, 99),
)
def test_removal_is_exact_on_random_graphs(blocks: list[Any], fraction: float, seed: int) -> None:
    i, x = image()
    for block in blocks:
        before = layers.Conv2D(12, 3, padding="same", activation="sigmoid")(layers.Resizing(8, 8)(x))
        if block == "residual":
            x = layers.Add()([before, layers.BatchNormalization()(layers.Conv2D(12, 1)(before))])
        elif block == "concat":
            x = layers.Concatenate()([before, layers.DepthwiseConv2D(3, padding="same", depth_multiplier=2)(before)])
        else:
            x = block(before)
    check(k.Model(i, layers.Dense(3)(layers.Flatten()(x))), fraction, seed)


def test_a_part_that_is_sliced_off_keeps_a_channel() -> None:
    small = check(NETS["slices"], fraction=0.97)
    assert all(min(tensor.shape[1:]) >= 1 for layer in small.layers for tensor in tf.nest.flatten(layer.output))


BARRIERS: dict[str, tuple[Callable[[Any], Any], str]] = {
    "softmax": (layers.Softmax(), "softmax mixes"),
    "own activation": (layers.Activation(lambda t: t - tf.reduce_mean(t)), "not known to keep"),
    "lambda": (layers.Lambda(lambda t: t), "cannot be seen"),
    "attention": (lambda x: layers.MultiHeadAttention(2, 4)(x, x), "attention"),
    "einsum": (layers.EinsumDense("abcd,de->abce", (None, None, 4)), "equation"),
    "sum": (lambda x: tf.reduce_sum(x, -1, keepdims=True), "adds up"),
    "backwards": (lambda x: tf.reverse(x, [-1]), "takes channels apart"),
    "unknown": (lambda x: tf.linalg.matmul(x, x, transpose_b=True), "is not known to keep"),
}


@pytest.mark.parametrize("name", BARRIERS)
def test_barriers_say_why(name: str) -> None:
    body, reason = BARRIERS[name]
    model = clone(vision(lambda x: layers.Conv2D(6, 1, name="free")(body(x))))
    structure = analyse(model)
    assert len(structure.barriers) == 1
    assert reason in structure.barriers[0].reason
    kept = {group.name: group.kept_because for group in structure.groups}
    assert any(reason in why for why in kept["first"])
    assert kept["free"] == ()
    check(model)


def test_state_that_is_passed_on_is_a_barrier() -> None:
    i = k.Input((5, 4))
    x, *state = layers.LSTM(6, return_sequences=True, return_state=True)(layers.Conv1D(8, 1)(i))
    structure = analyse(k.Model(i, layers.Dense(2)(layers.LSTM(6)(x, initial_state=state))))
    assert ["state" in barrier.reason for barrier in structure.barriers] == [True, True]


class Mix(layers.Layer):  # type: ignore[misc]
    """A user's own kind of dense layer."""

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = units

    def build(self, shape: Any) -> None:
        self.kernel = self.add_weight("mixing", (int(shape[-1]), self.units))
        self.bias = self.add_weight("shift", (self.units,))

    def call(self, x: Any) -> Any:
        return tf.matmul(x, self.kernel) + self.bias

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "units": self.units}


def mix(site: Site) -> Passage:
    taken, made = site.consumed(weight=0, axis=0), site.produced(site.layer.units)
    weights = (WeightAxes((taken, made)), WeightAxes((made,)))
    return site.passes(made, weights, produces=True, resize=sized("units", made))


@pytest.fixture
def registered() -> Iterator[None]:
    register_rule(Mix)(mix)
    yield
    del rules._registered[Mix]


def custom_model() -> Any:
    i = k.Input((8,))
    return k.Model(i, layers.Dense(4, activation="softmax")(Mix(12, name="mix")(layers.Dense(10, name="first")(i))))


def test_a_layer_of_ones_own_is_a_barrier_until_it_has_a_rule() -> None:
    structure = analyse(custom_model())
    assert structure.barriers[0].layer == "mix"
    assert "register_rule" in structure.barriers[0].reason


@pytest.mark.usefixtures("registered")
def test_a_rule_of_ones_own() -> None:
    small = check(custom_model())
    assert small.get_layer("mix").units == 6
    assert custom.objects()["Mix"] is Mix


def test_only_layer_classes_have_rules() -> None:
    with pytest.raises(UserError, match="no layer class"):
        register_rule(dict, mix)
    with pytest.raises(UserError, match="cannot be called"):
        register_rule(Mix, 3)  # type: ignore[type-var]


@pytest.mark.usefixtures("registered")
def test_layers_that_tfmot_cannot_wrap_are_masked_too(data: Dataset, tmp_path: Path) -> None:
    i = k.Input((8, 8, 1))
    x = layers.TimeDistributed(layers.Dense(8, activation="relu"))(layers.Reshape((8, 8))(i))
    x = Mix(8)(layers.Flatten()(x))
    model = FloatModel(clone(k.Model(i, layers.Dense(4, activation="softmax")(x))), "unwrapped", Path("unwrapped"))
    training = Training(gradual_epochs=1, recovery_epochs=0, batch_size=128, shift=0, flip=False)
    result = prune_channels(model, data, ChannelPruning(fraction=0.5, multiple=1, training=training), tmp_path)
    assert result.report.difference <= TOLERANCE
    assert result.model.model.count_params() < model.model.count_params()
