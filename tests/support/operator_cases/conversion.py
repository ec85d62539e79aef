"""Operators that change a tensor's type or scale."""

from __future__ import annotations

from functools import partial

from ai_edge_litert import schema_py_generated as schema

from support.operator_cases import draw
from support.operator_cases.draw import Random
from support.tflite_model import ModelBuilder

#: Types that QUANTIZE makes of each.
_OUTPUTS = {
    "float32": ("int8", "uint8", "int16"),
    "int8": ("int8", "uint8"),
    "uint8": ("int8", "uint8"),
    "int16": ("int8", "int16", "int32"),
    "int32": ("int8", "int16"),
}


def _scale(random: Random, dtype: str) -> dict[str, float]:
    """Scale and zero point; the wide types have none but 0."""
    if dtype in {"int16", "int32"}:
        return {"scale": draw.scale(random) / 100, "zero_point": 0}
    zero = draw.zero_point(random)
    return {"scale": draw.scale(random), "zero_point": zero + 128 if dtype == "uint8" else zero}


def quantize(model: ModelBuilder, random: Random, source_type: str) -> None:
    """To each type that the reference makes of the source's."""
    shape = (1, int(random.integers(1, 40)))
    dtype = str(random.choice(_OUTPUTS[source_type]))
    scale = {} if source_type == "float32" else _scale(random, source_type)
    source = model.input(shape, source_type, **scale)
    result = model.tensor(shape, dtype, **_scale(random, dtype))
    model.operator("QUANTIZE", (source,), (result,), schema.QuantizeOptionsT())
    model.output(result)


def dequantize(model: ModelBuilder, random: Random, source_type: str) -> None:
    """To float32."""
    shape = (1, int(random.integers(1, 40)))
    source = model.input(shape, source_type, **_scale(random, source_type))
    result = model.tensor(shape, "float32")
    model.operator("DEQUANTIZE", (source,), (result,), schema.DequantizeOptionsT())
    model.output(result)


def _key(name: str, dtype: str) -> str:
    return name if dtype == "int8" else f"{name} {dtype}"


CASES = {
    **{_key("QUANTIZE", dtype): partial(quantize, source_type=dtype) for dtype in _OUTPUTS},
    **{_key("DEQUANTIZE", dtype): partial(dequantize, source_type=dtype) for dtype in ("int8", "uint8", "int16")},
}
