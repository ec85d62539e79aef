"""The wheel, in an environment of its own and from another folder, does the demonstration's build and measure."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from support.small import small_model

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    return next(folder.glob("*.whl"))


def test_data_files_are_in_it(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for name in (
        "edgeprune/_data/targets/cortex-m4.toml",
        "edgeprune/_data/firmware_templates/common/link.ld.j2",
        "edgeprune/_data/models/fashion/fashion.keras",
        "edgeprune/_data/models/fashion/recipe.toml",
        "edgeprune/ops/conv_2d/ep_conv_2d_s8_columns.c",
        "edgeprune/runtime/ep_runtime.h",
        "edgeprune/emulate/hook.c",
        "edgeprune/report/templates/report.html.j2",
        "edgeprune/py.typed",
    ):
        assert name in names
    assert not [n for n in names if "__pycache__" in n or n.startswith("tests")]


@pytest.fixture(scope="module")
def command(wheel: Path, tmp_path_factory) -> Path:
    """`edgeprune` of an environment that has the wheel; its dependencies are those of this one."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False)
    site = next(folder.glob("lib/python*/site-packages"))
    here = [p for p in sys.path if p.endswith("site-packages")]
    (site / "dependencies.pth").write_text("\n".join(here) + "\n")
    pip = next((ROOT / ".ci" / "pip").glob("pip-*.whl")) / "pip"
    python = folder / "bin" / "python"
    install = [python, pip, "install", "-q", "--no-deps", "--no-index", "--ignore-installed", wheel]
    subprocess.run(install, check=True, capture_output=True, timeout=120)
    return folder / "bin" / "edgeprune"


def run(command: Path, folder: Path, *arguments: object) -> str:
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    done = subprocess.run(
        [command, *map(str, arguments)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_it_is_the_wheel_that_runs(command: Path, tmp_path) -> None:
    code = "import edgeprune, edgeprune.resources as r; print(edgeprune.__file__); print(r.models_folder())"
    lines = subprocess.run(
        [command.parent / "python", "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert all(line.startswith(str(command.parent.parent)) for line in lines)


def test_build_and_measure(command: Path, tmp_path) -> None:
    (tmp_path / "small.tflite").write_bytes(small_model())
    run(command, tmp_path, "build", "small.tflite", "--target", "cortex-m4", "--out", "fw")
    result = json.loads(run(command, tmp_path, "measure", "fw", "--via", "emulator", "--runs", 2, "--json"))
    assert result["runs"][0]["cycles"]["origin"] == "emulated"
    assert result["runs"][0]["cycles"]["value"] > 1000


def test_the_demonstration_model_converts_builds_and_measures(command: Path, tmp_path) -> None:
    code = "import edgeprune.resources as r; print(r.models_folder())"
    python = command.parent / "python"
    models = subprocess.run(
        [python, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    ).stdout.strip()
    fashion = Path(models) / "fashion"
    run(command, tmp_path, "convert", fashion / "fashion.keras", "--data", fashion / "fashion.npz", "--out", "f.tflite")
    run(command, tmp_path, "build", "f.tflite", "--out", "fw")
    said = json.loads(
        run(
            command,
            tmp_path,
            "validate",
            "fw",
            "--via",
            "emulator",
            "--data",
            fashion / "fashion.npz",
            "--inputs",
            5,
            "--json",
        )
    )
    assert said["exact_share"] == 1.0
