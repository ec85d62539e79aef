"""What the pass knows of each operator: how bounds pass through it, and which channels go together.

An operator without a rule is a barrier: its outputs may be anything, and the channels
of its inputs and outputs stay.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import numpy.typing as npt

from edgeprune import ops
from edgeprune.graph import Graph, Node
from edgeprune.ops import base, mean, pooling, reduction, sums
from edgeprune.ops.arithmetic import Multiplier, activation_range, quantize_multiplier, requantize
from edgeprune.optimize.constant_channels.bounds import Bounds, Values
from edgeprune.optimize.constant_channels.windows import Window

_INT32_MAX = (1 << 31) - 1
#: Computes the output from the inputs, all int64; no output may fall when an input rises.
Evaluate = Callable[[Graph, Node, Sequence[Values]], Values]


@dataclass(frozen=True, eq=False)
class Link:
    """Channels of two tensors that go together: `first[i]` of one with `second[i]` of the other."""

    tensors: tuple[int, int]
    first: npt.NDArray[np.int64]
    second: npt.NDArray[np.int64]


#: The links between a node's tensors; None where its channels cannot be followed.
Connect = Callable[[Graph, Node], tuple[Link, ...] | None]


@dataclass(frozen=True)
class Rule:
    """One operator.

    Attributes:
        evaluate: Its arithmetic, monotone in each operand.
        connect: Its links.
        operands: How many of its inputs are values, the others being shapes, axes and the like.
    """

    evaluate: Evaluate
    connect: Connect
    operands: int = 1

    def bounds(self, graph: Graph, node: Node, known: Sequence[Bounds]) -> Bounds | None:
        """Bounds of the output from those of the operands; None where sums may wrap."""
        try:
            low = self.evaluate(graph, node, [bounds.low for bounds in known])
            high = self.evaluate(graph, node, [bounds.high for bounds in known])
        except _WrapsError:
            return None
        return Bounds(low, high)


def followable(graph: Graph, node: Node) -> bool:
    """Whether a node maps int8 to int8 within its operator's rules."""
    operator = ops.find(node.op)
    if operator is None or not node.inputs or not node.outputs:
        return False
    return not base.int8_input_and_output(graph, node) and not operator.fault(graph, node)


def rule_for(graph: Graph, node: Node) -> Rule | None:
    """The rule for a node; None where there is none or the node is not followable."""
    rule = _RULES.get(node.op)
    return rule if rule is not None and followable(graph, node) else None


# ---- links


def _together(graph: Graph, node: Node) -> tuple[Link, ...] | None:
    """Channel i of each operand with channel i of the output."""
    links = []
    width = graph.output(node).shape[-1:]
    for index in operands(node):
        own = graph.tensors[index].shape[-1:]
        if own == width and width:
            every = np.arange(width[0])
            links.append(Link((index, node.outputs[0]), every, every))
        elif own not in {(), (1,)}:  # one value that goes with all channels needs no link: it always stays
            return None
    return tuple(links)


def _repeated(graph: Graph, node: Node) -> tuple[Link, ...] | None:
    """The same bytes under another shape, of which the narrower one's channels repeat in the wider one."""
    source, output = graph.required(node, 0).shape, graph.output(node).shape
    if not source or not output or (len(node.inputs) > 1 and not graph.required(node, 1).is_constant):
        return None
    wide, narrow = max(source[-1], output[-1]), min(source[-1], output[-1])
    if narrow == 0 or wide % narrow:
        return None
    every = np.arange(wide)
    return (Link((node.inputs[0], node.outputs[0]), every % source[-1], every % output[-1]),)


def _unless_touched(graph: Graph, node: Node) -> tuple[Link, ...] | None:
    """As `_together`, where the node leaves the last axis alone."""
    rank, second = len(graph.required(node, 0).shape), graph.required(node, 1).constant()
    if node.op == "MEAN" and rank - 1 in reduction.reduced_axes(graph, node):
        return None
    if node.op == "PAD" and second.reshape(-1, 2)[-1].any():
        return None
    return _together(graph, node)


