"""AVERAGE_POOL_2D: the mean under a sliding window, of the taps that lie inside the input."""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edgeprune.graph import Graph, Node
from edgeprune.ops.arithmetic import activation_range
from edgeprune.ops.base import CArray, KernelCode
from edgeprune.ops.pooled import AVERAGE_CYCLES, MOST_TAPS, Average, fit_average
from edgeprune.ops.pooling import (
    NeonPoolKernel,
    Pool2D,
    PoolKernel,
    WordPoolKernel,
    pool_options,
    taps_inside,
    wide_kernels,
)

_FOLDER = Path(__file__).parent


class _Plain(PoolKernel):
    name = "ep_average_pool_2d_s8"
    folder = _FOLDER
    fixed_cycles = 30.0

    def scratch_bytes(self, graph: Graph, node: Node) -> int:
        return 4 * graph.output(node).shape[3]


@functools.lru_cache(maxsize=256)
def _average(taps: int, bounds: tuple[int, int]) -> Average | None:
    """What divides sums of so many taps as the reference does: half away from zero."""

    def divided(sums: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        rounded: npt.NDArray[np.int64] = np.sign(sums) * ((np.abs(sums) + taps // 2) // taps)
        return rounded.clip(*bounds)

    return fit_average(taps, 1 / taps, divided, bounds)


class _Dsp(WordPoolKernel):
    name = "ep_average_pool_2d_s8_dsp"
    folder = _FOLDER
    cycles = AVERAGE_CYCLES

    def supports(self, graph: Graph, node: Node) -> bool:
        return super().supports(graph, node) and None not in self._averages(graph, node).values()

    @staticmethod
    def _averages(graph: Graph, node: Node) -> dict[int, Average | None]:
        """By the numbers of taps that there are."""
        bounds = activation_range(pool_options(node).activation, graph.output(node))
        rows, columns = taps_inside(graph, node)
        return {taps: _average(taps, bounds) for taps in sorted({r * c for r in rows for c in columns})}

    def emit(self, graph: Graph, node: Node) -> KernelCode:
        averages = self._averages(graph, node)
        fewest = min(averages)
        table = np.zeros((max(averages) - fewest + 1, 3), np.int64)
        for taps, average in averages.items():
            if average:
                table[taps - fewest] = average.factor, average.offset, average.away_halves
        field = self.pool_field(graph, node, fewest, "{array:averages}")
        return KernelCode((CArray("int32_t", "averages", table.astype(np.int32)),), (field,))


class _Neon(NeonPoolKernel):
    name = "ep_average_pool_2d_s8_neon"
    folder = _FOLDER
    instructions = 8.0, 66.0

    def supports(self, graph: Graph, node: Node) -> bool:
        rows, columns = taps_inside(graph, node)
        return super().supports(graph, node) and max(rows) * max(columns) <= MOST_TAPS


class AveragePool2D(Pool2D):
    """AVERAGE_POOL_2D over int8."""

    name = "AVERAGE_POOL_2D"
    summary = "Average over a window with stride, SAME or VALID padding and fused activation."
    kernels = (_Plain(), _Dsp(), _Neon(), *wide_kernels(average=True))


OPERATOR = AveragePool2D()
