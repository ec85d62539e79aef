"""Operators along axes: sums, means, extremes, their places, and normalization; of int8, int16 and float32."""

from __future__ import annotations

from functools import partial

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from support.operator_cases import draw
from support.operator_cases.draw import Random
from support.tflite_model import ModelBuilder

_TYPES = ("int8", "int16", "float32")


def _quantization(dtype: str, random: Random) -> dict[str, float]:
    if dtype == "float32":
        return {}
    return {"scale": draw.scale(random), "zero_point": draw.zero_point(random) if dtype == "int8" else 0}


def _output_quantization(name: str, dtype: str, given: dict[str, float], random: Random) -> dict[str, float]:
    free = name == "MEAN" or (name == "SUM" and dtype == "int8")
    if not given or not free or random.random() < 0.3:
        return given
    found = _quantization(dtype, random)
    return {**found, "scale": given["scale"] * float(np.exp(random.uniform(-2, 4 if name == "SUM" else 2)))}


def reduction(name: str, dtype: str, model: ModelBuilder, random: Random) -> None:
    rank = int(random.integers(1, 5))
    shape = tuple(int(v) for v in random.integers(1, 9, rank))
    axes = sorted(int(v) for v in random.choice(rank, int(random.integers(1, rank + 1)), replace=False))
    given = [axis - rank if random.random() < 0.3 else axis for axis in axes]
    options = schema.ReducerOptionsT()
    options.keepDims = bool(random.random() < 0.5)
    quantization = _quantization(dtype, random)
    source = model.input(shape, dtype, **quantization)
    table = model.tensor((len(given),), "int32", data=np.array(given, np.int32))
    kept = [1 if i in axes else s for i, s in enumerate(shape)]
    reduced = kept if options.keepDims else [s for i, s in enumerate(shape) if i not in axes]
    result = model.tensor(reduced, dtype, **_output_quantization(name, dtype, quantization, random))
    model.operator(name, (source, table), (result,), options)
    model.output(result)


def place(name: str, dtype: str, model: ModelBuilder, random: Random) -> None:
    rank = int(random.integers(1, 5))
    shape = tuple(int(v) for v in random.integers(1, 9, rank))
    axis = int(random.integers(-rank, rank))
    kind = str(random.choice(["int32", "int64"]))
    options = schema.ArgMaxOptionsT() if name == "ARG_MAX" else schema.ArgMinOptionsT()
    options.outputType = getattr(schema.TensorType, kind.upper())
    source = model.input(shape, dtype, **_quantization(dtype, random))
    table = model.tensor((), str(random.choice(["int32", "int64"])), data=np.array(axis))
    result = model.tensor([s for i, s in enumerate(shape) if i != axis % rank], kind)
    model.operator(name, (source, table), (result,), options)
    model.output(result)


def l2_normalization(dtype: str, model: ModelBuilder, random: Random) -> None:
    shape = (*(int(v) for v in random.integers(1, 5, int(random.integers(0, 4)))), int(random.integers(1, 70)))
    source = model.input(shape, dtype, **_quantization(dtype, random))
    made = {"scale": 1 / 128, "zero_point": 0} if dtype == "int8" else {}
    result = model.tensor(shape, dtype, **made)
    model.operator("L2_NORMALIZATION", (source,), (result,), schema.L2NormOptionsT())
    model.output(result)


def _key(name: str, dtype: str) -> str:
    return name if dtype == "int8" else f"{name} {dtype}"


CASES = {
    **{_key(n, t): partial(reduction, n, t) for n in ("REDUCE_MAX", "REDUCE_MIN", "SUM") for t in _TYPES},
    **{_key("MEAN", t): partial(reduction, "MEAN", t) for t in ("int16", "float32")},
    **{_key(n, t): partial(place, n, t) for n in ("ARG_MAX", "ARG_MIN") for t in ("int8", "float32")},
    **{_key("L2_NORMALIZATION", t): partial(l2_normalization, t) for t in ("int8", "float32")},
}
