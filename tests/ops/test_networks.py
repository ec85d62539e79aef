"""Whole networks: kernels chosen together, memory shared, still exact bit by bit."""

from __future__ import annotations

import os

import numpy as np
import pytest

from edgeprune.plan import Objective
from support.device import run_on_core
from support.host import compile_on_host, host_toolchains, run_on_host
from support.networks import random_network
from support.reference import random_inputs, reference_outputs
from support.tflite_model import ModelBuilder

#: Networks in one model; they share its arena, so most of the plan is about memory.
TOGETHER = 10
BUILDS = int(os.environ.get("EDGEPRUNE_NETWORK_BUILDS", "20"))


def networks(seed: int, count: int) -> bytes:
    """A model of several random networks, each with an input and an output of its own."""
    model = ModelBuilder()
    for number in range(count):
        random_network(model, np.random.default_rng([seed, number]))
    return model.build()


@pytest.mark.parametrize("seed", range(BUILDS))
def test_random_networks_on_the_host(seed: int, tmp_path) -> None:
    content = networks(seed, TOGETHER)
    inputs = random_inputs(content, 4, seed)
    expected = reference_outputs(content, inputs)
    objective, core = list(Objective)[seed % 3], ("cortex-m4", "cortex-m3", "cortex-m55")[seed % 2 + (seed % 5 == 0)]
    program = compile_on_host(content, tmp_path, host_toolchains()[-1], core, objective=objective)
    for got, want in zip(run_on_host(program, inputs, expected), expected, strict=True):
        for network, pair in enumerate(zip(got, want, strict=True)):
            np.testing.assert_array_equal(*pair, err_msg=f"network {network} of seed {seed}, {objective}, {core}")


@pytest.mark.parametrize("objective", Objective, ids=lambda o: o.value)
def test_random_networks_on_the_emulated_core(objective: Objective, tmp_path) -> None:
    content = networks(1000, 5)
    inputs = random_inputs(content, 2)
    expected = reference_outputs(content, inputs)
    for got, want in zip(run_on_core(content, inputs, expected, tmp_path, objective=objective), expected, strict=True):
        for pair in zip(got, want, strict=True):
            np.testing.assert_array_equal(*pair)
