"""Operators that change shapes and types."""

from __future__ import annotations

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from support.operator_cases import draw
from support.operator_cases.draw import Random
from support.tflite_model import TYPES, ModelBuilder


def reshape(model: ModelBuilder, random: Random) -> None:
    shape = tuple(int(v) for v in random.integers(1, 6, 3))
    wanted = (shape[0] * shape[1], shape[2])
    scale, zero = draw.scale(random), draw.zero_point(random)
    source = model.input(shape, scale=scale, zero_point=zero)
    table = model.tensor((2,), "int32", data=np.array(wanted, np.int32))
    result = model.tensor(wanted, scale=scale, zero_point=zero)
    options = schema.ReshapeOptionsT()
    options.newShape = list(wanted)
    model.operator("RESHAPE", (source, table), (result,), options)
    model.output(result)


def expand_dims(model: ModelBuilder, random: Random) -> None:
    shape = tuple(int(v) for v in random.integers(1, 6, 3))
    axis = int(random.integers(-4, 4))
    source = model.input(shape, scale=0.1)
    result = model.tensor(np.expand_dims(np.zeros(shape), axis).shape, scale=0.1)
    table = model.tensor((1,), "int32", data=np.array([axis], np.int32))
    model.operator("EXPAND_DIMS", (source, table), (result,), schema.ExpandDimsOptionsT())
    model.output(result)


def squeeze(model: ModelBuilder, random: Random) -> None:
    shape = [int(v) for v in random.integers(1, 6, 3)]
    axis = int(random.integers(0, 4))
    source = model.input((*shape[:axis], 1, *shape[axis:]), scale=0.1)
    result = model.tensor(shape, scale=0.1)
    options = schema.SqueezeOptionsT()
    options.squeezeDims = [axis]
    model.operator("SQUEEZE", (source,), (result,), options)
    model.output(result)


def shape(model: ModelBuilder, random: Random) -> None:
    """The extents of one input become those of another."""
    extents = tuple(int(v) for v in random.integers(1, 6, int(random.integers(1, 5))))
    like, source = model.input(extents, scale=0.1), model.input((int(np.prod(extents)),), scale=0.1)
    table = model.tensor((len(extents),), "int32")
    options = schema.ShapeOptionsT()
    options.outType = TYPES["int32"]
    model.operator("SHAPE", (like,), (table,), options)
    result = model.tensor(extents, scale=0.1)
    model.operator("RESHAPE", (source, table), (result,), schema.ReshapeOptionsT())
    model.output(result)


CASES = {
    "EXPAND_DIMS": expand_dims,
    "RESHAPE": reshape,
    "SHAPE": shape,
    "SQUEEZE": squeeze,
}
