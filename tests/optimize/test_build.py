"""Firmware leaves out constant channels unless told otherwise, says so, and is never slower for it."""

from __future__ import annotations

import json

import numpy as np
import pytest

from edgeprune.build import build_firmware
from edgeprune.emulate import Core, load_image
from edgeprune.plan import Objective, make_narrow_plan, make_plan
from edgeprune.targets import load_target
from edgeprune.tflite import read_bytes
from support.command_line import edgeprune
from support.device import invoke
from support.planted import plant_in
from support.reference import random_inputs, reference_outputs
from support.small import small_model

CONTENT = plant_in(small_model(channels=24), np.random.default_rng(2), 0.5)
MODEL = read_bytes(CONTENT, "m")
M4 = load_target("cortex-m4")


def test_the_manifest_lists_what_went_and_outputs_stay(tmp_path) -> None:
    narrow = build_firmware(MODEL, M4, tmp_path / "narrow", profile=False)
    whole = build_firmware(MODEL, M4, tmp_path / "whole", profile=False, keep_constant_channels=True)
    assert narrow.manifest.sha256 == whole.manifest.sha256 == MODEL.sha256
    assert [layer.name for layer in narrow.manifest.layers] == [layer.name for layer in whole.manifest.layers]
    assert sum(removal.removed for removal in narrow.manifest.removals) > 10
    assert whole.manifest.removals == ()
    saved = sum(removal.macs for removal in narrow.manifest.removals)
    assert sum(w.macs - n.macs for n, w in zip(narrow.manifest.layers, whole.manifest.layers, strict=True)) == saved > 0
    assert narrow.manifest.image.flash_bytes < whole.manifest.image.flash_bytes
    inputs = random_inputs(CONTENT, 5)
    core = Core(load_image(narrow.elf), M4)
    core.boot()
    for arrays, expected in zip(inputs, reference_outputs(CONTENT, inputs), strict=True):
        np.testing.assert_equal(invoke(core, arrays, expected), expected)


@pytest.mark.parametrize("share", [0.03, 0.1, 0.2, 0.5])
def test_a_plan_without_them_is_never_slower(share: float) -> None:
    graph = read_bytes(plant_in(small_model(channels=32), np.random.default_rng(7), share), "m").graph
    narrow, _ = make_narrow_plan(graph, M4, Objective.LATENCY)
    whole = make_plan(graph, M4, Objective.LATENCY)
    cycles = [sum(layer.choice.option.cycles for layer in plan.layers if layer.choice) for plan in (narrow, whole)]
    assert cycles[0] <= cycles[1]


def test_analyze_and_build_show_them(tmp_path) -> None:
    path = tmp_path / "m.tflite"
    path.write_bytes(CONTENT)
    document = json.loads(edgeprune("analyze", path, "--json").out)
    assert sum(removal["constant"] for removal in document["removals"]) > 10
    assert "same for every input" in edgeprune("analyze", path).out
    built = json.loads(edgeprune("build", path, "--out", tmp_path / "fw", "--no-profile", "--json").out)
    assert built["removals"]
    kept = edgeprune("build", path, "--out", tmp_path / "fw", "--no-profile", "--json", "--keep-constant-channels").out
    assert json.loads(kept)["removals"] == []
