"""ARG_MIN: the place of the least value along one axis."""

from __future__ import annotations

from edgeprune.ops.argument import Argument, argument_kernels


class ArgMin(Argument):
    """ARG_MIN of int8 or float32, as in the reference."""

    name = "ARG_MIN"
    summary = "Place of the first least value along one axis, as int32 or int64."
    kernels = argument_kernels(least=True)


OPERATOR = ArgMin()
