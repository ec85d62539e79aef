"""What random cases are made of: shapes, windows, quantization parameters, weights."""

from __future__ import annotations

import numpy as np

from support.tflite_model import ACTIVATIONS, ModelBuilder

Random = np.random.Generator


def scale(random: Random) -> float:
    return float(np.float32(np.exp(random.uniform(-6, 0))))


def zero_point(random: Random) -> int:
    return int(random.choice([-128, 127, 0, random.integers(-128, 128)]))


def slide(size: int, window: int, stride: int, dilation: int, padding: str) -> int:
    extent = (window - 1) * dilation + 1
    return -(-size // stride) if padding == "SAME" else (size - extent) // stride + 1


def window(random: Random) -> tuple[tuple[int, int], tuple[int, int], tuple[int, int], str, tuple[int, int]]:
    """Input size, window, stride, padding and output size; the window fits."""
    window = tuple(int(v) for v in random.integers(1, 5, 2))
    stride = tuple(int(v) for v in random.integers(1, 4, 2))
    padding = str(random.choice(["SAME", "VALID"]))
    size = tuple(int(random.integers(w if padding == "VALID" else 1, 11)) for w in window)
    output = tuple(slide(s, w, t, 1, padding) for s, w, t in zip(size, window, stride, strict=True))
    return size, window, stride, padding, output


def activation(random: Random) -> int:
    return ACTIVATIONS[str(random.choice(list(ACTIVATIONS)))]


def weights(
    model: ModelBuilder, random: Random, shape: tuple[int, ...], axis: int, per_channel: bool
) -> tuple[int, np.ndarray]:
    count = shape[axis] if per_channel else 1
    scales = np.exp(random.uniform(-7, -1, count)).astype(np.float32)
    if count > 1 and random.random() < 0.2:
        scales[0] = np.float32(1e-9)  # a channel whose multiplier is next to nothing
    low = -127 if random.random() < 0.8 else -128
    values = random.integers(low, 128, shape, dtype=np.int8)
    if random.random() < 0.15:  # sums as large as they can be
        values = random.choice(np.array([low, 127], np.int8), shape)
    if random.random() < 0.1:
        values = np.full(shape, random.choice([low, 127]), np.int8)
    return model.tensor(shape, "int8", scales, 0, axis, values), scales


def bias(
    model: ModelBuilder, random: Random, channels: int, scale: np.ndarray, largest: int = 1 << 14
) -> tuple[int, ...]:
    values = random.integers(-largest, largest, channels).astype(np.int32)
    return (model.tensor((channels,), "int32", scale, 0, 0, values),)


def output_scale(random: Random, scale_in: float, scales: np.ndarray, depth: int) -> float:
    """A scale at which outputs fill the int8 range, or are clipped, or are tiny."""
    typical = scale_in * float(np.median(scales)) * np.sqrt(depth) * 40
    if random.random() < 0.15:  # multipliers from a little above 2 to a little below 1/8
        typical = scale_in * float(np.median(scales))
        return float(np.float32(typical * np.exp(random.uniform(-1, 2.5))))
    return float(np.float32(typical * np.exp(random.uniform(-3, 3))))
