"""How each kind of Keras layer passes channels on: one small function per kind.

A rule takes the labels of its inputs' last axes and returns what `LayerChannels`
needs.  Kinds without a rule are barriers: their channels stay, with the reason.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgeprune.models.functional import Call
from edgeprune.prune.channels.structure import LabelArray, Labels, LayerChannels, WeightAxes


class Barrier(Exception):
    """Raised by a rule that cannot follow the channels; the text is the reason in the report."""


@dataclass(frozen=True)
class Site:
    """One call of a layer as its rule sees it.

    Attributes:
        call: The call.
        labels: The union-find to add to.
        inputs: Labels of the last axis of each input.
        known: What an earlier call of the same (shared) layer gave.
    """

    call: Call
    labels: Labels
    inputs: tuple[LabelArray, ...]
    known: LayerChannels | None

    @property
    def layer(self) -> Any:
        """The Keras layer."""
        return self.call.layer

    def positions(self) -> int:
        """Positions of the output without batch and channels (1 for a vector)."""
        return math.prod(n or 1 for n in self.call.outputs[0].shape[1:-1])


Rule = Callable[[Site], LayerChannels]


def _channels_last(site: Site) -> None:
    if getattr(site.layer, "data_format", "channels_last") != "channels_last":
        raise Barrier("its channels do not come last (data_format)")


def _activation(site: Site) -> None:
    """Pin channels that an activation mixes."""
    function = getattr(site.layer, "activation", None)
    if getattr(function, "__name__", "") in ("softmax", "log_softmax"):
        raise Barrier("softmax mixes its channels")


def elementwise(site: Site) -> LayerChannels:
    """Each output channel depends on the input channel of the same number alone."""
    _channels_last(site)
    _activation(site)
    return LayerChannels(site.layer.name, outputs=site.inputs[0])


def per_channel_weights(site: Site) -> LayerChannels:
    """Weights with one entry per channel on their last axis: BatchNormalization, PReLU."""
    _channels_last(site)
    axis = getattr(site.layer, "axis", -1)
    axis = axis[0] if isinstance(axis, (list, tuple)) else axis
    if axis not in (-1, len(site.call.inputs[0].shape) - 1):
        raise Barrier(f"it normalises axis {axis}, not the channels")
    labels = site.inputs[0]
    weights = tuple(
        WeightAxes((*([None] * (len(w.shape) - 1)), labels if w.shape[-1] == len(labels) else None))
        for w in site.layer.weights
    )
    if any(axes.axes[-1] is None for axes in weights):
        raise Barrier("its weights have another size than its channels")
    if site.known is not None:
        site.labels.unite(labels, site.known.outputs)
    return LayerChannels(site.layer.name, weights, outputs=labels)


def merge(site: Site) -> LayerChannels:
    """Add, Multiply and their like: equal channels are tied; a single channel is broadcast."""
    widest = max(site.inputs, key=len)
    for labels in site.inputs:
        if len(labels) == len(widest):
            site.labels.unite(widest, labels)
        elif len(labels) == 1:
            site.labels.pin(labels, f"{site.layer.name} spreads this one channel over all others")
        else:
            raise Barrier("its inputs have unequal channels")
    return LayerChannels(site.layer.name, outputs=widest)


def concatenate(site: Site) -> LayerChannels:
    """Channels of all inputs one after the other, or tied where another axis is joined."""
    rank = len(site.call.outputs[0].shape)
    if site.layer.axis in (-1, rank - 1):
        return LayerChannels(site.layer.name, outputs=np.concatenate(site.inputs))
    return merge(site)


def reshape(site: Site) -> LayerChannels:
    """Flatten and Reshape: allowed where each new last-axis position holds one channel only."""
    _channels_last(site)
    before = tuple(site.call.inputs[0].shape[1:])
    after = tuple(site.call.outputs[0].shape[1:])
    if None in before or None in after:
        raise Barrier("it reshapes a tensor of open size")
    spread = np.broadcast_to(site.inputs[0], before).reshape(-1, after[-1])
    if not np.all(spread == spread[0]):
        raise Barrier(f"it mixes channels when it reshapes {list(before)} to {list(after)}")
    is_reshape = type(site.layer).__name__ == "Reshape"
    return LayerChannels(site.layer.name, outputs=np.array(spread[0]), reshape=is_reshape)


def _produced(site: Site, count: int) -> LabelArray:
    """Labels of the channels that a layer computes; the same ones for each call of a shared layer."""
    return site.known.outputs if site.known is not None else site.labels.fresh(count)


def _consumed(site: Site, weight: int, axis: int) -> LabelArray:
    """Labels of the channels that a layer takes; calls of a shared layer tie them."""
    labels = site.inputs[0]
    if site.known is not None:
        earlier = site.known.weights[weight].axes[axis]
        if earlier is not None:
            site.labels.unite(labels, earlier)
    return labels


def _kernel(site: Site, key: str, consumer_axis: int, producer_axis: int) -> LayerChannels:
    """A layer whose first weight is a kernel from input to output channels, with an optional bias."""
    _channels_last(site)
    kernel = site.layer.weights[0]
    consumed = _consumed(site, 0, consumer_axis)
    produced = _produced(site, int(kernel.shape[producer_axis]))
    if getattr(getattr(site.layer, "activation", None), "__name__", "") in ("softmax", "log_softmax"):
        site.labels.pin(produced, f"{site.layer.name}: softmax mixes its channels")
    axes: list[LabelArray | None] = [None] * len(kernel.shape)
    axes[consumer_axis], axes[producer_axis] = consumed, produced
    weights = [WeightAxes(tuple(axes))] + [WeightAxes((produced,)) for _ in site.layer.weights[1:]]
    spread_from_input = "Transpose" in type(site.layer).__name__
    shape = site.call.inputs[0].shape if spread_from_input else site.call.outputs[0].shape
    positions = math.prod(n or 1 for n in shape[1:-1])
    return LayerChannels(site.layer.name, tuple(weights), key, produced, produces=True, positions=positions)


def convolution(site: Site) -> LayerChannels:
    """Conv1D, Conv2D and Conv3D."""
    if site.layer.groups != 1:
        raise Barrier(f"it is a convolution in {site.layer.groups} groups")
    rank = len(site.layer.weights[0].shape)
    return _kernel(site, "filters", rank - 2, rank - 1)


def transposed_convolution(site: Site) -> LayerChannels:
    """Conv2DTranspose and its like: their kernels hold the output channels before the input channels."""
    rank = len(site.layer.weights[0].shape)
    return _kernel(site, "filters", rank - 1, rank - 2)


def dense(site: Site) -> LayerChannels:
    """Dense."""
    return _kernel(site, "units", 0, 1)


def depthwise(site: Site) -> LayerChannels:
    """DepthwiseConv1D and 2D: an input channel goes with all the outputs its multiplier makes of it."""
    _channels_last(site)
    _activation(site)
    labels = _consumed(site, 0, len(site.layer.weights[0].shape) - 2)
    outputs = np.repeat(labels, site.layer.depth_multiplier)
    kernel = WeightAxes((*([None] * (len(site.layer.weights[0].shape) - 2)), labels, None))
    weights = [kernel] + [WeightAxes((outputs,)) for _ in site.layer.weights[1:]]
    return LayerChannels(site.layer.name, tuple(weights), outputs=outputs, positions=site.positions())


def separable(site: Site) -> LayerChannels:
    """SeparableConv1D and 2D: a depthwise kernel, a pointwise kernel and an optional bias."""
    _channels_last(site)
    rank = len(site.layer.weights[0].shape)
    consumed = _consumed(site, 0, rank - 2)
    produced = _produced(site, int(site.layer.weights[1].shape[-1]))
    if getattr(site.layer.activation, "__name__", "") in ("softmax", "log_softmax"):
        site.labels.pin(produced, f"{site.layer.name}: softmax mixes its channels")
    free: tuple[None, ...] = (None,) * (rank - 2)
    weights = [
        WeightAxes((*free, consumed, None)),
        WeightAxes((*free, np.repeat(consumed, site.layer.depth_multiplier), produced)),
        *(WeightAxes((produced,)) for _ in site.layer.weights[2:]),
    ]
    return LayerChannels(
        site.layer.name, tuple(weights), "filters", produced, produces=True, positions=site.positions()
    )


def recurrent(site: Site) -> LayerChannels:
    """SimpleRNN, GRU and LSTM: the units repeat on the kernels' last axis, once per gate."""
    if len(site.call.inputs) != 1 or getattr(site.layer, "return_state", False):
        raise Barrier("it takes or returns its state")
    units = site.layer.units
    consumed, produced = _consumed(site, 0, 0), _produced(site, units)
    gates = np.tile(produced, int(site.layer.weights[0].shape[1]) // units)
    weights = [WeightAxes((consumed, gates)), WeightAxes((produced, gates))]
    weights += [WeightAxes((*([None] * (len(w.shape) - 1)), gates)) for w in site.layer.weights[2:]]
    steps = site.call.inputs[0].shape[1] or 1
    return LayerChannels(site.layer.name, tuple(weights), "units", produced, produces=True, positions=int(steps))


def embedding(site: Site) -> LayerChannels:
    """Embedding: each column of its table is a channel."""
    produced = _produced(site, int(site.layer.output_dim))
    return LayerChannels(
        site.layer.name, (WeightAxes((None, produced)),), "output_dim", produced, produces=True, positions=0
    )


_UNARY_FUNCTIONS = frozenset(
    {
        "abs",
        "exp",
        "nn.relu",
        "nn.relu6",
        "nn.elu",
        "nn.selu",
        "nn.gelu",
        "nn.silu",
        "nn.swish",
        "nn.sigmoid",
        "nn.tanh",
        "nn.leaky_relu",
        "nn.softplus",
        "math.sigmoid",
        "math.tanh",
        "math.sqrt",
        "math.rsqrt",
        "math.square",
        "math.negative",
        "math.abs",
        "math.exp",
        "cast",
        "identity",
        "clip_by_value",
        "keras.activations.relu",
        "nn.hard_swish",
    }
)
_BINARY_FUNCTIONS = frozenset(
    {
        "math.add",
        "math.subtract",
        "math.multiply",
        "math.divide",
        "math.truediv",
        "math.maximum",
        "math.minimum",
        "__operators__.add",
        "__operators__.sub",
        "__operators__.mul",
        "__operators__.truediv",
    }
)


def operator(site: Site) -> LayerChannels:
    """TFOpLambda: elementwise functions of one tensor, or of two, with plain numbers as constants."""
    function = str(site.layer.symbol)
    if function not in _UNARY_FUNCTIONS | _BINARY_FUNCTIONS:
        raise Barrier(f"tf.{function} is not known to keep its channels apart")
    constants = [
        value
        for value in (*site.call.args, *site.call.kwargs.values())
        if not any(value is tensor for tensor in site.call.inputs) and not isinstance(value, (str, type(None)))
    ]
    if any(np.ndim(value) > 0 and np.size(value) > 1 for value in constants if not hasattr(value, "as_numpy_dtype")):
        raise Barrier(f"tf.{function} has a constant with one value per channel")
    return merge(site)


_RULES: dict[Rule, str] = {
    elementwise: (
        "Activation ReLU LeakyReLU ELU ThresholdedReLU Dropout SpatialDropout1D SpatialDropout2D AlphaDropout "
        "GaussianNoise GaussianDropout ActivityRegularization ZeroPadding1D ZeroPadding2D Cropping1D Cropping2D "
        "UpSampling1D UpSampling2D MaxPooling1D MaxPooling2D AveragePooling1D AveragePooling2D GlobalMaxPooling1D "
        "GlobalMaxPooling2D GlobalAveragePooling1D GlobalAveragePooling2D Rescaling Resizing"
    ),
    per_channel_weights: "BatchNormalization SyncBatchNormalization PReLU",
    merge: "Add Subtract Multiply Average Maximum Minimum",
    concatenate: "Concatenate",
    reshape: "Flatten Reshape",
    convolution: "Conv1D Conv2D Conv3D",
    transposed_convolution: "Conv2DTranspose Conv3DTranspose",
    dense: "Dense",
    depthwise: "DepthwiseConv1D DepthwiseConv2D",
    separable: "SeparableConv1D SeparableConv2D",
    recurrent: "SimpleRNN GRU LSTM",
    embedding: "Embedding",
    operator: "TFOpLambda",
}
_BY_KIND: dict[str, Rule] = {kind: rule for rule, kinds in _RULES.items() for kind in kinds.split()}


def rule_for(layer: Any) -> Rule | None:
    """The rule for exactly this kind of Keras layer; None for a custom or unknown kind."""
    kind = type(layer)
    if not kind.__module__.startswith(("tf_keras.", "keras.")):
        return None
    return _BY_KIND.get(kind.__name__)
