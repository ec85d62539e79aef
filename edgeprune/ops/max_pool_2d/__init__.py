"""MAX_POOL_2D: the largest value under a sliding window."""

from __future__ import annotations

from pathlib import Path

from edgeprune.ops.pooling import Pool2D, PoolKernel


class _Plain(PoolKernel):
    name = "ep_max_pool_2d_s8"
    folder = Path(__file__).parent
    fixed_cycles = 12.0


class MaxPool2D(Pool2D):
    """MAX_POOL_2D over int8."""

    name = "MAX_POOL_2D"
    summary = "Maximum over a window with stride, SAME or VALID padding and fused activation."
    kernels = (_Plain(),)


OPERATOR = MaxPool2D()
