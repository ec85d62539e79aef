"""ARG_MAX: the place of the greatest value along one axis."""

from __future__ import annotations

from edgeprune.ops.argument import Argument, argument_kernels


class ArgMax(Argument):
    """ARG_MAX of int8 or float32, as in the reference."""

    name = "ARG_MAX"
    summary = "Place of the first greatest value along one axis, as int32 or int64."
    kernels = argument_kernels(least=False)


OPERATOR = ArgMax()
