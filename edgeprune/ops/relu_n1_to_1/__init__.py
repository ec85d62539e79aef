"""RELU_N1_TO_1 as an operator of its own."""

from __future__ import annotations

from edgeprune.ops.rectifier import rectifier_kernels
from edgeprune.ops.unary import Unary


class ReluN1To1(Unary):
    """RELU_N1_TO_1 of int8 or float32; the reference has no int16."""

    name = "RELU_N1_TO_1"
    summary = "Rescales and limits to the range -1 to 1."
    kernels = rectifier_kernels("RELU_N1_TO_1", int16=False)


OPERATOR = ReluN1To1()
