"""Files whose zeros sparse inference uses: same outputs, SPMM on an emulated core, and the reasons where not."""

from __future__ import annotations

import re

import numpy as np
import pytest

from edgeprune.build import load_firmware
from edgeprune.compact import lossless
from edgeprune.compact.interpreter import Runner
from edgeprune.compact.verify import probes
from edgeprune.emulate.arm_linux import ARM_CORES
from edgeprune.errors import ModelError
from edgeprune.measure.runner import RunnerOptions, emulated_instructions
from edgeprune.sparsify import deployable, sparse
from edgeprune.sparsify.encoding import encoded
from edgeprune.targets import load_target
from edgeprune.tflite import read_bytes
from edgeprune.tflite.flatbuffer import packed, unpacked
from edgeprune.tflite.sparse import dense_values
from support.command_line import edgeprune
from support.runner import arm_runner, run_on_arm
from support.small import small_model
from support.sparse_models import FloatNetwork, small_mobilenet


def padded(before: int, after: int) -> FloatNetwork:
    net = FloatNetwork((24, 24, 3)).pad(before, after).convolution(8, 3, 2, "VALID").convolution(64)
    return net.pad(before, after).depthwise(3, 2, "VALID").convolution(64).mean()


def begun() -> FloatNetwork:
    return FloatNetwork((24, 24, 3)).convolution(8, 3, 2)


def residual() -> FloatNetwork:
    net = begun().convolution(64)
    trunk = net.value
    return net.depthwise().convolution(64).arithmetic("ADD", trunk).depthwise(3, 2).convolution(64).mean()


NETWORKS = {
    "same, even": small_mobilenet().dense(),
    "same, odd": small_mobilenet((25, 25, 3)).dense(),
    "same, even and odd": small_mobilenet((24, 25, 3)).dense(),
    "same, odd and even, 5x5": small_mobilenet((25, 24, 3), edge=5).dense(),
    "padded as Keras does": padded(0, 1).dense(),
    "padded on both sides": padded(1, 1).dense(),
    "one channel": small_mobilenet((24, 24, 1)).dense(),
    "two channels, odd": small_mobilenet((25, 25, 2)).dense(),
    "a mean at the end": small_mobilenet(),
    "1x1 convolution after the mean": begun()
    .depthwise(3, 2)
    .convolution(64)
    .convolution(64)
    .mean(keep=True)
    .convolution(8, share=0.0),
    "residual": residual().dense(),
    "squeeze and excite": begun().convolution(64).excited().depthwise(3, 2).convolution(64).mean().dense(),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_sparse_inference_runs_and_computes_the_same(name: str, tmp_path) -> None:
    source = read_bytes(NETWORKS[name].build(), "m")
    result = sparse(source)
    assert result.reason == ""
    assert result.blockers == ()
    assert result.error <= 1e-5
    assert len(result.layers) >= 2
    assert all(layer.block == 4 and layer.zeros > 0.5 for layer in result.layers)
    assert all(layer.bytes_after < layer.bytes_before for layer in result.layers)
    (tmp_path / "m.tflite").write_bytes(result.model.content)
    (values,) = next(probes(source.graph.input_tensors(), 1))
    (tmp_path / "in").write_bytes(values.tobytes())
    files = {"inputs": str(tmp_path / "in"), "outputs": str(tmp_path / "out")}
    ran = run_on_arm(arm_runner(), tmp_path / "m.tflite", "cortex-a76", runs=1, profile=True, **files)
    assert ran.spmm is True
    assert sum("SPMM" in operator.name for operator in ran.operators) == len(result.layers)
    expected = Runner(source).run([values])[0].reshape(-1)
    found = np.frombuffer((tmp_path / "out").read_bytes(), np.float32)
    assert np.ptp(expected) > 1e-3
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5 * np.abs(expected).max())


