"""Channels that can only give one value get ordinary numbers, and nothing else changes."""

from __future__ import annotations

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from edgeprune.optimize import settle_channels
from edgeprune.plan import Objective, make_plan
from edgeprune.tflite import read_bytes
from support.host import compile_on_host, host_toolchains, roomy_target, run_on_host
from support.operator_cases import CASES, bundle
from support.reference import random_inputs, reference_outputs
from support.tflite_model import ModelBuilder

CHANNELS = 8


def layer_with_dead_channels(seed: int = 0) -> bytes:
    """A pointwise layer as training leaves it: of 8 channels one has a bias of 30 bits, one no scale to speak of."""
    random, model = np.random.default_rng(seed), ModelBuilder()
    scales = random.uniform(0.002, 0.006, CHANNELS).astype(np.float32)
    bias = random.integers(-500, 500, CHANNELS).astype(np.int32)
    bias[1], bias[2], bias[5] = -(1 << 30), (1 << 30) - 1, -(1 << 29)
    scales[4] = np.float32(1e-12)
    options = schema.Conv2DOptionsT()
    options.padding, options.fusedActivationFunction = 0, 1
    options.strideH = options.strideW = options.dilationHFactor = options.dilationWFactor = 1
    source = model.input((1, 5, 5, 16), scale=0.02, zero_point=-10)
    values = random.integers(-127, 128, (CHANNELS, 1, 1, 16), dtype=np.int8)
    weights = model.tensor(values.shape, "int8", scales, 0, 0, values)
    biases = model.tensor((CHANNELS,), "int32", scales * np.float32(0.02), 0, 0, bias)
    result = model.tensor((1, 5, 5, CHANNELS), scale=0.05, zero_point=-128)
    model.operator("CONV_2D", (source, weights, biases), (result,), options)
    model.output(result)
    return model.build()


def test_dead_channels_lock_no_fast_kernel_out(tmp_path) -> None:
    content = layer_with_dead_channels()
    graph = settle_channels(read_bytes(content, "m").graph)
    weights, bias = graph.required(graph.nodes[0], 1), graph.required(graph.nodes[0], 2)
    assert not weights.constant()[[1, 2, 4, 5]].any()
    assert np.abs(bias.constant()).max() < 1 << 20
    (plan,) = make_plan(graph, roomy_target("cortex-m4"), Objective.LATENCY).layers
    assert "packed" in "".join(plan.choice.option.code.definitions).lower()
    inputs = random_inputs(content, 50)
    expected = reference_outputs(content, inputs)
    program = compile_on_host(graph, tmp_path, host_toolchains()[-1], "cortex-m4")
    for got, want in zip(run_on_host(program, inputs, expected), expected, strict=True):
        np.testing.assert_array_equal(got[0], want[0])


def test_a_graph_without_such_channels_stays() -> None:
    graph = read_bytes(bundle("ADD", [1]), "m").graph
    assert settle_channels(graph) is graph


@pytest.mark.parametrize("key", ["CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"])
def test_random_layers_keep_their_outputs(key: str, tmp_path) -> None:
    model = ModelBuilder()
    for seed in range(40):
        CASES[key](model, np.random.default_rng(seed))
    content = model.build()
    graph = settle_channels(read_bytes(content, "m").graph)
    inputs = random_inputs(content, 6)
    expected = reference_outputs(content, inputs)
    program = compile_on_host(graph, tmp_path, host_toolchains()[-1], "cortex-m4")
    for row, wanted in zip(run_on_host(program, inputs, expected), expected, strict=True):
        for got, want in zip(row, wanted, strict=True):
            np.testing.assert_array_equal(got, want)
