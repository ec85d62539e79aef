"""TRANSPOSE_CONV of int8, int16x8 and float32."""

from __future__ import annotations

from functools import partial

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from support.operator_cases import draw
from support.operator_cases.draw import Random
from support.tflite_model import PADDINGS, ModelBuilder


def transpose_conv(dtype: str, model: ModelBuilder, random: Random) -> None:
    enlarged, window, stride, padding, size = draw.window(random)
    depth, channels, batch = (int(v) for v in random.integers(1, (10, 8, 3)))
    options = schema.TransposeConvOptionsT()
    options.padding, options.fusedActivationFunction = PADDINGS[padding], draw.activation(random)
    options.strideH, options.strideW = stride
    shape, made = (batch, *size, depth), (batch, *enlarged, channels)
    bound = model.tensor((4,), "int32", data=np.array(made, np.int32))
    if dtype == "float32":
        source, result = model.input(shape, dtype), model.tensor(made, dtype)
        weights = model.tensor((channels, *window, depth), dtype, data=random.normal(0, 1, (channels, *window, depth)))
        bias = model.tensor((channels,), dtype, data=random.normal(0, 1, channels))
    else:
        scale = draw.scale(random) * (1 if dtype == "int8" else 1 / 256)
        zeros = [draw.zero_point(random) if dtype == "int8" else 0 for _ in range(2)]
        source = model.input(shape, dtype, scale=scale, zero_point=zeros[0])
        weights, scales = draw.weights(model, random, (channels, *window, depth), 0, bool(random.random() < 0.8))
        kind, limit = ("int32", 1 << 14) if dtype == "int8" else ("int64", 1 << 24)
        options.quantizedBiasType = getattr(schema.TensorType, kind.upper())
        values = random.integers(-limit, limit, channels)
        bias = model.tensor((channels,), kind, scales * np.float32(scale), 0, 0, values)
        depth_met = depth * window[0] * window[1] / (stride[0] * stride[1])
        result = model.tensor(
            made, dtype, scale=draw.output_scale(random, scale, scales, max(depth_met, 1)), zero_point=zeros[1]
        )
    given = (bound, weights, source, bias) if random.random() < 0.7 else (bound, weights, source)
    model.operator("TRANSPOSE_CONV", given, (result,), options)
    model.output(result)


CASES = {
    "TRANSPOSE_CONV": partial(transpose_conv, "int8"),
    "TRANSPOSE_CONV int16": partial(transpose_conv, "int16"),
    "TRANSPOSE_CONV float32": partial(transpose_conv, "float32"),
}
