"""DIV of float32: element-wise quotient with broadcasting."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgeprune.ops import base
from edgeprune.ops.binary import Binary, FloatRows, broadcastable, second_input_alike
from edgeprune.ops.enums import activation_name


@dataclass(frozen=True)
class DivOptions:
    """Options of DIV."""

    activation: str


class _Float(FloatRows):
    name = "ep_div_f32"
    folder = Path(__file__).parent
    cycles = 35.0


class Div(Binary):
    """DIV of float32; the reference has no int8 or int16."""

    name = "DIV"
    summary = "Element-wise quotient of two tensors with broadcasting and fused activation."
    constraints = (base.arithmetic_input_and_output, second_input_alike, broadcastable, base.fused_activation)
    kernels = (_Float(),)

    def decode(self, options: Any) -> DivOptions:
        """Translate `DivOptionsT`."""
        return DivOptions(activation_name(options.fusedActivationFunction))


OPERATOR = Div()
