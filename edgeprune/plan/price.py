"""What a layer of given shape costs on a target, before there is a model that has it.

Pruning asks this to know what the removal of channels saves.  The price is what the planner
would pay: the cheapest kernel of a graph of that one layer.
"""

from __future__ import annotations

import enum
import functools
import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgeprune import ops
from edgeprune.errors import TargetError
from edgeprune.graph import DType, Graph, Node, Quantization, Tensor
from edgeprune.ops.fully_connected.layer import FullyConnectedOptions
from edgeprune.ops.geometry import ConvolutionOptions
from edgeprune.ops.pooling import PoolOptions
from edgeprune.ops.reduction import ReductionOptions
from edgeprune.ops.sums import SumOptions
from edgeprune.plan.cost import cycles_on
from edgeprune.targets import CompiledTarget

# Of all activations and weights: their quotient is a multiplier below 1/4, as trained models have.
# What follows a ReLU has its zero point at the lower end, for which kernels have a cheaper output stage.
_ACTIVATIONS, _WEIGHTS = Quantization((0.05,), (-128,)), 0.01


class Kind(enum.Enum):
    """The layers whose price is known."""

    CONVOLUTION = "CONV_2D"
    DEPTHWISE = "DEPTHWISE_CONV_2D"
    DENSE = "FULLY_CONNECTED"
    SUM = "ADD"
    MEAN = "MEAN"
    LARGEST = "MAX_POOL_2D"
    AVERAGE = "AVERAGE_POOL_2D"


@dataclass(frozen=True)
class LayerShape:
    """One int8 layer.

    Attributes:
        kind: What it computes.
        source: Input [height, width, channels]; a dense layer's is [1, 1, channels].
        result: Output [height, width, channels].
        window: (height, width) of the kernel.
        stride: (vertical, horizontal).
        dilation: (vertical, horizontal).
        same: Whether the input is padded (SAME) or not (VALID).
    """

    kind: Kind
    source: tuple[int, int, int]
    result: tuple[int, int, int]
    window: tuple[int, int] = (1, 1)
    stride: tuple[int, int] = (1, 1)
    dilation: tuple[int, int] = (1, 1)
    same: bool = True


@functools.lru_cache(maxsize=100_000)
def price(shape: LayerShape, target: CompiledTarget) -> float:
    """Cycles of the layer by its fastest kernel on the target, as the planner estimates them.

    Raises:
        TargetError: No kernel runs it on the target.
    """
    graph = _graph(shape)
    node = graph.nodes[0]
    operator = ops.find(node.op)
    fitting = operator.candidates(graph, node, target.cpu) if operator else ()
    costs = [cycles_on(kernel.cost(graph, node, target.cpu), target) for kernel in fitting]
    if not costs:
        raise TargetError(f"no int8 kernel for {shape.kind.value} runs on {target.name}; choose another target")
    return min(costs)


def _graph(shape: LayerShape) -> Graph:
    """A graph of this layer alone."""
    source = Tensor("input", _batched(shape, shape.source), DType.INT8, _ACTIVATIONS)
    result = Tensor("output", _batched(shape, shape.result), DType.INT8, _ACTIVATIONS)
    if shape.kind is Kind.SUM:
        other = Tensor("other", source.shape, DType.INT8, _ACTIVATIONS)
        node = Node(shape.kind.value, (0, 1), (2,), SumOptions("RELU", False))
        return Graph("layer", (source, other, result), (node,), (0, 1), (2,))
    if shape.kind is Kind.MEAN:
        axes = Tensor("axes", (2,), DType.INT32, None, np.array([1, 2], np.int32))
        node = Node(shape.kind.value, (0, 1), (2,), ReductionOptions(keep_dimensions=True))
        return Graph("layer", (source, axes, result), (node,), (0,), (2,))
    padding = "SAME" if shape.same else "VALID"
    if shape.kind in (Kind.LARGEST, Kind.AVERAGE):
        node = Node(shape.kind.value, (0,), (1,), PoolOptions(padding, "NONE", shape.window, shape.stride))
        return Graph("layer", (source, result), (node,), (0,), (1,))
    channels = shape.result[2]
    weights = Tensor("weights", *_weights(shape))
    bias = Tensor("bias", (channels,), DType.INT32, None, np.zeros(channels, np.int32))
    options: object = FullyConnectedOptions("RELU", False)
    if shape.kind is not Kind.DENSE:
        options = ConvolutionOptions(padding, "RELU", shape.stride, shape.dilation)
    node = Node(shape.kind.value, (0, 1, 2), (3,), options)
    return Graph("layer", (source, weights, bias, result), (node,), (0,), (3,))


def _batched(shape: LayerShape, extents: tuple[int, int, int]) -> tuple[int, ...]:
    return (1, extents[2]) if shape.kind is Kind.DENSE else (1, *extents)


def _weights(shape: LayerShape) -> tuple[tuple[int, ...], DType, Quantization, npt.NDArray[np.int8]]:
    inputs, outputs = shape.source[2], shape.result[2]
    extents: tuple[int, ...]
    if shape.kind is Kind.DENSE:
        extents, axis, count = (outputs, inputs), 0, 1
    elif shape.kind is Kind.DEPTHWISE:
        extents, axis, count = (1, *shape.window, outputs), 3, outputs
    else:
        extents, axis, count = (outputs, *shape.window, inputs), 0, outputs
    # Values of both signs; which ones they are matters to no kernel's price.
    values = np.resize(np.arange(-50, 51, dtype=np.int8), math.prod(extents)).reshape(extents)
    return extents, DType.INT8, Quantization((_WEIGHTS,) * count, (0,) * count, axis), values
