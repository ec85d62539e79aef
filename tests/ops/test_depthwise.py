"""What random cases of DEPTHWISE_CONV_2D hit too rarely: every step of the output, and outputs laid over inputs."""

from __future__ import annotations

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from edgeprune.graph import Graph, Node
from edgeprune.ops import geometry, requantize
from edgeprune.ops.arithmetic import activation_range
from edgeprune.ops.arithmetic import requantize as reference
from edgeprune.ops.depthwise_conv_2d.output_stage import OutputStage, output_stage
from edgeprune.ops.depthwise_conv_2d.planes import KERNELS
from edgeprune.plan import make_plan
from edgeprune.tflite import read_bytes
from support.device import run_on_core
from support.host import compile_on_host, host_toolchains, roomy_target, run_on_host
from support.operator_cases import bundle, draw
from support.reference import random_inputs, reference_outputs
from support.tflite_model import ACTIVATIONS, PADDINGS, ModelBuilder


def _steps(low: int, high: int, random: np.random.Generator) -> np.ndarray:
    """Sums between bounds: the bounds, runs of neighbours, and the rest at random."""
    starts = random.integers(low, high + 1, 20)
    runs = (starts[:, None] + np.arange(200)).reshape(-1)
    return np.concatenate([[low, high, 0], runs, random.integers(low, high + 1, 2000)]).clip(low, high)


def _computed(stage: OutputStage, channel: int, sums: np.ndarray, bias: int) -> np.ndarray:
    """What the kernel makes of sums, as its header says."""
    words = stage.words[channel]
    scaled = words[0] + (sums - bias) * stage.scale[channel]
    if stage.shift:
        return (stage.offset + stage.more[channel] + (scaled * words[1] >> 32)) >> stage.shift
    product = scaled + ((scaled * words[1] + (1 << 31)) >> 32)
    twice = 2 * product - (product < 0)
    return words[3] + ((-twice * words[2] + (1 << 31)) >> 32)


def _check_stage(graph: Graph, node: Node, stage: OutputStage, random: np.random.Generator) -> None:
    weights, output = graph.required(node, 1), graph.output(node)
    rows = weights.constant().astype(np.int64).reshape(-1, weights.shape[3]).T
    bias, low, high = requantize.accumulator_bounds(graph, node, rows)
    clamp = activation_range(geometry.convolution_options(node).activation, output)
    for channel, multiplier in enumerate(geometry.convolution_multipliers(graph, node, len(rows))):
        sums = _steps(int(low[channel]), int(high[channel]), random)
        want = reference(sums, multiplier.mantissa, np.int64(multiplier.shift)) + output.quantized().zero_point
        got = _computed(stage, channel, sums, int(bias[channel]))
        np.testing.assert_array_equal(got.clip(-128, 127).clip(*clamp), want.clip(*clamp))


def test_output_stages_equal_the_reference() -> None:
    graph = read_bytes(bundle("DEPTHWISE_CONV_2D", list(range(3000, 3150))), "m").graph
    random = np.random.default_rng(7)
    stages = [(node, output_stage(graph, node)) for node in graph.nodes]
    for node, stage in stages:
        if stage:
            _check_stage(graph, node, stage, random)
    kinds = [stage.shift > 0 for _, stage in stages if stage]
    assert len(kinds) > 120, "most layers have one"
    assert 20 < sum(kinds) < 130, "both ways occur"


def _chain(layers: int, channels: int, window: tuple[int, int]) -> bytes:
    """Depthwise layers of stride 1, each of which alone reads the one before."""
    model, random = ModelBuilder(), np.random.default_rng(channels)
    shape = (1, 13, 9, channels)
    tensor = model.input(shape, scale=0.05, zero_point=3)
    for _ in range(layers):
        options = schema.DepthwiseConv2DOptionsT()
        options.dilationHFactor = options.dilationWFactor = options.strideH = options.strideW = 1
        options.padding, options.fusedActivationFunction = PADDINGS["SAME"], ACTIVATIONS["NONE"]
        weights, scales = draw.weights(model, random, (1, *window, channels), 3, False)
        result = model.tensor(shape, scale=float(0.05 * scales[0] * 200), zero_point=-5)
        bias = draw.bias(model, random, channels, scales * np.float32(0.05))
        model.operator("DEPTHWISE_CONV_2D", (tensor, weights, *bias), (result,), options)
        tensor = result
    model.output(tensor)
    return model.build()


@pytest.mark.parametrize("kernel", KERNELS, ids=lambda kernel: kernel.label)
@pytest.mark.parametrize("window", [(3, 3), (5, 2)])
def test_outputs_over_inputs(kernel, window, tmp_path) -> None:
    content = _chain(4, 10, window)
    labels = frozenset({kernel.label})
    plan = make_plan(read_bytes(content, "m").graph, roomy_target("cortex-m4"), kernels=labels)
    inner = [layer.node for layer in plan.layers[1:-1]]
    assert all(plan.offsets[node.inputs[0]] == plan.offsets[node.outputs[0]] for node in inner)
    inputs = random_inputs(content, 3)
    expected = reference_outputs(content, inputs)
    program = compile_on_host(content, tmp_path / "host", host_toolchains()[-1], "cortex-m4", labels)
    np.testing.assert_equal(run_on_host(program, inputs, expected), expected)
    np.testing.assert_equal(run_on_core(content, inputs, expected, tmp_path, frozenset({kernel.label})), expected)
