"""Bounds hold in real models, whatever drives them, and what is removed from them is not missed."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from edgeprune import models
from edgeprune.graph import Graph
from edgeprune.optimize import Removal, remove_constant_channels
from edgeprune.optimize.constant_channels.groups import survey
from edgeprune.quantize import convert
from edgeprune.resources import models_folder
from edgeprune.tflite import read_bytes
from support.adversarial import adversarial_inputs
from support.host import compile_on_host, host_toolchains, run_on_host
from support.planted import plant_in
from support.reference import random_inputs, reference_outputs, reference_values
from support.small import small_model

SHARED = Path(__file__).resolve().parents[3] / "shared" / "models"
MODELS = ("kws_int8", "ic_int8", "fashion", "small")
#: Inputs that each model is tried with; raise it for a longer soak.
COUNT = int(os.environ.get("EDGEPRUNE_INPUTS", "1000"))


@pytest.fixture(scope="module")
def contents(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Models made on first use."""
    return {"small": small_model()}


@pytest.fixture
def content(request: pytest.FixtureRequest, contents: dict[str, bytes], tmp_path: Path) -> bytes:
    name = request.param
    if name == "fashion" and name not in contents:
        folder = models_folder() / name
        data = models.load_dataset(folder / "fashion.npz")
        convert(models.load(folder / "fashion.keras"), data, "int8", tmp_path / "fashion.tflite")
        contents[name] = (tmp_path / "fashion.tflite").read_bytes()
    if name not in contents:
        path = SHARED / f"{name}.tflite"
        if not path.is_file():
            pytest.skip(f"{path} is not here")
        contents[name] = path.read_bytes()
    return contents[name]


def _inputs(content: bytes, graph: Graph, count: int) -> list[list[np.ndarray]]:
    """Half of them drive a bound, a tenth lie at the ends of the range, the others are random."""
    shape, random = graph.input_tensors()[0].shape, np.random.default_rng(0)
    driven = list(adversarial_inputs(graph))
    first = 2 * graph.output(graph.nodes[0]).shape[-1]  # all of the first layer, and a choice of the others
    driven = driven[:first] + [driven[first + i] for i in random.permutation(len(driven) - first)]
    ends = [[np.full(shape, fill, np.int8)] for fill in (-128, 127)]
    ends += [[random.choice(np.array([-128, 127], np.int8), shape)] for _ in range(count // 10)]
    found = driven[: max(count // 2, first)] + ends
    return found + random_inputs(content, count - len(found))


@pytest.mark.parametrize("content", MODELS, indirect=True)
def test_bounds_hold_and_the_first_layers_are_reached(content: bytes) -> None:
    graph = read_bytes(content, "m").graph
    known = survey(graph)
    first = graph.nodes[0].outputs[0]
    lowest, highest = np.full(graph.tensors[first].shape, 127), np.full(graph.tensors[first].shape, -128)
    for values in reference_values(content, _inputs(content, graph, COUNT // 2)):
        for tensor, array in values.items():
            bounds = known.bounds[tensor]
            assert (array >= bounds.low).all()
            assert (array <= bounds.high).all()
        lowest, highest = np.minimum(lowest, values[first]), np.maximum(highest, values[first])
    middle = (0, *(extent // 2 for extent in lowest.shape[1:3]))
    np.testing.assert_array_equal(lowest[middle], known.bounds[first].low[middle])
    np.testing.assert_array_equal(highest[middle], known.bounds[first].high[middle])


@pytest.mark.parametrize("content", MODELS, indirect=True)
@pytest.mark.parametrize("share", [0.0, 0.3])
def test_removal_is_exact(content: bytes, share: float, tmp_path: Path) -> None:
    content = plant_in(content, np.random.default_rng(1), share)
    graph = read_bytes(content, "m").graph
    reduced, removals = remove_constant_channels(graph)
    assert bool(_removed(removals)) == bool(share)
    if reduced is graph:
        return  # these models have no constant channels of their own
    inputs = _inputs(content, graph, COUNT)
    expected = reference_outputs(content, inputs)
    program = compile_on_host(reduced, tmp_path, host_toolchains()[0])
    assert all(np.array_equal(*pair) for pair in zip(run_on_host(program, inputs, expected), expected, strict=True))


def _removed(removals: tuple[Removal, ...]) -> int:
    return sum(removal.removed + removal.unread for removal in removals)
