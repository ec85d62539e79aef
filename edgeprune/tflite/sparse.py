"""TFLite's sparse encoding, by which constants keep only what is not zero, made dense for the graph.

A file names such a constant as the input of a DENSIFY, and layers read its output.  In the graph
the output is the constant, and DENSIFY is gone.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
from ai_edge_litert import schema_py_generated as schema

from edgeprune.graph import Graph

_DENSIFY = "DENSIFY"
Numbers = npt.NDArray[np.int64]


def is_sparse(model: Any) -> bool:
    """Whether any constant of a file's `ModelT` is in the sparse encoding."""
    return any(tensor.sparsity is not None for subgraph in model.subgraphs for tensor in subgraph.tensors)


def dense_values(values: npt.NDArray[np.generic], shape: tuple[int, ...], sparsity: Any) -> npt.NDArray[np.generic]:
    """The tensor whose stored elements are `values`, in the order that `sparsity` says.

    Raises:
        ValueError: they contradict each other.  Damage also shows as IndexError.
    """
    size = int(np.prod(shape, dtype=np.int64))
    places, extents = np.zeros((1, 0), np.int64), []
    for dimension in sparsity.dimMetadata:
        if dimension.format == schema.DimensionType.SPARSE_CSR:
            counts = np.diff(np.asarray(dimension.arraySegments.values, np.int64))
            numbers = np.asarray(dimension.arrayIndices.values, np.int64)
        else:
            if len(places) * dimension.denseSize > size:
                raise ValueError("a sparse tensor describes more elements than it has")
            counts = np.full(len(places), dimension.denseSize)
            numbers = np.tile(np.arange(dimension.denseSize), len(places))
        places = np.column_stack([np.repeat(places, counts, axis=0), numbers])
        extents.append(int(dimension.denseSize))
    dense = np.zeros(shape, values.dtype)
    dense[_indices(places, extents, len(shape), sparsity)] = values
    return dense


def _indices(places: Numbers, extents: list[int], rank: int, sparsity: Any) -> tuple[Numbers, ...]:
    """Per dimension of the tensor the index of each stored element: that of its block, and that within."""
    order = [int(dimension) for dimension in sparsity.traversalOrder]
    blocked = [] if sparsity.blockMap is None else [int(dimension) for dimension in sparsity.blockMap]
    if sorted(order) != list(range(rank + len(blocked))) or (places < 0).any():
        raise ValueError("a sparse tensor names dimensions that it does not have")
    found = [places[:, order.index(dimension)] for dimension in range(rank)]
    for number, dimension in enumerate(blocked):
        level = order.index(rank + number)
        found[dimension] = found[dimension] * extents[level] + places[:, level]
    return tuple(found)


def without_densify(graph: Graph) -> Graph:
    """The graph with the outputs of DENSIFY as constants."""
    tensors, nodes = list(graph.tensors), []
    for node in graph.nodes:
        if node.op != _DENSIFY or tensors[node.inputs[0]].data is None:
            nodes.append(node)
            continue
        source, result = node.inputs[0], node.outputs[0]
        tensors[result] = replace(tensors[result], data=tensors[source].data)
    if len(nodes) == len(graph.nodes):
        return graph
    used = {index for node in nodes for index in node.inputs}
    sources = {node.inputs[0] for node in graph.nodes if node.op == _DENSIFY} - used
    kept = tuple(replace(tensor, data=None) if i in sources else tensor for i, tensor in enumerate(tensors))
    return replace(graph, tensors=kept, nodes=tuple(nodes))
