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
from edgeprune.graph import Graph, GraphError, Node
from edgeprune.ops import base, concatenation, mean, mul, pooling, reduction, sums
from edgeprune.ops.arithmetic import Multiplier, activation_range, requantize
from edgeprune.ops.lookup import LookupKernel
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
        operands: How many of its inputs are values, the others being shapes, axes and the like;
            None for all.
    """

    evaluate: Evaluate
    connect: Connect
    operands: int | None = 1

    def values(self, node: Node) -> tuple[int, ...]:
        """The tensors among the node's inputs that are values."""
        return node.inputs[: self.operands]

    def bounds(self, graph: Graph, node: Node, known: Sequence[Bounds]) -> Bounds | None:
        """Bounds of the output from those of the operands; None where sums may wrap."""
        try:
            low = self.evaluate(graph, node, [bounds.low for bounds in known])
            high = self.evaluate(graph, node, [bounds.high for bounds in known])
        except _WrapsError:
            return None
        return Bounds(low, high)


class _Product(Rule):
    """Monotone in the product of two operands, whose extremes lie where each operand has one."""

    def bounds(self, graph: Graph, node: Node, known: Sequence[Bounds]) -> Bounds | None:
        """The least and the greatest of the four corners."""
        first, second = ((b.low, b.high) for b in known)
        try:
            corners = [self.evaluate(graph, node, (x, y)) for x in first for y in second]
        except _WrapsError:
            return None
        return Bounds(functools.reduce(np.minimum, corners), functools.reduce(np.maximum, corners))


class _Lookup(Rule):
    """Any function of single values, by its table."""

    def bounds(self, graph: Graph, node: Node, known: Sequence[Bounds]) -> Bounds | None:
        """The least and the greatest entry of the table in the input's range."""
        every = np.arange(-128, 128)
        table = self.evaluate(graph, node, (every,))
        beyond = every[:, np.newaxis] > every  # [first, last] of a range, which is empty there
        low, high = known[0].low + 128, known[0].high + 128
        least = np.minimum.accumulate(np.where(beyond, 127, table), axis=1)[low, high]
        return Bounds(least, np.maximum.accumulate(np.where(beyond, -128, table), axis=1)[low, high])


def followable(graph: Graph, node: Node) -> bool:
    """Whether a node maps int8 to int8 within its operator's rules."""
    operator = ops.find(node.op)
    if operator is None or not node.inputs or not node.outputs:
        return False
    return not base.int8_input_and_output(graph, node) and not operator.fault(graph, node)


def rule_for(graph: Graph, node: Node) -> Rule | None:
    """The rule for a node; None where there is none or the node is not followable."""
    if not followable(graph, node):
        return None
    return _RULES.get(node.op) or (_LOOKUP if _lookup_kernel(node) else None)


# ---- links


def connected(graph: Graph, node: Node) -> tuple[tuple[int, ...], tuple[Link, ...]] | None:
    """The operands of a node that are values, and its links, whatever the type; None where it is a barrier.

    Layers with weights are not asked for here.
    """
    rule = _RULES.get(node.op) or (Rule(_look_up, _together) if node.op in _OF_SINGLE_VALUES else None)
    if rule is None or not node.inputs or not node.outputs:
        return None
    try:
        links = rule.connect(graph, node)
    except GraphError:  # axes or pads that are not constants
        return None
    return None if links is None else (rule.values(node), links)


def _together(graph: Graph, node: Node) -> tuple[Link, ...] | None:
    """Channel i of each operand with channel i of the output."""
    links = []
    width = graph.output(node).shape[-1:]
    for index in _values(node):
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


def _concatenated(graph: Graph, node: Node) -> tuple[Link, ...] | None:
    """Along the last axis each input's channels have a place of their own."""
    if concatenation.axis_of(graph, node) != len(graph.output(node).shape) - 1:
        return _together(graph, node)
    links, start = [], 0
    for index in node.inputs:
        every = np.arange(graph.tensors[index].shape[-1])
        links.append(Link((index, node.outputs[0]), every, every + start))
        start += len(every)
    return tuple(links)


def _values(node: Node) -> tuple[int, ...]:
    return _RULES.get(node.op, _LOOKUP).values(node)


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


def _multiply(graph: Graph, node: Node, values: Sequence[Values]) -> Values:
    first, second = (v - graph.required(node, i).quantized().zero_point for i, v in enumerate(values))
    output, options = graph.output(node), cast(mul.MulOptions, node.options)
    rescaled = _rescaled(first * second, mul.multiplier_of(graph, node)) + output.quantized().zero_point
    return np.clip(rescaled, *activation_range(options.activation, output))


def _look_up(graph: Graph, node: Node, values: Sequence[Values]) -> Values:
    kernel = _lookup_kernel(node)
    if kernel is None:
        raise AssertionError(f"{node.op} has no table")
    found: Values = kernel.outputs(graph, node).astype(np.int64)[values[0] + 128]
    return found


def _lookup_kernel(node: Node) -> LookupKernel | None:
    operator = ops.find(node.op)
    return next((k for k in operator.kernels if isinstance(k, LookupKernel)), None) if operator else None


def _concatenate(graph: Graph, node: Node, values: Sequence[Values]) -> Values:
    return np.concatenate(values, concatenation.axis_of(graph, node))


def _maximum(graph: Graph, node: Node, values: Sequence[Values]) -> Values:
    return np.maximum(*values)


def _minimum(graph: Graph, node: Node, values: Sequence[Values]) -> Values:
    return np.minimum(*values)


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


_OF_SINGLE_VALUES = frozenset(
    {"ABS", "DEQUANTIZE", "ELU", "EXP", "GELU", "HARD_SWISH", "LEAKY_RELU", "LOGISTIC", "NEG", "QUANTIZE", "RELU"}
    | {"RELU6", "RELU_N1_TO_1", "TANH"}
)
_LOOKUP = _Lookup(_look_up, _together)
_RULES: dict[str, Rule] = {
    "ADD": Rule(_add, _together, operands=2),
    "AVERAGE_POOL_2D": Rule(_average_pool, _together),
    "CONCATENATION": Rule(_concatenate, _concatenated, operands=None),
    "EXPAND_DIMS": Rule(_same_bytes, _repeated),
    "MAXIMUM": Rule(_maximum, _together, operands=2),
    "MAX_POOL_2D": Rule(_max_pool, _together),
    "MEAN": Rule(_mean, _unless_touched),
    "MINIMUM": Rule(_minimum, _together, operands=2),
    "MUL": _Product(_multiply, _together, operands=2),
    "PAD": Rule(_pad, _unless_touched),
    "RESHAPE": Rule(_same_bytes, _repeated),
    "SQUEEZE": Rule(_same_bytes, _repeated),
}
