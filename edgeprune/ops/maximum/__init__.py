"""MAXIMUM: the greater of two values, compared as they are stored."""

from __future__ import annotations

from pathlib import Path

from edgeprune.ops.binary import Binary, PlainRows

_FOLDER = Path(__file__).parent


class _Int8(PlainRows):
    name = "ep_maximum_s8"
    folder = _FOLDER
    cycles = 12.0


class _Int16(PlainRows):
    name = "ep_maximum_s16"
    types = ("int16",)
    folder = _FOLDER
    cycles = 12.0


class _Float(PlainRows):
    name = "ep_maximum_f32"
    types = ("float32",)
    folder = _FOLDER
    cycles = 16.0


class Maximum(Binary):
    """MAXIMUM of int8, int16 or float32."""

    name = "MAXIMUM"
    summary = "Element-wise greater value of two tensors with broadcasting."
    kernels = (_Int8(), _Int16(), _Float())


OPERATOR = Maximum()
