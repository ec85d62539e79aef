"""MobileNetV1 at 96 x 96 on an Arm board behind adb: dense, with half its channels, and with blocks of zeros."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from edgeprune import tflite
from edgeprune.build import Firmware, build_firmware
from edgeprune.emulate.arm_linux import ARM_CORES, _make_root, qemu_aarch64
from edgeprune.measure.arrays import random_batch
from edgeprune.measure.machine import MachineSettings, measure_in_turns
from edgeprune.measure.steady import Cooling
from edgeprune.models.functional import clone
from edgeprune.models.tensorflow import keras, tensorflow
from edgeprune.prune.channels.allocation import keep_fraction
from edgeprune.prune.channels.groups import analyse
from edgeprune.prune.channels.surgery import shrink
from edgeprune.sparsify import sparse
from edgeprune.targets import load_target
from support import graph_models
from support.adbd.fixtures import PlugIn
from support.adbd.furnish import board
from support.runner import arm_runner

CORE = "cortex-a76"


def with_blocks_of_zeros(dense: Any) -> Any:
    """80 % of the blocks of four outputs of every 1x1 convolution are zero."""
    pruned, rng = clone(dense), np.random.default_rng(0)
    for layer in pruned.layers:
        if isinstance(layer, keras().layers.Conv2D) and layer.kernel_size == (1, 1):
            weights = layer.get_weights()
            *_, inputs, outputs = weights[0].shape
            weights[0] *= np.repeat(rng.random((1, 1, inputs, -(-outputs // 4))) < 0.2, 4, axis=-1)[..., :outputs]
            layer.set_weights(weights)
    return pruned


def deployed(model: Any, folder: Path, name: str) -> Firmware:
    # In this process: of floats nothing is calibrated, and the command's own process takes longer than the rest.
    content = tensorflow().lite.TFLiteConverter.from_keras_model(model).convert()
    file = tflite.read_bytes(content, name)
    if name == "blocks":
        result = sparse(file)
        assert result.layers and not result.reason and result.error <= 1e-5
        file = result.model
    return build_firmware(file, load_target("phone-a76"), folder / name)


def test_all_three_take_turns_and_sparse_inference_runs(plug_in: PlugIn, tmp_path: Path) -> None:
    arm_runner()
    _make_root(tmp_path / "root", ARM_CORES[CORE])
    phone = board(plug_in(arm=(str(qemu_aarch64()), "-cpu", CORE, "-L", str(tmp_path / "root"))))
    # Keras's stock padding of ((0, 1), (0, 1)), which keeps XNNPACK from sparse inference.
    dense = clone(graph_models.randomise(keras().applications.MobileNet((96, 96, 3), 0.25, weights=None, classes=10)))
    structure = analyse(dense)
    half = shrink(dense, structure, keep_fraction(dense, structure, 0.5, multiple=4))
    models = {"dense": dense, "half": half, "blocks": with_blocks_of_zeros(dense)}
    work = [deployed(model, tmp_path, name) for name, model in models.items()]
    inputs = random_batch(tflite.read(work[0].model).graph.input_tensors(), 1)
    settings = MachineSettings(runs=1, rounds=2, warmup=0, cooling=Cooling(seconds=0), turn_seconds=60.0)
    found = measure_in_turns([(firmware, inputs) for firmware in work], f"adb:{phone.serial}", settings)
    for run in found:
        assert [result.runtime.split()[0] for result in run.results] == ["LiteRT", "edgeprune"]
        assert all(result.latency is not None and result.notes == () for result in run.results)
        assert run.outputs is not None and run.exact_outputs is not None
        np.testing.assert_allclose(run.outputs[0], run.exact_outputs[0], rtol=1e-4, atol=1e-5)
    spmm = [any("SPMM" in layer.name for layer in run.results[0].layers) for run in found]
    assert spmm == [False, False, True]
