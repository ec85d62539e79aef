"""SUB: element-wise difference with broadcasting."""

from __future__ import annotations

from pathlib import Path

from edgeprune.ops.add import INT8_KERNELS
from edgeprune.ops.binary import FloatRows
from edgeprune.ops.sums import INT16_KERNELS, Sum


class _Float(FloatRows):
    name = "ep_sub_f32"
    folder = Path(__file__).parent
    cycles = 22.0


class Sub(Sum):
    """SUB of int8, int16 or float32."""

    name = "SUB"
    summary = "Element-wise difference of two tensors with broadcasting and fused activation."
    kernels = (*INT8_KERNELS, *INT16_KERNELS, _Float())


OPERATOR = Sub()
