"""Operators whose output has elements of the input at any combination of indices: tables per dimension."""

from __future__ import annotations

import abc
import math
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from edgeprune import runtime
from edgeprune.graph import Graph, Node
from edgeprune.ops import geometry, moves
from edgeprune.ops.base import CArray, CField, Cost, Kernel, KernelCode, Operator
from edgeprune.ops.moves import Array
from edgeprune.targets import Cpu

#: Dimensions of `ep_pick`.
_DIMENSIONS = 4
Indices = npt.NDArray[np.int64]


class PickKernel(Kernel):
    """`ep_pick`; a subclass says which indices."""

    name = "ep_pick"
    folder = runtime.FOLDER
    types: ClassVar[tuple[str, ...]] = moves.ALL_TYPES
    code_bytes = 400

    @abc.abstractmethod
    def indices(self, graph: Graph, node: Node) -> tuple[Indices, ...]:
        """Per dimension the input's index for each index of the output."""

    def tables(self, graph: Graph, node: Node) -> tuple[list[Indices], int]:
        """Per dimension that is not taken as it is the bytes to each index, and the bytes that lie together."""
        source = graph.required(node, 0)
        step = run = source.dtype.itemsize
        found: list[Indices] = []
        for extent, chosen in reversed(list(zip(source.shape, self.indices(graph, node), strict=True))):
            whole = np.array_equal(chosen, np.arange(extent))
            if whole and not found:
                run *= extent
            elif not (whole and extent == 1):
                found.insert(0, chosen * step)
            step *= extent
        return found, run

    def supports(self, graph: Graph, node: Node) -> bool:
        """Whether few enough dimensions are left."""
        return len(self.tables(graph, node)[0]) <= _DIMENSIONS

    def cost(self, graph: Graph, node: Node, cpu: Cpu) -> Cost:
        """By the length of runs."""
        tables, run = self.tables(graph, node)
        columns = len(tables[-1]) if tables else 1
        rows = math.prod(len(table) for table in tables[:-1])
        repeats = int(np.count_nonzero(np.diff(tables[-2]) == 0)) if len(tables) > 1 else 0
        copied = rows // len(tables[-2]) * repeats if repeats else 0
        each = 8.0 if run == 1 else moves.run_cycles(run) + 16.0
        return Cost(50.0 + (rows - copied) * (25.0 + each * columns) + copied * (60.0 + 0.7 * run * columns))

    def emit(self, graph: Graph, node: Node) -> KernelCode:
        """The tables of the dimensions."""
        tables, run = self.tables(graph, node)
        padded = [np.zeros(1, np.int64)] * (_DIMENSIONS - len(tables)) + tables
        arrays = tuple(CArray("int32_t", f"table{i}", table.astype(np.int32)) for i, table in enumerate(padded))
        fields = (
            CField("table", "{" + ", ".join(f"{{array:{array.suffix}}}" for array in arrays) + "}"),
            CField("extent", geometry.numbers(tuple(len(table) for table in padded))),
            CField("run", str(run)),
        )
        return KernelCode(arrays, fields)


class Picking(Operator):
    """An operator that takes elements by indices which are known when the code is generated."""

    kernels: ClassVar[tuple[PickKernel, ...]]

    def evaluate(self, graph: Graph, node: Node) -> tuple[Array, ...]:
        """The elements of the constant."""
        return (graph.required(node, 0).constant()[np.ix_(*self.kernels[0].indices(graph, node))],)
