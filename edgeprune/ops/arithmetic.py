"""Fixed-point arithmetic of TFLite's 8-bit quantization, computed when code is generated.

Sources: the TFLite 8-bit quantization specification and the kernels' preparation
code, whose results must be matched bit by bit (`kernels/internal/quantization_util`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgeprune.graph import Tensor


@dataclass(frozen=True)
class Multiplier:
    """A positive real as `mantissa * 2**(shift - 31)`, mantissa in [2**30, 2**31) or 0."""

    mantissa: int
    shift: int

    def shifted(self, bits: int) -> Multiplier:
        """The number times 2**bits."""
        return Multiplier(self.mantissa, self.shift + bits)


def quantize_multiplier(real: float) -> Multiplier:
    """Express a real number >= 0 as fixed-point multiplier.

    The mantissa is rounded half away from zero; a number below 2**-31 becomes 0.
    """
    if real == 0:
        return Multiplier(0, 0)
    fraction, shift = math.frexp(real)
    mantissa = math.floor(fraction * (1 << 31) + 0.5)
    if mantissa == 1 << 31:
        mantissa //= 2
        shift += 1
    if shift < -31:
        return Multiplier(0, 0)
    return Multiplier(mantissa, shift)


def requantize(
    values: npt.NDArray[np.int64], mantissas: npt.NDArray[np.int64] | int, shifts: npt.NDArray[np.int64] | int
) -> npt.NDArray[np.int64]:
    """The kernels' `ep_requantize` over arrays: values * mantissa * 2**(shift - 31), rounded in its two steps.

    Args:
        values: int64; times 2**shift, where the shift is positive, they must fit 32 bits.
        mantissas: One for all, or one per index of the last axis.
        shifts: Likewise, each at least -31.
    """
    left = np.maximum(shifts, 0)
    right = left - shifts
    product = ((values << left) * mantissas + (1 << 30)) >> 31
    mask = (np.int64(1) << right) - 1
    rounded: npt.NDArray[np.int64] = (product >> right) + ((product & mask) > (mask >> 1) + (product < 0))
    return rounded


def channel_multipliers(source: Tensor, weights: Tensor, output: Tensor, channels: int) -> tuple[Multiplier, ...]:
    """One multiplier per output channel: input scale * weight scale / output scale, in double."""
    scale_in, scale_out = source.quantized().scale, output.quantized().scale
    scales = weights.quantized().scales
    per_channel = scales if len(scales) == channels else scales * channels
    return tuple(quantize_multiplier(scale_in * scale / scale_out) for scale in per_channel)


def tensor_multiplier(source: Tensor, weights: Tensor, output: Tensor) -> Multiplier:
    """The multiplier of a layer whose kernel takes the product of the two scales in float32.

    FULLY_CONNECTED with per-tensor weights does so; the convolutions take it in double.
    """
    product = np.float32(source.quantized().scale) * np.float32(weights.quantized().scale)
    return quantize_multiplier(float(product) / output.quantized().scale)


def activation_range(activation: str, output: Tensor) -> tuple[int, int]:
    """Clamping range of a fused activation in the output's quantization.

    Args:
        activation: NONE, RELU, RELU_N1_TO_1 or RELU6.
        output: The int8 or int16 output tensor.
    """
    limits = np.iinfo(output.dtype.numpy.name)
    quantization = output.quantized()

    def quantize(real: float) -> int:
        # float32 division, rounded half away from zero, as the kernels' preparation does
        steps = float(np.float32(real) / np.float32(quantization.scale))
        return quantization.zero_point + int(math.copysign(math.floor(abs(steps) + 0.5), steps))

    bounds = {"NONE": (None, None), "RELU": (0.0, None), "RELU_N1_TO_1": (-1.0, 1.0), "RELU6": (0.0, 6.0)}
    low, high = bounds[activation]
    return (
        limits.min if low is None else max(limits.min, quantize(low)),
        limits.max if high is None else min(limits.max, quantize(high)),
    )
