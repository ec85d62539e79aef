"""Values in and out of a model's types; input and output files."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeprune.errors import DataError
from edgeprune.graph import DType, Quantization, Tensor
from edgeprune.measure.arrays import load_inputs, random_batch, save_outputs, to_input, to_real
from edgeprune.tflite import read_bytes
from support.operator_cases import bundle
from support.reference import reference_outputs
from support.tflite_model import ModelBuilder

TENSOR = Tensor("x", (1, 4), DType.INT8, Quantization((0.5,), (-3,)))


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1 << 20))
def test_quantizing_equals_the_reference_kernel(seed: int) -> None:
    content = bundle("QUANTIZE", [seed])
    graph = read_bytes(content, "m").graph
    if graph.input_tensors()[0].dtype is not DType.FLOAT32:
        return
    values = np.random.default_rng(seed).normal(0, 20, graph.input_tensors()[0].shape).astype(np.float32)
    ((expected,),) = reference_outputs(content, [[values]])
    np.testing.assert_array_equal(to_input(values, graph.output_tensors()[0]), expected)


@given(st.lists(st.integers(-128, 127), min_size=4, max_size=4))
def test_there_and_back(values: list[int]) -> None:
    stored = np.array([values], np.int8)
    np.testing.assert_array_equal(to_input(to_real(stored, TENSOR), TENSOR), stored)


def test_saturation_and_halves() -> None:
    assert to_input(np.array([1e6, -1e6, 0.25, -0.25], np.float32), TENSOR).tolist() == [127, -128, -2, -4]


def test_random_inputs_repeat_and_fill_the_range() -> None:
    big = Tensor("x", (1, 4096), DType.INT8, Quantization((0.5,), (0,)))
    (array,) = random_batch((big,), 2).arrays
    assert (array.min(), array.max(), array.shape) == (-128, 127, (2, 1, 4096))
    np.testing.assert_array_equal(array, random_batch((big,), 2).arrays[0])


@pytest.mark.parametrize("shape", [(5, 4), (5, 1, 4)])
def test_inputs_with_and_without_their_batch_of_one(tmp_path, shape: tuple[int, ...]) -> None:
    np.savez(tmp_path / "i.npz", input_0=np.zeros(shape, np.int8))
    batch = load_inputs(tmp_path / "i.npz", (TENSOR,))
    assert len(batch) == 5
    assert batch.sample(0)[0].shape == (1, 4)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({}, "'input_0' is missing"),
        ({"input_0": np.zeros((2, 4), np.float32)}, "float32, and the model takes int8"),
        ({"input_0": np.zeros((2, 5), np.int8)}, r"shape \[2, 5\], and the model takes \[N, 4\]"),
        ({"input_0": np.zeros((0, 4), np.int8)}, "at least one"),
        ({"input_0": np.int8(3)}, "takes"),
    ],
)
def test_inputs_that_do_not_fit(tmp_path, arrays: dict[str, np.ndarray], message: str) -> None:
    np.savez(tmp_path / "i.npz", **arrays)
    with pytest.raises(DataError, match=message):
        load_inputs(tmp_path / "i.npz", (TENSOR,))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 not really", b"hello"])
def test_no_npz(tmp_path, content: bytes) -> None:
    (tmp_path / "i.npz").write_bytes(content)
    with pytest.raises(DataError, match="cannot be read"):
        load_inputs(tmp_path / "i.npz", (TENSOR,))


def test_objects_are_not_unpickled(tmp_path) -> None:
    np.savez(tmp_path / "i.npz", input_0=np.array([{}], object))
    with pytest.raises(DataError):
        load_inputs(tmp_path / "i.npz", (TENSOR,))


def test_two_inputs_of_unequal_count(tmp_path) -> None:
    np.savez(tmp_path / "i.npz", input_0=np.zeros((2, 4), np.int8), input_1=np.zeros((3, 4), np.int8))
    with pytest.raises(DataError, match="equally many"):
        load_inputs(tmp_path / "i.npz", (TENSOR, TENSOR))


def test_outputs_are_written_by_name(tmp_path) -> None:
    save_outputs(tmp_path / "deep" / "o.npz", (np.arange(6).reshape(2, 3), np.zeros((2, 1))))
    with np.load(tmp_path / "deep" / "o.npz") as archive:
        assert archive["output_0"].shape == (2, 3)
        assert archive["output_1"].shape == (2, 1)


def test_a_model_with_two_inputs_is_read_in_its_order() -> None:
    model = ModelBuilder()
    model.input((1, 2), scale=1.0)
    model.input((1, 3), scale=1.0)
    assert [t.shape for t in read_bytes(model.build(), "m").graph.input_tensors()] == [(1, 2), (1, 3)]
