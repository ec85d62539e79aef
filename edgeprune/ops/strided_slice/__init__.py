"""STRIDED_SLICE: elements at equal distances along each dimension, as Python's indexing writes it."""

from __future__ import annotations

from dataclasses import dataclass
from types import EllipsisType
from typing import Any, cast

import numpy as np

from edgeprune.graph import Graph, Node
from edgeprune.ops import moves
from edgeprune.ops.moves import Array, MoveKernel, Movement


@dataclass(frozen=True)
class StridedSliceOptions:
    """Options of STRIDED_SLICE: sets of positions within begin, end and strides, as bits.

    Attributes:
        begin, end: Where the slice begins or ends with the dimension.
        ellipsis: Where all dimensions stand that nothing else names.
        new_axis: Where a dimension of extent 1 is put in.
        shrink: Where one index is taken, and the dimension goes.
        offset: Whether ends count from the beginnings.
    """

    begin: int
    end: int
    ellipsis: int
    new_axis: int
    shrink: int
    offset: bool


def _options(node: Node) -> StridedSliceOptions:
    return cast(StridedSliceOptions, node.options)


def _index(graph: Graph, node: Node) -> tuple[int | slice | EllipsisType | None, ...]:
    """What stands between the brackets in Python."""
    options = _options(node)
    table = zip(*(graph.required(node, i).constant().reshape(-1).tolist() for i in (1, 2, 3)), strict=True)
    found: list[int | slice | EllipsisType | None] = []
    for position, (begin, end, stride) in enumerate(table):
        bit = 1 << position
        if options.ellipsis & bit:
            found.append(...)
        elif options.new_axis & bit:
            found.append(None)
        elif options.shrink & bit:
            found.append(int(begin))
        else:
            start, stop = (
                None if mask & bit else value for mask, value in ((options.begin, begin), (options.end, end))
            )
            found.append(slice(start, stop, int(stride)))
    # An ellipsis keeps numpy from making a scalar, which is no view.
    return tuple(found) if options.ellipsis else (*found, ...)


def fitting_tables(graph: Graph, node: Node) -> str | None:
    """Begin, end and strides have equally many numbers, no stride is 0, and ends do not count from beginnings."""
    tables = [graph.required(node, i).constant() for i in (1, 2, 3)]
    if len({table.size for table in tables}) != 1 or not np.all(tables[2]):
        return str([table.tolist() for table in tables])
    return "they do" if _options(node).offset else None


def within_the_input(graph: Graph, node: Node) -> str | None:
    """Indices lie within the input, and at least one element is taken."""
    index, shape = _index(graph, node), graph.required(node, 0).shape
    try:
        size = np.broadcast_to(np.int8(0), shape)[index].size
    except IndexError as error:
        return str(error)
    return None if size else f"{index} of {shape}"


def ellipsis_of_some(graph: Graph, node: Node) -> str | None:
    """An ellipsis stands for at least one dimension, and input and new dimensions are at most five."""
    options, rank = _options(node), len(graph.required(node, 0).shape)
    count = graph.required(node, 1).size
    added = (options.new_axis & ~options.ellipsis & ((1 << count) - 1)).bit_count()
    if rank + added > 5:
        return f"they are {rank} and {added}"
    left = rank - (count - added - 1)
    return f"it stands for {left}" if options.ellipsis and left < 1 else None


class _Kernel(MoveKernel):
    def view(self, graph: Graph, node: Node, source: Array) -> Array:
        view: Array = source[_index(graph, node)]
        return view


class StridedSlice(Movement):
    """STRIDED_SLICE with constant begin, end and strides."""

    name = "STRIDED_SLICE"
    summary = "Elements at equal distances along each dimension, with all masks."
    constraints = (
        moves.same_type,
        moves.constant((1, 2, 3), "Begin, end and strides are"),
        fitting_tables,
        ellipsis_of_some,
        within_the_input,
    )
    kernels = (_Kernel(),)

    def decode(self, options: Any) -> StridedSliceOptions:
        """Translate `StridedSliceOptionsT`."""
        return StridedSliceOptions(
            options.beginMask,
            options.endMask,
            options.ellipsisMask,
            options.newAxisMask,
            options.shrinkAxisMask,
            bool(options.offset),
        )

    def output_shape(self, graph: Graph, node: Node) -> tuple[int, ...]:
        """What the indexing leaves."""
        return np.broadcast_to(np.int8(0), graph.required(node, 0).shape)[_index(graph, node)].shape


OPERATOR = StridedSlice()