def test_blocks_of_zeros_save_instructions(tmp_path) -> None:
    runner, counts = arm_runner(), []
    source = read_bytes(begun().convolution(64).depthwise(3, 2).convolution(128).convolution(128).mean().build(), "m")
    options = RunnerOptions(library=str(runner.library.path))
    for model in (source, sparse(source).model):
        (tmp_path / "m.tflite").write_bytes(model.content)
        command = (str(runner.program), str(tmp_path / "m.tflite"))
        counts.append(emulated_instructions(command, options, ARM_CORES["cortex-a76"], "phone-a76").value)
    assert counts[0] > 1.5 * counts[1]


def test_the_file_as_it_came_does_not_run_sparsely(tmp_path) -> None:
    (tmp_path / "m.tflite").write_bytes(NETWORKS["same, odd"].build())
    assert run_on_arm(arm_runner(), tmp_path / "m.tflite", "cortex-a76", runs=1, profile=True).spmm is False


def test_a_sparse_file_is_read_as_a_dense_one_and_not_changed() -> None:
    source = read_bytes(NETWORKS["padded on both sides"].build(), "m")
    result = sparse(source).model
    stored = [t.data for t in source.graph.tensors if t.data is not None and t.shape[1:3] == (1, 1)]
    found = [t.data for t in result.graph.tensors if t.data is not None and t.shape[1:3] == (1, 1)]
    assert len(stored) == 2
    for before, after in zip(stored, found, strict=True):
        np.testing.assert_array_equal(before, after)
    assert "DENSIFY" not in {node.op for node in result.graph.nodes}
    with pytest.raises(ModelError, match="is in TFLite's sparse encoding, which is read but not changed"):
        lossless(_with_a_dead_layer(result))
    again = sparse(result)
    assert again.layers == ()
    assert again.reason == "it is in the sparse encoding already"


def _with_a_dead_layer(model):
    """So that there is something to remove."""
    tree = unpacked(model.content)
    graph = tree.subgraphs[0]
    graph.outputs = [graph.operators[-2].outputs[0]]
    return read_bytes(packed(tree, model.content), "m")


