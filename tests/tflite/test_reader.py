"""Reading .tflite files: what they say, and that damage is one error and nothing worse."""

from __future__ import annotations

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edgeprune.errors import EdgepruneError, ModelError
from edgeprune.graph import DType
from edgeprune.plan import analyse, make_plan
from edgeprune.targets import load_target
from edgeprune.tflite import read, read_bytes
from support.small import float_model, small_model, unsupported_model
from support.tflite_model import ModelBuilder

CONTENT = small_model()
TARGET = load_target("cortex-m4")


def test_graph_of_a_real_kind() -> None:
    graph = read_bytes(CONTENT, "small.tflite").graph
    assert [node.op for node in graph.nodes] == [
        "CONV_2D", "DEPTHWISE_CONV_2D", "CONV_2D", "ADD", "MEAN", "FULLY_CONNECTED", "SOFTMAX",
    ]  # fmt: skip
    assert graph.name == "small"
    (source,) = graph.input_tensors()
    assert (source.shape, source.dtype, source.quantized().zero_point) == ((1, 8, 8, 1), DType.INT8, -128)
    weights = graph.required(graph.nodes[0], 1)
    assert weights.quantized().per_channel
    assert weights.constant().shape == (8, 3, 3, 1)
    assert not weights.constant().flags.writeable


def test_int4_weights_are_unpacked() -> None:
    model = ModelBuilder()
    source = model.input((1, 3), scale=0.1)
    kernel = model.tensor((1, 3), "int8", 0.1)
    model.graph.tensors[kernel].type = schema.TensorType.INT4
    buffer = schema.BufferT()
    buffer.data = np.array([0x8F, 0x07], np.uint8)  # -1, -8, 7: the low nibble first
    model.graph.tensors[kernel].buffer = len(model.model.buffers)
    model.model.buffers.append(buffer)
    result = model.tensor((1, 1), scale=0.1)
    model.operator("FULLY_CONNECTED", (source, kernel), (result,), schema.FullyConnectedOptionsT())
    model.output(result)
    graph = read_bytes(model.build(), "m").graph
    assert graph.required(graph.nodes[0], 1).constant().tolist() == [[-1, -8, 7]]


def test_missing_and_foreign_files(tmp_path) -> None:
    with pytest.raises(ModelError, match="cannot read the model"):
        read(tmp_path / "none.tflite")
    (tmp_path / "text.tflite").write_text("hello, this is no model")
    with pytest.raises(ModelError, match=r"not a \.tflite file"):
        read(tmp_path / "text.tflite")


def test_nan_weights_are_refused() -> None:
    content = bytearray(float_model())
    one = np.ones(1, np.float32).tobytes()
    place = content.index(one * 8)
    content[place : place + 4] = np.float32("nan").tobytes()
    with pytest.raises(ModelError, match="NaN"):
        read_bytes(bytes(content), "m.tflite")


def consume(content: bytes) -> None:
    """Everything that is done with a file before code is written."""
    model = read_bytes(content, "m.tflite")
    analyse(model.graph, TARGET)
    make_plan(model.graph, TARGET)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_flipped_bytes_never_crash(data: st.DataObject) -> None:
    content = bytearray(data.draw(st.sampled_from([CONTENT, float_model(), unsupported_model()])))
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        consume(bytes(content))
    except EdgepruneError as error:
        assert str(error)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, len(CONTENT) - 1))
def test_cut_files_are_refused(length: int) -> None:
    with pytest.raises(ModelError):
        consume(CONTENT[:length])
