"""Constant channels are all found, and removed without a change of any output bit."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edgeprune import ops
from edgeprune.graph import Graph
from edgeprune.optimize import find, remove_constant_channels
from edgeprune.optimize.constant_channels.bounds import exactly
from edgeprune.optimize.constant_channels.groups import survey
from edgeprune.tflite import read_bytes
from support import planted
from support.host import compile_on_host, host_toolchains, run_on_host
from support.reference import random_inputs, reference_outputs
from support.tflite_model import ModelBuilder

#: Random networks that are looked at; raise it for a longer soak.
COUNT = int(os.environ.get("EDGEPRUNE_NETWORKS", "150"))
_PADDINGS = st.sampled_from(["SAME", "VALID"])
_SHARES = st.sampled_from([0.0, 0.3, 0.6, 1.0])


@st.composite
def layers(draw: st.DrawFn) -> list[tuple]:
    """Layers of a network: the name of a function in `planted`, and its arguments."""
    convolution = st.tuples(
        st.just("convolution"), st.integers(1, 9), st.integers(1, 3), st.integers(1, 2), _PADDINGS, _SHARES,
        st.booleans(),
    )  # fmt: skip
    depthwise = st.tuples(
        st.just("depthwise"), st.integers(1, 3), st.integers(1, 3), st.integers(1, 2), _PADDINGS, _SHARES
    )
    pool = st.tuples(st.just("pool"), st.sampled_from(["MAX_POOL_2D", "AVERAGE_POOL_2D"]), _PADDINGS)
    plain = st.sampled_from([("requantized",), ("padded",)])
    residual = st.tuples(st.just("residual"), _SHARES)
    body = draw(st.lists(st.one_of(convolution, convolution, depthwise, depthwise, pool, plain, residual), max_size=6))
    end = draw(st.sampled_from([[("averaged",)], [("flattened",)], []]))
    return [*body, *end, ("dense", draw(st.integers(1, 5)), draw(_SHARES)), ("dense", 3, 0.0)]


def _append(model: ModelBuilder, seed: int, shape: tuple[int, int, int, int], plan: list[tuple]) -> planted.Network:
    """A network of these layers; those that no longer fit its height and width are left out."""
    net = planted.begin(model, np.random.default_rng(seed), shape)
    for name, *arguments in plan:
        reach = arguments[1] if name in {"convolution", "depthwise"} else 2 if name == "pool" else 1
        if len(net.shape) == 4 and min(net.shape[1:3]) < reach:
            continue
        getattr(planted, name)(net, *arguments)
    model.output(net.tensor)
    return net


def _network(seed: int, shape: tuple[int, int, int, int], plan: list[tuple]) -> tuple[bytes, planted.Network]:
    model = ModelBuilder()
    net = _append(model, seed, shape, plan)
    return model.build(), net


def _evaluated(graph: Graph, inputs: list[np.ndarray]) -> list[np.ndarray]:
    """Outputs for one set of inputs, by the pass's own arithmetic: bounds of a known input are its values."""
    known = {index: exactly(array) for index, array in zip(graph.inputs, inputs, strict=True)}
    bounds = survey(graph, known).bounds
    found = [bounds[index] for index in graph.outputs]
    assert all(np.array_equal(b.low, b.high) for b in found)
    return [b.low.astype(np.int8) for b in found]


def _inputs(content: bytes, count: int) -> list[list[np.ndarray]]:
    """Random ones, and those at the ends of the range."""
    inputs = random_inputs(content, count)
    for fill in (-128, 127):
        inputs.append([np.full_like(array, fill) for array in inputs[0]])
    chosen = [np.random.default_rng(i).choice(np.array([-128, 127], np.int8), inputs[0][0].shape) for i in range(2)]
    return inputs + [[array, *inputs[0][1:]] for array in chosen]


_NETWORKS = {
    "seed": st.integers(0, 2**32 - 1),
    "shape": st.tuples(st.integers(1, 2), st.integers(2, 7), st.integers(2, 7), st.integers(1, 5)),
    "plan": layers(),
}


@settings(max_examples=COUNT, deadline=None, suppress_health_check=list(HealthCheck))
@given(**_NETWORKS)
def test_planted_channels_are_found_and_removal_is_exact(seed, shape, plan) -> None:
    content, net = _network(seed, shape, plan)
    graph = read_bytes(content, "m").graph
    constant = {found.tensor: set(found.channels) for found in find(graph)}
    for tensor in net.planted:
        assert set(tensor.channels) <= constant.get(tensor.tensor, set())
    reduced, removals = remove_constant_channels(graph)
    for node in reduced.nodes:
        assert ops.find(node.op).fault(reduced, node) is None
    assert [t.shape for t in reduced.output_tensors()] == [t.shape for t in graph.output_tensors()]
    assert all(r.removed <= r.constant and r.removed + r.unread < r.channels for r in removals)
    for inputs, expected in zip(cases := _inputs(content, 2), reference_outputs(content, cases), strict=True):
        np.testing.assert_equal(_evaluated(graph, inputs), expected)
        np.testing.assert_equal(_evaluated(reduced, inputs), expected)


@pytest.mark.parametrize("seed", range(int(os.environ.get("EDGEPRUNE_BUNDLES", "3"))))
def test_generated_c_of_reduced_networks_is_exact(seed: int, tmp_path: Path) -> None:
    """Many networks side by side in one model, so that the compiler runs once."""
    model, random = ModelBuilder(), np.random.default_rng(seed)
    for _ in range(20):
        shape = tuple(int(random.integers(low, high)) for low, high in ((1, 3), (2, 8), (2, 8), (1, 6)))
        _append(model, int(random.integers(2**31)), shape, _drawn_layers(random))
    content = model.build()
    reduced, removals = remove_constant_channels(read_bytes(content, "m").graph)
    assert sum(removal.removed for removal in removals) > 20
    inputs = _inputs(content, 12)
    expected = reference_outputs(content, inputs)
    program = compile_on_host(reduced, tmp_path, host_toolchains()[-1])
    np.testing.assert_equal(run_on_host(program, inputs, expected), expected)


def _drawn_layers(random: np.random.Generator) -> list[tuple]:
    """As `layers`, without hypothesis."""

    def pick(*choices: object) -> object:
        return choices[int(random.integers(len(choices)))]

    def one() -> tuple:
        edge, stride, padding, share = pick(1, 2, 3), pick(1, 2), pick("SAME", "VALID"), pick(0.3, 0.6)
        return pick(
            ("convolution", pick(4, 7, 9), edge, stride, padding, share, pick(True, False)),
            ("depthwise", pick(1, 1, 2), edge, stride, padding, share),
            ("pool", pick("MAX_POOL_2D", "AVERAGE_POOL_2D"), padding),
            ("residual", share),
            pick(("requantized",), ("padded",)),
        )

    body = [one() for _ in range(int(random.integers(2, 6)))]
    return [*body, *pick([("averaged",)], [("flattened",)], []), ("dense", 5, 0.3), ("dense", 3, 0.0)]
