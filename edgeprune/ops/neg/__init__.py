"""NEG of float32; the reference has no other quantized or plain type that converters make."""

from __future__ import annotations

from pathlib import Path

from edgeprune.ops.unary import FloatKernel, Unary

_FOLDER = Path(__file__).parent


class _Float(FloatKernel):
    name = "ep_neg_f32"
    folder = _FOLDER
    cycles = 13.0


class Neg(Unary):
    """NEG of float32."""

    name = "NEG"
    summary = "Minus the input."
    kernels = (_Float(),)


OPERATOR = Neg()
