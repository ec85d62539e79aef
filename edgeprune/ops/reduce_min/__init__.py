"""REDUCE_MIN along axes."""

from __future__ import annotations

from pathlib import Path

from edgeprune.ops import base
from edgeprune.ops.reduction import PlainReduction, Reduction

_FOLDER = Path(__file__).parent


class _Int8(PlainReduction):
    name = "ep_reduce_min_s8"
    folder = _FOLDER
    cycles = (10.0, 40.0)


class _Int16(PlainReduction):
    name = "ep_reduce_min_s16"
    types = ("int16",)
    folder = _FOLDER
    cycles = (10.0, 40.0)


class _Float(PlainReduction):
    name = "ep_reduce_min_f32"
    types = ("float32",)
    folder = _FOLDER
    cycles = (14.0, 40.0)


class ReduceMin(Reduction):
    """REDUCE_MIN of int8, int16 or float32."""

    name = "REDUCE_MIN"
    summary = "Least value along any axes."
    constraints = (*Reduction.constraints, base.same_quantization)
    kernels = (_Int8(), _Int16(), _Float())


OPERATOR = ReduceMin()
