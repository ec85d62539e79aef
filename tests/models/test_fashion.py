"""The demonstration model and its data are what their README says."""

from __future__ import annotations

import hashlib
import re

import numpy as np
import pytest

from edgeprune.models import evaluate, load, load_dataset
from edgeprune.prune.channels.cost import Cost
from edgeprune.prune.channels.groups import analyse
from edgeprune.resources import models_folder

FOLDER = models_folder() / "fashion"
README = (FOLDER / "README.md").read_text()


@pytest.mark.parametrize(("name", "limit"), [("fashion.keras", 1_000_000), ("fashion.npz", 6_000_000)])
def test_files_match_their_digests_and_limits(name: str, limit: int) -> None:
    content = (FOLDER / name).read_bytes()
    row = next(line for line in README.splitlines() if line.startswith(f"| `{name}`"))
    assert hashlib.sha256(content).hexdigest() in row
    assert len(content) <= limit


def test_the_model_costs_what_the_readme_says_and_recognises_clothes() -> None:
    model, data = load(FOLDER / "fashion.keras"), load_dataset(FOLDER / "fashion.npz")
    assert model.input_shape == (28, 28, 1)
    structure = analyse(model.model)
    macs = Cost.of(model.model, structure).macs(structure.keep_all())
    parameters, stated = (int(n.replace(",", "")) for n in re.findall(r"([\d,]{6,}) (?:parameters|multiply)", README))
    assert (model.model.count_params(), macs) == (parameters, stated)
    assert all(not group.kept_because for group in structure.groups[:-1])
    assert evaluate(model, data) > 0.92


def test_the_data_is_balanced() -> None:
    data = load_dataset(FOLDER / "fashion.npz")
    assert set(np.bincount(data.y_train)) == {1105}
    assert set(np.bincount(data.y_test)) == {250}
    inputs = data.test_inputs()
    assert (inputs.min(), inputs.max()) == (0.0, 1.0)
