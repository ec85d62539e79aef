"""Layers whose outputs are weighted sums of input channels: both convolutions and dense.

All three are taken as a grouped sum over taps: a dense layer has as many taps as its
depth has repetitions of the input's channels, a depthwise layer one group per channel.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from edgeprune.graph import Graph, Node
from edgeprune.ops import fully_connected, geometry
from edgeprune.ops.arithmetic import Multiplier, activation_range, requantize
from edgeprune.optimize.constant_channels.bounds import Bounds, Values
from edgeprune.optimize.constant_channels.tolerance import slack
from edgeprune.optimize.constant_channels.windows import Window

KINDS = frozenset({"CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"})
_INT32 = np.iinfo(np.int32)
#: Sums in float64, which multiply fast, are exact below this.
_EXACT = 1 << 53


@dataclass(frozen=True, eq=False)
class LinearLayer:
    """One such node.  P stands for the positions of the output: its elements without the channels.

    Attributes:
        weights: int64 [output channels, taps, input channels of a group].
        groups: Into how many groups inputs and outputs fall.
        depthwise: Whether it is a depthwise convolution, whose groups are the channels.
        bias: int64 [output channels].
        mantissas, shifts: int64 [output channels], of the rescaling.
        input_zero_point, zero_point: Of input and output.
        clamp: Lowest and highest output.
        window: None for a dense layer.
        output_shape: Shape of the output.
        slack: int64 [output channels], how far a sum may move until some kernel rounds it otherwise; 0 where
            the reference kernel's arithmetic is meant.
    """

    weights: Values
    groups: int
    depthwise: bool
    bias: Values
    mantissas: Values
    shifts: Values
    input_zero_point: int
    zero_point: int
    clamp: tuple[int, int]
    window: Window | None
    output_shape: tuple[int, ...]
    slack: Values

    @property
    def mixes(self) -> bool:
        """Whether each output may read every input channel."""
        return self.groups == 1 and not self.depthwise

    def sums(self, source: Bounds) -> Bounds:
        """Bounds [P, output channels] of the sums with bias, exact for the given input bounds."""
        twice = self._weighted(source.low + source.high - 2 * self.input_zero_point, self.weights)
        spread = self._weighted(source.high - source.low, np.abs(self.weights))
        return Bounds(self.bias + (twice - spread) // 2, self.bias + (twice + spread) // 2)

    def share(self, values: Values, channel: int) -> Values:
        """What one input channel of known values adds to the sums, where all channels are mixed.

        Args:
            values: The channel's values, of the input's shape without the last axis.
            channel: Its index.

        Returns:
            [P, output channels], or [1, output channels] where it is the same at all positions.
        """
        known, weights = values - self.input_zero_point, self.weights[:, :, channel]
        value = int(known.flat[0])
        if (known == value).all() and (value == 0 or self.window is None or not self.window.pads(values.shape)):
            everywhere: Values = value * weights.sum(axis=1)[np.newaxis]
            return everywhere
        total = np.zeros((1, len(weights)))
        for seen, column in zip(self._taps(known[..., np.newaxis]), weights.T.astype(np.float64), strict=True):
            total = total + seen.reshape(-1, 1).astype(np.float64) * column
        return total.astype(np.int64)

    def outputs(self, sums: Bounds) -> Bounds:
        """Bounds [P, output channels] of the outputs; the rescaling is monotone, so bounds map to bounds."""
        left, least, most = np.maximum(self.shifts, 0), sums.low - self.slack, sums.high + self.slack
        # Sums that wrap, or would when scaled up, may give any output.
        fits = (least >= _INT32.min >> left) & (most <= _INT32.max >> left)
        low, high = (self._finish(np.where(fits, values, 0)) for values in (least, most))
        return Bounds(np.where(fits, low, self.clamp[0]), np.where(fits, high, self.clamp[1]))

    def bounds(self, source: Bounds) -> Bounds:
        """Bounds of the output tensor."""
        found = self.outputs(self.sums(source))
        return Bounds(found.low.reshape(self.output_shape), found.high.reshape(self.output_shape))

    def _finish(self, sums: Values) -> Values:
        return np.clip(requantize(sums, self.mantissas, self.shifts) + self.zero_point, *self.clamp)

    def _weighted(self, values: Values, weights: Values) -> Values:
        """Sum over taps and inputs of values times weights, [P, output channels]."""
        outputs, _, inputs = weights.shape
        by_tap = weights.reshape(self.groups, outputs // self.groups, -1, inputs).transpose(2, 0, 3, 1)
        by_tap = np.ascontiguousarray(by_tap, np.float64)
        total = np.zeros((self.groups, 1, 1))
        for seen, matrix in zip(self._taps(values), by_tap, strict=True):
            rows = seen.reshape(-1, self.groups, inputs).transpose(1, 0, 2).astype(np.float64)
            total = total + rows @ matrix
        return total.transpose(1, 0, 2).reshape(-1, outputs).astype(np.int64)

    def _taps(self, values: Values) -> Iterator[Values]:
        """What each tap sees: [P, channels], or more axes for the positions."""
        if self.window is not None:
            yield from self.window.taps(values)
            return
        by_row = values.reshape(-1, self.weights.shape[1], values.shape[-1])
        yield from by_row.transpose(1, 0, 2)


def linear_layer(graph: Graph, node: Node, any_kernel: bool = False) -> LinearLayer | None:
    """The node as such a layer, its operator's rules holding; None for one that cannot be followed.

    With `any_kernel` its bounds hold for all kernels, not only for the reference ones.
    """
    layer = _linear_layer(graph, node)
    if layer is None or not any_kernel:
        return layer
    multipliers = (Multiplier(int(m), int(s)) for m, s in zip(layer.mantissas, layer.shifts, strict=True))
    return replace(layer, slack=slack(list(multipliers)))


def _linear_layer(graph: Graph, node: Node) -> LinearLayer | None:
    weights = graph.required(node, 1).constant().astype(np.int64)
    channels = graph.required(node, 0).shape[-1]
    if node.op == "FULLY_CONNECTED":
        if weights.shape[1] % channels:
            return None
        return _layer(graph, node, weights.reshape(len(weights), -1, channels), 1, None)
    options = geometry.convolution_options(node)
    window = Window((weights.shape[1], weights.shape[2]), options.stride, options.dilation, options.padding)
    if node.op == "DEPTHWISE_CONV_2D":
        return _layer(graph, node, weights.reshape(-1, weights.shape[3], 1).transpose(1, 0, 2), channels, window)
    groups = channels // weights.shape[3]
    return _layer(graph, node, weights.reshape(len(weights), -1, weights.shape[3]), groups, window)


def _layer(graph: Graph, node: Node, weights: Values, groups: int, window: Window | None) -> LinearLayer | None:
    output, bias = graph.output(node), graph.operand(node, 2)
    if window is None:
        multipliers = fully_connected.multipliers(graph, node)
        activation = fully_connected.dense_options(node).activation
    else:
        multipliers = geometry.convolution_multipliers(graph, node, len(weights))
        activation = geometry.convolution_options(node).activation
    biases = np.zeros(len(weights), np.int64) if bias is None else bias.constant().astype(np.int64).reshape(-1)
    inexact = 2 * 255 * int(np.abs(weights).sum(axis=(1, 2)).max()) >= _EXACT
    if inexact or not len(weights) == len(biases) == len(multipliers) or any(m.shift > 31 for m in multipliers):
        return None
    return LinearLayer(
        weights=weights,
        groups=groups,
        depthwise=node.op == "DEPTHWISE_CONV_2D",
        bias=biases,
        mantissas=np.array([m.mantissa for m in multipliers], np.int64),
        shifts=np.array([m.shift for m in multipliers], np.int64),
        input_zero_point=graph.required(node, 0).quantized().zero_point,
        zero_point=output.quantized().zero_point,
        clamp=activation_range(activation, output),
        window=window,
        output_shape=output.shape,
        slack=np.zeros(len(weights), np.int64),
    )
