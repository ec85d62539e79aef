"""RELU as an operator of its own."""

from __future__ import annotations

from edgeprune.ops.rectifier import rectifier_kernels
from edgeprune.ops.unary import Unary


class Relu(Unary):
    """RELU of int8, int16 or float32."""

    name = "RELU"
    summary = "Rescales and limits to 0 and above."
    kernels = rectifier_kernels("RELU")


OPERATOR = Relu()
