"""MAX_POOL_2D: the largest value under a sliding window."""

from __future__ import annotations

from pathlib import Path

from edgeprune.graph import Graph, Node
from edgeprune.ops.base import KernelCode
from edgeprune.ops.pooled import MAX_CYCLES
from edgeprune.ops.pooling import NeonPoolKernel, Pool2D, PoolKernel, WordPoolKernel, wide_kernels

_FOLDER = Path(__file__).parent


class _Plain(PoolKernel):
    name = "ep_max_pool_2d_s8"
    folder = _FOLDER
    fixed_cycles = 12.0


class _Dsp(WordPoolKernel):
    name = "ep_max_pool_2d_s8_dsp"
    folder = _FOLDER
    cycles = MAX_CYCLES

    def emit(self, graph: Graph, node: Node) -> KernelCode:
        return KernelCode((), (self.pool_field(graph, node, 0, "NULL"),))


class _Neon(NeonPoolKernel):
    name = "ep_max_pool_2d_s8_neon"
    folder = _FOLDER
    instructions = 6.0, 46.0


class MaxPool2D(Pool2D):
    """MAX_POOL_2D over int8."""

    name = "MAX_POOL_2D"
    summary = "Maximum over a window with stride, SAME or VALID padding and fused activation."
    kernels = (_Plain(), _Dsp(), _Neon(), *wide_kernels(average=False))


OPERATOR = MaxPool2D()
