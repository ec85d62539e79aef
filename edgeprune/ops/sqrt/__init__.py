"""SQRT of float32; the reference has no other quantized or plain type that converters make."""

from __future__ import annotations

from pathlib import Path

from edgeprune.ops.unary import FloatKernel, Unary

_FOLDER = Path(__file__).parent


class _Float(FloatKernel):
    name = "ep_sqrt_f32"
    folder = _FOLDER
    cycles = 27.0


class Sqrt(Unary):
    """SQRT of float32."""

    name = "SQRT"
    summary = "The square root."
    kernels = (_Float(),)


OPERATOR = Sqrt()
