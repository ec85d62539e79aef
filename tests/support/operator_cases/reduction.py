"""Operators that make one value of many, and softmax."""

from __future__ import annotations

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from support.operator_cases import draw
from support.operator_cases.draw import Random
from support.tflite_model import ModelBuilder


def mean(model: ModelBuilder, random: Random) -> None:
    rank = int(random.integers(1, 5))
    shape = tuple(int(v) for v in random.integers(1, random.choice([9, 17]), rank))
    if random.random() < 0.4:
        shape = (*shape[:-1], int(random.integers(1, 40)))
    count = int(random.integers(1, rank + 1))
    axes = sorted(int(v) for v in random.choice(rank, count, replace=False))
    if rank == 4 and random.random() < 0.4:
        axes = [1, 2]
    given = [axis - rank if random.random() < 0.3 else axis for axis in axes]
    options = schema.ReducerOptionsT()
    options.keepDims = bool(random.random() < 0.5)
    scale, zero = draw.scale(random), draw.zero_point(random)
    source = model.input(shape, scale=scale, zero_point=zero)
    table = model.tensor((len(given),), "int32", data=np.array(given, np.int32))
    if random.random() < 0.7:
        scale, zero = scale * float(np.exp(random.uniform(-2, 2))), draw.zero_point(random)
    kept = [1 if i in axes else s for i, s in enumerate(shape)]
    reduced = kept if options.keepDims else [s for i, s in enumerate(shape) if i not in axes]
    result = model.tensor(reduced, scale=scale, zero_point=zero)
    model.operator("MEAN", (source, table), (result,), options)
    model.output(result)


def softmax(model: ModelBuilder, random: Random) -> None:
    rows = [int(v) for v in random.integers(1, 5, int(random.integers(0, 2)))]
    shape = (1, *rows, int(random.integers(1, 30)))
    options = schema.SoftmaxOptionsT()
    options.beta = float(random.choice([1.0, 1.0, 0.5, 2.0]))
    source = model.input(shape, scale=draw.scale(random), zero_point=draw.zero_point(random))
    result = model.tensor(shape, scale=1 / 256, zero_point=-128)
    model.operator("SOFTMAX", (source,), (result,), options)
    model.output(result)


CASES = {
    "MEAN": mean,
    "SOFTMAX": softmax,
}
