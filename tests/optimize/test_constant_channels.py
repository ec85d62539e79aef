"""Constant channels are all found, and removed without a change of any output bit."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
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
from support.small import small_model
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
    plain = st.sampled_from(
        [("requantized",), ("padded",), ("greater",)]
        + [("looked_up", name) for name in ("LOGISTIC", "LEAKY_RELU", "HARD_SWISH", "RELU")]
    )
    residual = st.tuples(st.sampled_from(["residual", "joined", "scaled"]), _SHARES)
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
            (pick("residual", "joined", "scaled"), share),
            pick(
                ("requantized",), ("padded",), ("greater",), ("looked_up", pick("LOGISTIC", "LEAKY_RELU", "HARD_SWISH"))
            ),
        )

    body = [one() for _ in range(int(random.integers(2, 6)))]
    return [*body, *pick([("averaged",)], [("flattened",)], []), ("dense", 5, 0.3), ("dense", 3, 0.0)]


#: Layers that can do without any channel that is constant: no window of theirs reaches beyond a border.
_FREE = st.one_of(
    st.tuples(
        st.just("convolution"), st.integers(4, 9), st.just(1), st.integers(1, 2), st.just("SAME"),
        st.sampled_from([0.0, 0.3, 0.5]), st.booleans(),
    ),
    st.tuples(
        st.just("convolution"), st.integers(4, 9), st.integers(2, 3), st.integers(1, 2), st.just("VALID"),
        st.sampled_from([0.0, 0.3, 0.5]), st.booleans(),
    ),
    st.tuples(
        st.just("depthwise"), st.just(1), st.integers(1, 3), st.integers(1, 2), st.just("VALID"),
        st.sampled_from([0.0, 0.3]),
    ),
    st.tuples(st.just("pool"), st.sampled_from(["MAX_POOL_2D", "AVERAGE_POOL_2D"]), _PADDINGS),
    st.just(("requantized",)),
)  # fmt: skip


@settings(max_examples=COUNT, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    seed=st.integers(0, 2**32 - 1),
    shape=st.tuples(st.just(1), st.integers(3, 9), st.integers(3, 9), st.integers(1, 5)),
    plan=st.lists(_FREE, max_size=6),
    end=st.sampled_from([[("averaged",)], [("flattened",)], []]),
)
def test_all_that_is_planted_goes_where_no_border_holds_it(seed, shape, plan, end) -> None:
    # A convolution first, since a depthwise layer of the model's input has to keep all channels.
    content, net = _network(
        seed, shape, [("convolution", 6, 1, 1, "SAME", 0.3), *plan, *end, ("dense", 4, 0.3), ("dense", 3, 0.0)]
    )
    graph = read_bytes(content, "m").graph
    reduced, _ = remove_constant_channels(graph)
    for tensor in net.planted:
        before, after = (g.tensors[tensor.tensor].shape[-1] for g in (graph, reduced))
        assert after <= before - len(tensor.channels) or after == 1


def _chain(steps: list[tuple], zero_point: int, value: int) -> tuple[Graph, bytes]:
    """A 1x1 convolution of 4 channels, the last of which is always `value`, then other layers.

    Its output has the zero point `zero_point` and no clamp, so that a bias alone fixes the value.
    """
    random, model = np.random.default_rng(7), ModelBuilder()
    source = model.input((1, 5, 6, 3), scale=0.02, zero_point=3)
    scales = np.array([0.01, 0.01, 0.01, 1e-7], np.float32)
    bias = np.array([0, 10, -20, round((value - zero_point) * 0.05 / (1e-7 * 0.02))], np.int32)
    kernel = model.tensor((4, 1, 1, 3), "int8", scales, 0, 0, random.integers(-127, 128, (4, 1, 1, 3)))
    offset = model.tensor((4,), "int32", scales * np.float32(0.02), 0, 0, bias)
    output = model.tensor((1, 5, 6, 4), scale=0.05, zero_point=zero_point)
    options = schema.Conv2DOptionsT()
    options.padding = options.fusedActivationFunction = 0
    options.strideH = options.strideW = options.dilationHFactor = options.dilationWFactor = 1
    model.operator("CONV_2D", (source, kernel, offset), (output,), options)
    net = planted.Network(model, random, output, (1, 5, 6, 4), float(np.float32(0.05)), zero_point, activation="NONE")
    for name, *arguments in steps:
        getattr(planted, name)(net, *arguments)
    model.output(net.tensor)
    content = model.build()
    return read_bytes(content, "m").graph, content


def _assert_exact(graph: Graph, content: bytes) -> None:
    inputs = _inputs(content, 20)
    for arrays, expected in zip(inputs, reference_outputs(content, inputs), strict=True):
        np.testing.assert_equal(_evaluated(graph, arrays), expected)


_CONV3 = ("convolution", 5, 3, 1, "SAME", 0.0)
_DEPTHWISE3 = ("depthwise", 1, 3, 1, "SAME", 0.0)
_CONV1 = ("convolution", 5, 1, 1, "SAME", 0.0)


@pytest.mark.parametrize(
    ("steps", "value", "left"),
    [
        ([_CONV1], -20, 3),
        ([_CONV3], -20, 4),  # beyond the border the convolution sees the zero point, not the value
        ([_CONV3], 5, 3),  # which makes no difference where they are the same
        ([("convolution", 5, 3, 2, "VALID", 0.0)], -20, 3),
        ([_DEPTHWISE3, _CONV1], 5, 3),
        ([_DEPTHWISE3, _CONV1], -20, 4),  # constant everywhere, but another constant at the border
        ([_DEPTHWISE3, ("flattened",), ("dense", 3, 0.0)], -20, 3),  # where a dense layer has a weight for each place
        ([("padded",), ("convolution", 5, 2, 1, "VALID", 0.0)], -20, 4),
        ([("padded",), ("convolution", 5, 2, 1, "VALID", 0.0)], 5, 3),
        ([("residual", 0.0), _CONV1], -20, 4),  # the sum of a constant and something else
        ([("pool", "AVERAGE_POOL_2D", "SAME"), _CONV1], -20, 3),
        ([("averaged",), ("dense", 3, 0.0)], -20, 3),
        ([("requantized",), ("flattened",), ("dense", 3, 0.0)], -20, 3),
        ([], -20, 4),  # a model's output stays as it is
    ],
)
def test_borders_and_branches_hold_what_they_need(steps: list[tuple], value: int, left: int) -> None:
    graph, content = _chain(steps, 5, value)
    found = {c.tensor: c for c in find(graph)}[graph.nodes[0].outputs[0]]
    assert 3 in found.channels
    assert (found.values[..., found.channels.index(3)] == value).all()
    reduced, _ = remove_constant_channels(graph)
    assert reduced.output(reduced.nodes[0]).shape[-1] == left
    _assert_exact(reduced, content)


def test_a_border_gives_a_constant_channel_other_values() -> None:
    graph, content = _chain([_DEPTHWISE3, _CONV1], 5, -20)
    found = {c.tensor: c for c in find(graph)}[graph.nodes[1].outputs[0]]
    assert found.channels[-1] == 3
    values = found.values[0, :, :, -1]
    assert len(np.unique(values[1:-1, 1:-1])) == 1
    assert len(np.unique(values)) > 1
    for arrays in _inputs(content, 5):
        known = {graph.inputs[0]: exactly(arrays[0])}
        np.testing.assert_array_equal(survey(graph, known).bounds[found.tensor].low[0, :, :, 3], values)


def test_channels_that_nothing_reads_go_without_being_constant() -> None:
    graph, content = _chain([("convolution", 5, 3, 1, "SAME", 0.0, True)], 5, 5)
    reduced, removals = remove_constant_channels(graph)
    assert (removals[0].constant, removals[0].removed, removals[0].unread) == (1, 1, 2)
    before, after = (sum(ops.layer_macs(g, node) for node in g.nodes) for g in (graph, reduced))
    assert sum(removal.macs for removal in removals) == before - after == 30 * 3 * 3 + 30 * 5 * 9 * 3
    assert removals[0].weight_bytes == 3 * (3 + 4)
    _assert_exact(reduced, content)


def test_a_tensor_keeps_one_channel() -> None:
    content, _ = _network(3, (1, 5, 5, 2), [("convolution", 6, 1, 1, "SAME", 1.0), ("dense", 3, 0.0)])
    reduced, removals = remove_constant_channels(read_bytes(content, "m").graph)
    assert (removals[0].constant, removals[0].removed) == (6, 5)
    assert reduced.output(reduced.nodes[0]).shape == (1, 5, 5, 1)
    _assert_exact(reduced, content)


def test_a_graph_without_constant_channels_stays_the_same_object() -> None:
    graph = read_bytes(small_model(), "m").graph
    assert remove_constant_channels(graph) == (graph, ())
