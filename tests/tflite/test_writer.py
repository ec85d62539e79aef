"""What a pass did not change is in the written file as it was in the source."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from pathlib import Path

import flatbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from edgeprune.graph import Graph, GraphError, Tensor
from edgeprune.optimize import remove_constant_channels
from edgeprune.tflite import read_bytes, rewritten
from edgeprune.tflite.flatbuffer import packed, unpacked
from support.networks import mobilenet
from support.planted import plant_in
from support.small import small_model

SHARED = Path(__file__).resolve().parents[3] / "shared" / "models"


def _narrowed(content: bytes) -> tuple[bytes, Graph]:
    source = read_bytes(content, "m")
    graph, _ = remove_constant_channels(source.graph)
    assert graph is not source.graph
    return rewritten(source, graph).content, graph


def _decorated(content: bytes) -> bytes:
    """The file with all that a graph does not know."""
    model = unpacked(content)
    model.description = "a description"
    model.buffers += [schema.BufferT(data=np.frombuffer(b"17.0", np.uint8))]
    model.metadata = [schema.MetadataT("about", len(model.buffers) - 1)]
    main = model.subgraphs[0]
    maps = [
        [schema.TensorMapT(f"{kind}_{i}", int(index)) for i, index in enumerate(vector)]
        for kind, vector in (("x", main.inputs), ("y", main.outputs))
    ]
    model.signatureDefs = [schema.SignatureDefT(*maps, "serve", 0)]
    for tensor in main.tensors:
        tensor.shapeSignature = [-1, *tensor.shape[1:]] if tensor.shape is not None and len(tensor.shape) == 4 else None
    for code in model.operatorCodes:
        code.version = 3
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


@pytest.mark.parametrize("make", [small_model, mobilenet])
def test_packing_keeps_all_and_aligns_constants(make) -> None:
    content = _decorated(make())
    again = packed(unpacked(content), content)
    assert packed(unpacked(again), again) == again
    root = schema.Model.GetRootAs(again)
    for index in range(root.BuffersLength()):
        buffer = root.Buffers(index)
        if not buffer.DataIsNone():
            assert buffer._tab.Vector(buffer._tab.Offset(4)) % 16 == 0


def test_what_no_pass_touches_stays() -> None:
    content = _decorated(plant_in(mobilenet(), np.random.default_rng(0), 0.3))
    smaller, graph = _narrowed(content)
    before, after = unpacked(content), unpacked(smaller)
    assert len(smaller) < len(content)
    assert after.description == before.description
    assert [vars(code) for code in after.operatorCodes] == [vars(code) for code in before.operatorCodes]
    (entry,) = after.metadata
    assert (entry.name, bytes(after.buffers[entry.buffer].data)) == (b"about", b"17.0")
    for kind in ("inputs", "outputs"):
        pairs = [[(m.name, m.tensorIndex) for m in getattr(f.signatureDefs[0], kind)] for f in (before, after)]
        assert pairs[0] == pairs[1]
    assert [len(f.subgraphs[0].operators) for f in (before, after)] == [len(graph.nodes)] * 2
    for old, new, tensor in zip(before.subgraphs[0].tensors, after.subgraphs[0].tensors, graph.tensors, strict=False):
        assert (old.name, old.type) == (new.name, new.type)
        if new.shapeSignature is not None:
            assert list(new.shapeSignature) == [-1, *new.shape[1:]]
        if not tensor.is_constant:
            assert tuple(new.shape) == tensor.shape


def test_an_archive_behind_the_model_stays() -> None:
    content = plant_in(mobilenet(), np.random.default_rng(0), 0.3)
    stream = io.BytesIO(content)
    with zipfile.ZipFile(stream, "a") as archive:
        archive.writestr("labels.txt", "cat\ndog\n")
    smaller, _ = _narrowed(stream.getvalue())
    with zipfile.ZipFile(io.BytesIO(smaller)) as archive:
        assert archive.read("labels.txt") == b"cat\ndog\n"
    read_bytes(smaller, "m")


def test_constants_that_layers_share_are_not_changed_for_all() -> None:
    """The converter stores equal constants once; each layer keeps its own tensor here."""
    content = plant_in(mobilenet(), np.random.default_rng(0), 0.3)
    smaller, graph = _narrowed(content)
    found = read_bytes(smaller, "m").graph
    for node, wanted in zip(found.nodes, graph.nodes, strict=True):
        for index, other in zip(node.inputs, wanted.inputs, strict=True):
            if graph.tensors[other].is_constant:
                np.testing.assert_array_equal(found.tensors[index].constant(), graph.tensors[other].constant())
                assert found.tensors[index].quantization == graph.tensors[other].quantization


def test_a_layer_that_the_file_does_not_have() -> None:
    source = read_bytes(small_model(), "m")
    extra = Tensor("new", (1,), source.graph.tensors[0].dtype)
    node = replace(source.graph.nodes[-1], outputs=(len(source.graph.tensors),))
    graph = replace(source.graph, tensors=(*source.graph.tensors, extra), nodes=(*source.graph.nodes, node))
    with pytest.raises(GraphError, match="no layer"):
        rewritten(source, graph)