def operands(node: Node) -> tuple[int, ...]:
    """The tensors among the node's inputs that are values."""
    return node.inputs[: _RULES[node.op].operands]


# ---- arithmetic


class _WrapsError(Exception):
    """A sum may exceed 32 bits, so that outputs do not rise with inputs."""


def _rescaled(values: Values, multiplier: Multiplier) -> Values:
    if multiplier.shift > 31 or int(np.abs(values).max(initial=0)) << max(multiplier.shift, 0) > _INT32_MAX:
        raise _WrapsError
    return requantize(values, multiplier.mantissa, multiplier.shift)


def _add(graph: Graph, node: Node, values: Sequence[Values]) -> Values:
    scaling = sums.scaling_of(graph, node)

    def scaled(position: int, multiplier: Multiplier) -> Values:
        centred = values[position] - graph.required(node, position).quantized().zero_point
        return _rescaled(centred << sums.HEADROOM_BITS, multiplier)

    total = scaled(0, scaling.first) + scaled(1, scaling.second)
    output, options = graph.output(node), cast(sums.SumOptions, node.options)
    rescaled = _rescaled(total, scaling.output) + output.quantized().zero_point
    return np.clip(rescaled, *activation_range(options.activation, output))


def _rescale(graph: Graph, node: Node, values: Sequence[Values]) -> Values:
    source, output = graph.required(node, 0).quantized(), graph.output(node).quantized()
    rescaled = _rescaled(values[0] - source.zero_point, quantize_multiplier(source.scale / output.scale))
    return np.clip(rescaled + output.zero_point, -128, 127)


def _same_bytes(graph: Graph, node: Node, values: Sequence[Values]) -> Values:
    return values[0].reshape(graph.output(node).shape)


def _pad(graph: Graph, node: Node, values: Sequence[Values]) -> Values:
    pairs = graph.required(node, 1).constant().reshape(-1, 2).tolist()
    return np.pad(values[0], pairs, constant_values=graph.output(node).quantized().zero_point)


def _mean(graph: Graph, node: Node, values: Sequence[Values]) -> Values:
    source, output = graph.required(node, 0), graph.output(node)
    axes = reduction.reduced_axes(graph, node)
    count = math.prod(source.shape[axis] for axis in axes)
    total = (values[0] - source.quantized().zero_point).sum(axis=axes)
    rescaled = _rescaled(total, mean.mean_multiplier(graph, node, count)) + output.quantized().zero_point
    return np.clip(rescaled, -128, 127).reshape(output.shape)


def _max_pool(graph: Graph, node: Node, values: Sequence[Values]) -> Values:
    highest = functools.reduce(np.maximum, _window(node).taps(values[0], fill=-128))
    return np.clip(highest, *_pool_clamp(graph, node))


def _average_pool(graph: Graph, node: Node, values: Sequence[Values]) -> Values:
    window = _window(node)
    total = functools.reduce(np.add, window.taps(values[0]))
    count = functools.reduce(np.add, window.taps(np.ones_like(values[0])))
    # Rounded half away from zero: the division is of magnitudes.
    average: Values = np.sign(total) * ((np.abs(total) + count // 2) // count)
    return np.clip(average, *_pool_clamp(graph, node))


def _window(node: Node) -> Window:
    options = pooling.pool_options(node)
    return Window(options.window, options.stride, options.dilation, options.padding)


def _pool_clamp(graph: Graph, node: Node) -> tuple[int, int]:
    return activation_range(pooling.pool_options(node).activation, graph.output(node))


_RULES: dict[str, Rule] = {
    "ADD": Rule(_add, _together, operands=2),
    "AVERAGE_POOL_2D": Rule(_average_pool, _together),
    "MAX_POOL_2D": Rule(_max_pool, _together),
    "MEAN": Rule(_mean, _unless_touched),
    "PAD": Rule(_pad, _unless_touched),
    "QUANTIZE": Rule(_rescale, _together),
    "RESHAPE": Rule(_same_bytes, _repeated),
}
