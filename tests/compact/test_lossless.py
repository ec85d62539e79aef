"""What is removed without loss is not missed by any kernel, and the file is smaller."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edgeprune.compact import lossless
from edgeprune.compact.interpreter import Kernels, Runner
from edgeprune.compact.verify import assert_same_outputs, probes
from edgeprune.errors import VerificationError
from edgeprune.optimize import remove_constant_channels
from edgeprune.optimize.constant_channels.groups import survey
from edgeprune.tflite import TfliteModel, read_bytes, rewritten
from edgeprune.tflite.flatbuffer import packed, unpacked
from support import planted
from support.command_line import edgeprune
from support.networks import mobilenet
from support.planted import plant_in
from support.reference import reference_outputs
from support.small import small_model
from support.tflite_model import ModelBuilder

SHARED = Path(__file__).resolve().parents[3] / "shared" / "models"
#: Random networks that are tried; raise it for a longer soak.
COUNT = int(os.environ.get("EDGEPRUNE_NETWORKS", "60"))
_PADDINGS = st.sampled_from(["SAME", "VALID"])
_SHARES = st.sampled_from([0.0, 0.3, 0.6])
_LAYERS = st.one_of(
    st.tuples(
        st.just("convolution"), st.integers(1, 9), st.integers(1, 3), st.integers(1, 2), _PADDINGS, _SHARES,
        st.booleans(),
    ),
    st.tuples(st.just("depthwise"), st.integers(1, 2), st.integers(1, 3), st.integers(1, 2), _PADDINGS, _SHARES),
    st.tuples(st.just("pool"), st.sampled_from(["MAX_POOL_2D", "AVERAGE_POOL_2D"]), _PADDINGS),
    st.sampled_from([("requantized",), ("padded",), ("greater",), ("looked_up", "LOGISTIC"), ("looked_up", "RELU")]),
    st.tuples(st.sampled_from(["residual", "joined", "scaled"]), _SHARES),
)  # fmt: skip


def _network(seed: int, edge: int, plan: list[tuple], end: list[tuple]) -> TfliteModel:
    """A network of these layers; those that no longer fit its height and width are left out."""
    model = ModelBuilder()
    net = planted.begin(model, np.random.default_rng(seed), (1, edge, edge, 3))
    for name, *arguments in [("convolution", 8, 1, 1, "SAME", 0.3), *plan, *end, ("dense", 4, 0.3), ("dense", 3, 0.0)]:
        reach = arguments[1] if name in {"convolution", "depthwise"} else 2 if name == "pool" else 1
        if len(net.shape) == 2 or min(net.shape[1:3]) >= reach:
            getattr(planted, name)(net, *arguments)
    model.output(net.tensor)
    return read_bytes(model.build(), "network")


_NETWORKS = {
    "seed": st.integers(0, 2**32 - 1),
    "edge": st.integers(3, 8),
    "plan": st.lists(_LAYERS, max_size=5),
    "end": st.sampled_from([[("averaged",)], [("flattened",)], []]),
}


@settings(max_examples=COUNT, deadline=None, suppress_health_check=list(HealthCheck))
@given(**_NETWORKS)
def test_random_networks_stay_what_they_are(seed, edge, plan, end) -> None:
    source = _network(seed, edge, plan, end)
    result = lossless(source)  # compares outputs itself
    assert result.bytes_after <= result.bytes_before
    assert (result.model is source) == bool(result.reason)
    exact, _ = remove_constant_channels(source.graph)
    if exact is not source.graph:  # the writer, with all that may go for the reference kernels
        inputs = list(probes(source.graph.input_tensors(), 12))
        expected = reference_outputs(source.content, inputs)
        np.testing.assert_equal(reference_outputs(rewritten(source, exact).content, inputs), expected)


@settings(max_examples=COUNT // 2, deadline=None, suppress_health_check=list(HealthCheck))
@given(**_NETWORKS)
def test_bounds_for_all_kernels_hold_in_all_of_them(seed, edge, plan, end) -> None:
    source = _network(seed, edge, plan, end)
    bounds = survey(source.graph, any_kernel=True).bounds
    for kernels in (Kernels.OPTIMIZED, Kernels.REFERENCE):
        runner = Runner(source, kernels, keep_all=True)
        for inputs in probes(source.graph.input_tensors(), 6):
            runner.run(inputs)
            for node in source.graph.nodes:
                known, value = bounds[node.outputs[0]], runner.value(node.outputs[0])
                assert (value >= known.low).all()
                assert (value <= known.high).all()


@pytest.mark.parametrize("share", [0.1, 0.3])
@pytest.mark.parametrize("name", ["mobilenet", "kws_int8", "ic_int8"])
def test_dead_channels_of_whole_networks_go(name: str, share: float) -> None:
    path = SHARED / f"{name}.tflite"
    if name != "mobilenet" and not path.is_file():
        pytest.skip(f"{path} is not here")
    content = mobilenet() if name == "mobilenet" else path.read_bytes()
    result = lossless(read_bytes(plant_in(content, np.random.default_rng(1), share), name))
    assert result.macs_after < result.macs_before
    assert result.bytes_after < result.bytes_before
    assert result.inputs_compared >= 4


def test_a_file_in_which_nothing_can_go_is_copied(tmp_path: Path) -> None:
    (tmp_path / "small.tflite").write_bytes(small_model())
    ended = edgeprune("prune", tmp_path / "small.tflite", "--method", "lossless", "--out", tmp_path / "out.tflite")
    assert (ended.code, (tmp_path / "out.tflite").read_bytes()) == (0, small_model())
    assert "nothing could go" in ended.out


def test_a_difference_is_found() -> None:
    source = read_bytes(small_model(), "small")
    model = unpacked(source.content)
    layer = next(o for o in reversed(model.subgraphs[0].operators) if len(o.inputs) == 3)
    bias = model.buffers[model.subgraphs[0].tensors[layer.inputs[2]].buffer]
    bias.data = (np.asarray(bias.data).view(np.int32) + 20000).view(np.uint8)
    with pytest.raises(VerificationError, match="differs on input"):
        assert_same_outputs(source, read_bytes(packed(model, source.content), "broken"))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--method", "channel", "--out", "o.tflite"), "lossless or calibrated"),
        (("--method", "lossless", "--out", "o.keras"), "must end in .tflite"),
        (("--method", "lossless", "--set", "a=1", "--out", "o.tflite"), "no settings"),
    ],
)
def test_what_a_tflite_does_not_take(tmp_path: Path, options: tuple[str, ...], said: str) -> None:
    (tmp_path / "small.tflite").write_bytes(small_model())
    paths = [tmp_path / o if o.startswith("o.") else o for o in options]
    assert said in edgeprune("prune", tmp_path / "small.tflite", *paths).is_users_fault()
    assert [path.name for path in tmp_path.iterdir()] == ["small.tflite"]


def test_a_damaged_file(tmp_path: Path) -> None:
    (tmp_path / "m.tflite").write_bytes(small_model()[:300])
    ended = edgeprune("prune", tmp_path / "m.tflite", "--method", "lossless", "--out", tmp_path / "o.tflite")
    assert "m.tflite" in ended.is_users_fault()
