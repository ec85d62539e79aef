"""MINIMUM: the lesser of two values, compared as they are stored."""

from __future__ import annotations

from pathlib import Path

from edgeprune.ops.binary import Binary, PlainRows

_FOLDER = Path(__file__).parent


class _Int8(PlainRows):
    name = "ep_minimum_s8"
    folder = _FOLDER
    cycles = 12.0


class _Int16(PlainRows):
    name = "ep_minimum_s16"
    types = ("int16",)
    folder = _FOLDER
    cycles = 12.0


class _Float(PlainRows):
    name = "ep_minimum_f32"
    types = ("float32",)
    folder = _FOLDER
    cycles = 16.0


class Minimum(Binary):
    """MINIMUM of int8, int16 or float32."""

    name = "MINIMUM"
    summary = "Element-wise lesser value of two tensors with broadcasting."
    kernels = (_Int8(), _Int16(), _Float())


OPERATOR = Minimum()
