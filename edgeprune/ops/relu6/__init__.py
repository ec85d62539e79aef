"""RELU6 as an operator of its own."""

from __future__ import annotations

from edgeprune.ops.rectifier import rectifier_kernels
from edgeprune.ops.unary import Unary


class Relu6(Unary):
    """RELU6 of int8, int16 or float32."""

    name = "RELU6"
    summary = "Rescales and limits to the range 0 to 6."
    kernels = rectifier_kernels("RELU6")


OPERATOR = Relu6()
