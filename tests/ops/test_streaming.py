"""Real streaming models: every step equals the reference kernels', state and all."""

from __future__ import annotations

from pathlib import Path

import flatbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from edgeprune.tflite import read
from support.device import run_on_core
from support.host import compile_on_host, host_toolchains, run_on_host
from support.reference import reference_outputs

wakeword = pytest.importorskip("pymicro_wakeword")

STEPS = 150
_MODELS = Path(wakeword.__file__).parent / "models"
NAMES = ("alexa", "hey_jarvis", "hey_mycroft", "okay_nabu")


def _with_inner_values(path: Path) -> bytes:
    """The model with its logit and what the last convolution gives as outputs too: the score alone is mostly 0."""
    model = schema.ModelT.InitFromPackedBuf(path.read_bytes(), 0)
    graph = model.subgraphs[0]

    def outputs(code: int) -> list[int]:
        return [o.outputs[0] for o in graph.operators if model.operatorCodes[o.opcodeIndex].builtinCode == code]

    inner = (schema.BuiltinOperator.FULLY_CONNECTED, schema.BuiltinOperator.CONV_2D)
    graph.outputs = [*graph.outputs, *(outputs(code)[-1] for code in inner)]
    model.signatureDefs = []
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _spectrogram(content: Path) -> list[list[np.ndarray]]:
    """Three frames of 40 bands a step: silence, then bursts of noise that rise and fall, over the whole int8 range."""
    (tensor,) = read(content).graph.input_tensors()
    random = np.random.default_rng(5)
    loudness = np.abs(np.sin(np.arange(STEPS) / 7.0)) * (np.arange(STEPS) > 10)
    frames = [np.clip(random.normal(-128 + 200 * v, 1 + 60 * v, tensor.shape), -128, 127) for v in loudness]
    return [[frame.astype(np.int8)] for frame in frames]


def _equal(found: list[list[np.ndarray]], expected: list[list[np.ndarray]]) -> None:
    for step, (got, want) in enumerate(zip(found, expected, strict=True)):
        for pair in zip(got, want, strict=True):
            np.testing.assert_array_equal(*pair, err_msg=f"step {step}")


@pytest.mark.parametrize("name", NAMES)
def test_a_wake_word_model_streams_exactly(name: str, tmp_path) -> None:
    path = _MODELS / f"{name}.tflite"
    content, inputs = _with_inner_values(path), _spectrogram(path)
    expected = reference_outputs(content, inputs)
    assert len({row[1].tobytes() for row in expected}) > 20, "the logit hardly moves, so nothing is shown"
    program = compile_on_host(content, tmp_path, host_toolchains()[-1], "cortex-m4")
    _equal(run_on_host(program, inputs, expected), expected)


def test_on_the_emulated_core(tmp_path) -> None:
    path = _MODELS / "okay_nabu.tflite"
    content, inputs = _with_inner_values(path), _spectrogram(path)
    expected = reference_outputs(content, inputs)
    _equal(run_on_core(content, inputs, expected, tmp_path), expected)
