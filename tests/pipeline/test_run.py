"""The whole job on the demonstration model, with less training than the demonstration has."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from edgeprune.report import read_report
from edgeprune.resources import models_folder
from support.command_line import edgeprune

FASHION = models_folder() / "fashion"
RECIPE = f"""
name = "short"
model = "{FASHION / "fashion.keras"}"
data = "{FASHION / "fashion.npz"}"
[[variant]]
name = "pruned"
method = "channel"
macs_ratio = 2.5
[variant.training]
gradual_epochs = 1
recovery_epochs = 2
[measure]
targets = ["cortex-m4", "phone-a76", "host"]
runs = 3
validate_inputs = 5
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    (folder / "recipe.toml").write_text(RECIPE)
    ended = edgeprune("run", folder / "recipe.toml", "--out", folder / "out")
    assert ended.code == 0, ended.err
    assert "multiply-accumulates" in ended.out
    return folder / "out"


def test_everything_promised_is_there(folder: Path) -> None:
    for name in ("report.json", "report.md", "report.html"):
        assert (folder / name).stat().st_size > 1000
    for variant in ("dense", "pruned"):
        for artefact in ("model.keras", "model.tflite", "cortex-m4/firmware.elf", "cortex-m4/src/ep_model.c",
                         "cortex-m4/manifest.json", "phone-a76/model.tflite", "host/model.tflite"):  # fmt: skip
            assert (folder / variant / artefact).is_file()
    assert sorted(path.name for path in folder.iterdir()) == [
        "dense",
        "pruned",
        "report.html",
        "report.json",
        "report.md",
    ]


def test_the_figures_hang_together(folder: Path) -> None:
    report = read_report(folder)
    dense, pruned = report.variants
    assert dense.macs / pruned.macs >= 2.5
    assert pruned.parameters < dense.parameters
    assert pruned.tflite_bytes < dense.tflite_bytes
    assert dense.accuracy.value > 0.9
    for variant in report.variants:
        board, phone, host = variant.devices
        assert board.validation.exact == board.validation.inputs == 5
        assert board.runs[0].cycles.origin.value == "emulated"
        assert phone.runs == ()
        assert "not measured" in phone.note
        assert {run.device for run in host.runs} == {"host"}
        assert all(run.statistics.count >= 50 for run in host.runs)
        manifest = json.loads((folder / variant.name / "cortex-m4" / "manifest.json").read_text())
        assert manifest["flash_bytes"] == board.flash.value
        assert sum(layer.macs for layer in variant.layers) == variant.macs
    assert pruned.device("cortex-m4").runs[0].cycles.value < dense.device("cortex-m4").runs[0].cycles.value


def test_the_kept_groups_say_why(folder: Path) -> None:
    groups = read_report(folder).variants[1].groups
    assert [group for group in groups if group.kept_because]
    assert [group for group in groups if group.after < group.before]


def test_the_report_can_be_shown_again(folder: Path) -> None:
    for option in ((), ("--markdown",), ("--json",)):
        assert edgeprune("report", folder, *option).code == 0


def test_the_firmware_runs_on_its_own(folder: Path) -> None:
    ended = edgeprune("measure", folder / "pruned" / "cortex-m4", "--via", "emulator", "--runs", "2", "--json")
    cycles = json.loads(ended.out)["runs"][0]["cycles"]["value"]
    assert cycles == pytest.approx(read_report(folder).variants[1].devices[0].runs[0].cycles.value, rel=0.02)
