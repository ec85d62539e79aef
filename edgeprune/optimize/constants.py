"""Computes what does not depend on the model's inputs when the code is generated, not on the device.

Models exported with a dynamic batch derive shapes from shapes (SHAPE, STRIDED_SLICE, PACK,
RESHAPE); with the batch of one that the file states, all of it is constant.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from edgeprune import ops
from edgeprune.graph import OMITTED, Graph, Node, Tensor


def fold_constants(graph: Graph) -> Graph:
    """The graph without the nodes whose outputs are known; their outputs are constants.

    Outputs of the whole graph stay computed: a caller reads them from the arena.
    """
    tensors, nodes = list(graph.tensors), []
    fixed = {*graph.outputs, *(state.tensor for state in graph.states)}
    for node in graph.nodes:
        current = replace(graph, tensors=tuple(tensors))
        values = None if fixed & set(node.outputs) else _values(current, node)
        if values is None:
            nodes.append(node)
            continue
        for index, value in zip(node.outputs, values, strict=True):
            tensors[index] = _constant(tensors[index], value)
    return replace(graph, tensors=tuple(tensors), nodes=tuple(nodes))


def _values(graph: Graph, node: Node) -> tuple[npt.NDArray[np.generic], ...] | None:
    operator = ops.find(node.op)
    if operator is None or OMITTED in node.outputs:
        return None
    known = all(graph.tensors[i].is_constant for i in node.inputs if i != OMITTED)
    if not (known or operator.needs_shapes_only) or operator.fault(graph, node):
        return None
    return operator.evaluate(graph, node)


def _constant(tensor: Tensor, value: npt.NDArray[np.generic]) -> Tensor:
    data = np.ascontiguousarray(value, dtype=tensor.dtype.numpy).reshape(tensor.shape)
    data.setflags(write=False)
    return replace(tensor, data=data)
