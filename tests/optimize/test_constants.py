"""What does not depend on the inputs is computed when the code is generated, and nothing else goes."""

from __future__ import annotations

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from edgeprune.optimize import optimize
from edgeprune.tflite import read_bytes
from support.host import compile_on_host, host_toolchains, run_on_host
from support.reference import random_inputs, reference_outputs
from support.tflite_model import TYPES, ModelBuilder


def dynamic_batch() -> bytes:
    """What a converter makes of Flatten after a batch of unknown size: the shape is computed from the shape."""
    model = ModelBuilder()
    source = model.input((1, 2, 3), scale=0.1)
    model.graph.tensors[source].shapeSignature = [-1, 2, 3]
    extents, batch, wanted = model.tensor((3,), "int32"), model.tensor((), "int32"), model.tensor((2,), "int32")
    options = schema.ShapeOptionsT()
    options.outType = TYPES["int32"]
    model.operator("SHAPE", (source,), (extents,), options)
    numbers = [model.tensor((1,), "int32", data=np.array([n], np.int32)) for n in (0, 1, 1)]
    first = schema.StridedSliceOptionsT()
    first.beginMask = first.endMask = first.ellipsisMask = first.newAxisMask = 0
    first.shrinkAxisMask, first.offset = 1, False
    model.operator("STRIDED_SLICE", (extents, *numbers), (batch,), first)
    rest = model.tensor((), "int32", data=np.array(6, np.int32))
    pack = schema.PackOptionsT()
    pack.axis, pack.valuesCount = 0, 2
    model.operator("PACK", (batch, rest), (wanted,), pack)
    flat = model.tensor((1, 6), scale=0.1)
    model.operator("RESHAPE", (source, wanted), (flat,), schema.ReshapeOptionsT())
    padded = model.tensor((1, 8), scale=0.1)
    table = model.tensor((2, 2), "int32", data=np.array([[0, 0], [1, 1]], np.int32))
    model.operator("PAD", (flat, table), (padded,), schema.PadOptionsT())
    model.output(padded)
    return model.build()


def test_shapes_of_a_dynamic_batch_are_constant() -> None:
    graph = optimize(read_bytes(dynamic_batch(), "m").graph)
    assert [node.op for node in graph.nodes] == ["RESHAPE", "PAD"]
    assert graph.required(graph.nodes[0], 1).constant().tolist() == [1, 6]


def test_a_dynamic_batch_runs(tmp_path) -> None:
    content = dynamic_batch()
    inputs = random_inputs(content, 3)
    expected = reference_outputs(content, inputs)
    program = compile_on_host(content, tmp_path, host_toolchains()[-1])
    for got, want in zip(run_on_host(program, inputs, expected), expected, strict=True):
        np.testing.assert_array_equal(got[0], want[0])


def test_what_nothing_reads_goes() -> None:
    model = ModelBuilder()
    source, unused = model.input((1, 4), scale=0.1), model.tensor((4, 1), scale=0.1)
    order = model.tensor((2,), "int32", data=np.array([1, 0], np.int32))
    model.operator("TRANSPOSE", (source, order), (unused,), schema.TransposeOptionsT())
    result = model.tensor((2, 2), scale=0.1)
    model.operator("RESHAPE", (source,), (result,), schema.ReshapeOptionsT())
    model.output(result)
    graph = optimize(read_bytes(model.build(), "m").graph)
    assert [node.op for node in graph.nodes] == ["RESHAPE"]
    assert not graph.tensors[order].is_constant


def test_a_constant_that_is_an_output_is_still_computed() -> None:
    model = ModelBuilder()
    shape = model.tensor((1,), "int32", data=np.array([5], np.int32))
    value = model.tensor((), "int32", data=np.array(7, np.int32))
    result = model.tensor((5,), "int32")
    model.operator("FILL", (shape, value), (result,), schema.FillOptionsT())
    model.output(result)
    graph = optimize(read_bytes(model.build(), "m").graph)
    assert [node.op for node in graph.nodes] == ["FILL"]
