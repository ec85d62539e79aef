"""SPLIT: a tensor cut into equal parts along a dimension."""

from __future__ import annotations

import numpy as np

from edgeprune.graph import Graph, Node
from edgeprune.ops import base, moves
from edgeprune.ops.moves import Array, SplitKernel


def _axis(graph: Graph, node: Node) -> int:
    """Counted from the front."""
    return int(graph.required(node, 0).constant().reshape(-1)[0]) % len(graph.required(node, 1).shape)


def axis_of_the_input(graph: Graph, node: Node) -> str | None:
    """The axis is a dimension of the input."""
    return moves.axis_within(int(graph.required(node, 0).constant().reshape(-1)[0]), len(graph.required(node, 1).shape))


def equal_parts(graph: Graph, node: Node) -> str | None:
    """The parts are equally large, and of the input's type."""
    source, axis = graph.required(node, 1), _axis(graph, node)
    outputs = [graph.output(node, i) for i in range(len(node.outputs))]
    if source.shape[axis] % len(outputs):
        return f"{source.shape[axis]} into {len(outputs)}"
    different = {(output.shape, output.dtype) for output in outputs} - {(outputs[0].shape, source.dtype)}
    return f"{source.dtype.value} into {[output.dtype.value for output in outputs]}" if different else None


class _Kernel(SplitKernel):
    types = ("float32", "int16", "int32", "int64", "int8", "uint8")

    def parts(self, graph: Graph, node: Node) -> tuple[int, tuple[int, ...]]:
        return moves.parts_along(_axis(graph, node), [graph.output(node, i) for i in range(len(node.outputs))])


class Split(base.Operator):
    """SPLIT along a constant axis."""

    name = "SPLIT"
    summary = "A tensor cut into equal parts along a dimension."
    constraints = (moves.constant((0,), "The axis is"), axis_of_the_input, equal_parts)
    kernels = (_Kernel(),)
    typed_input = 1

    def output_shape(self, graph: Graph, node: Node) -> tuple[int, ...]:
        """The input's shape, its axis divided by the number of outputs."""
        axis, shape = _axis(graph, node), graph.required(node, 1).shape
        return (*shape[:axis], shape[axis] // len(node.outputs), *shape[axis + 1 :])

    def operands(self, graph: Graph, node: Node) -> tuple[int, ...]:
        """The tensor that is cut."""
        return node.inputs[1:2]

    def evaluate(self, graph: Graph, node: Node) -> tuple[Array, ...]:
        """The constant's parts."""
        return tuple(np.split(graph.required(node, 1).constant(), len(node.outputs), _axis(graph, node)))


OPERATOR = Split()