@pytest.mark.parametrize("shape", [(4, 1, 1, 30), (8, 1, 1, 300), (6, 1, 1, 5), (8, 1, 1, 70_000)])
@pytest.mark.parametrize("blocks", [False, True])
def test_encodings_are_decoded_to_what_they_were_made_of(shape, blocks: bool) -> None:
    random = np.random.default_rng(0)
    weights = random.normal(size=shape).astype(np.float16)
    weights *= random.random((-(-shape[0] // 4), 1, 1, shape[3])).repeat(4, 0)[: shape[0]] > 0.9 if blocks else 1
    weights *= random.random(shape) > 0.9 if not blocks else 1
    weights[0] = 0
    encoding = encoded(weights)
    np.testing.assert_array_equal(dense_values(encoding.values, shape, encoding.parameters), weights)
    assert encoding.block == (4 if blocks and shape[0] % 4 == 0 else 1)


def test_without_any_value() -> None:
    encoding = encoded(np.zeros((8, 1, 1, 4), np.float32))
    assert encoding.values.size == 0
    assert not dense_values(encoding.values, (8, 1, 1, 4), encoding.parameters).any()


@pytest.mark.parametrize("damage", ["indices", "order", "size"])
def test_a_damaged_sparse_file(damage: str) -> None:
    result = sparse(read_bytes(NETWORKS["same, odd"].build(), "m")).model
    tree = unpacked(result.content)
    sparsity = next(t.sparsity for t in tree.subgraphs[0].tensors if t.sparsity is not None)
    if damage == "indices":
        sparsity.dimMetadata[3].arrayIndices.values = np.full_like(sparsity.dimMetadata[3].arrayIndices.values, 255)
    elif damage == "order":
        sparsity.traversalOrder = [0, 1, 2, 3, 3]
    else:
        sparsity.dimMetadata[0].denseSize = 1 << 30
    with pytest.raises(ModelError, match=r"m is a damaged .tflite file"):
        read_bytes(packed(tree, result.content), "m")


REFUSED = {
    "a first layer on 4 channels": (
        lambda: small_mobilenet((24, 24, 4)),
        "00_conv_2d keeps a part .* it is a 3x3 convolution with stride 2 on 4 channels; only 1x1 convolutions fit",
    ),
    "no first layer": (
        lambda: FloatNetwork((24, 24, 3)).convolution(8).convolution(64).mean(),
        "00_conv_2d keeps .* it reads the model's input",
    ),
    "zeros where they cannot be": (
        lambda: FloatNetwork((24, 24, 3)).convolution(8, 3, 2, "VALID").convolution(64).mean(),
        "along its height it pads 0 before and -1 behind; sparse inference pads 1 and 1, which gives other outputs",
    ),
    "zeros before and behind": (
        lambda: begun().pad(1, 0).depthwise(3, 2, "VALID").convolution(64).mean(),
        "along its height it pads 1 before and 0 behind",
    ),
    "a layer that has no sparse kernel": (
        lambda: begun().convolution(64).depthwise(7).mean(),
        "^02_depthwise_conv_2d keeps .* it is a depthwise 7x7 convolution with stride 1; 3x3 and 5x5 fit",
    ),
    "too few zeros": (
        lambda: small_mobilenet(share=0.5),
        r"^\d\d\.\d% of the 1x1 weights are zero, size only: XNNPACK uses zeros from more than 66.7% on$",
    ),
    "no zeros": (lambda: small_mobilenet(share=0.0), r"^only 0.0% of the weights are zero"),
    "no mean": (lambda: begun().convolution(64), "ends with a mean"),
    "a layer in the middle that is an output": (
        lambda: _second_output(small_mobilenet()), "a layer before it is an output of the model",
    ),
}  # fmt: skip


def _second_output(net: FloatNetwork) -> FloatNetwork:
    net.model.output(net.model.graph.operators[1].outputs[0])
    return net


@pytest.mark.parametrize("name", REFUSED)
def test_what_keeps_a_network_from_it(name: str) -> None:
    make, says = REFUSED[name]
    result = sparse(read_bytes(make().build(), "m"))
    assert result.layers == ()
    assert re.search(says, result.reason), result.reason


def test_unstructured_zeros_where_most_is_multiplied_are_too_few() -> None:
    """Enough zeros for XNNPACK, nearly all in the layer with many weights and few pixels."""
    net = FloatNetwork((64, 64, 3), share=0.0).convolution(16, 3, 2).convolution(16).depthwise(3, 2).convolution(16)
    net.share = 0.85
    result = sparse(read_bytes(net.depthwise(3, 2).convolution(256).mean().dense().build(), "m"))
    assert result.layers == ()
    assert "sparse kernels would take longer than dense ones" in result.reason


def test_what_goes_to_a_phone_and_to_others(tmp_path) -> None:
    source = read_bytes(NETWORKS["same, even"].build(), "m")
    assert deployable(source, load_target("host")) == (source, None)
    (tmp_path / "m.tflite").write_bytes(source.content)
    done = edgeprune("build", tmp_path / "m.tflite", "--target", "phone-a76", "--out", tmp_path / "fw")
    assert "2 layers are in the sparse encoding" in done.out
    told = load_firmware(tmp_path / "fw").manifest.sparse
    assert told.layers == ("02_conv_2d", "04_conv_2d")
    assert (told.reason, told.error <= 1e-5, told.zeros > 0.6) == ("", True, True)
    assert len((tmp_path / "fw" / "model.tflite").read_bytes()) < len(source.content)


def test_integers_are_size_only() -> None:
    tree = unpacked(small_model())
    for buffer in tree.buffers:
        if buffer.data is not None and len(buffer.data) > 16:
            buffer.data = np.zeros_like(buffer.data)
    source = read_bytes(packed(tree, b""), "m")
    result = sparse(source)
    assert result.model is source
    assert "size only: XNNPACK has no sparse kernels for integers" in result.reason
