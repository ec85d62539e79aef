"""An Arm board over ssh, from building to outputs: OpenSSH on the loopback interface, Arm programs in QEMU."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from edgeprune.emulate.arm_linux import ARM_CORES, _make_root, qemu_aarch64
from support.adbd import Phone
from support.adbd.furnish import board
from support.command_line import edgeprune
from support.runner import arm_runner
from support.sshd import serving
from support.tflite_model import ModelBuilder

CORE = "cortex-a76"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder for caches of the board that `ssh board` reaches."""
    arm_runner()
    _make_root(tmp_path / "root", ARM_CORES[CORE])
    arm = (str(qemu_aarch64()), "-cpu", CORE, "-L", str(tmp_path / "root"))
    (tmp_path / "ssh").mkdir()
    # Of a phone only the programs are used, which say what machine it is and start those for Arm.
    phone = board(Phone(tmp_path / "programs", arm=arm))
    phone.close()
    with serving(tmp_path / "ssh", phone.path("bin")) as folder:
        monkeypatch.setenv("PATH", f"{folder / 'bin'}:{os.environ['PATH']}")
        yield folder / "cache"


def test_a_model_is_built_and_measured(cache: Path, tmp_path: Path) -> None:
    model = ModelBuilder()
    source, result = (make((1, 4), scale=0.1, zero_point=0) for make in (model.input, model.tensor))
    model.operator("ABS", (source,), (result,))
    model.output(result)
    (tmp_path / "small.tflite").write_bytes(model.build())
    np.savez(tmp_path / "i.npz", input_0=np.array([[[0, -127, -5, 6]]], np.int8))
    folder, outputs = tmp_path / "deployment", tmp_path / "o.npz"
    built = edgeprune("build", tmp_path / "small.tflite", "--target", "phone-a76", "--out", folder)
    assert "--via adb:SERIAL or ssh:HOST" in built.out
    command = ("measure", folder, "--via", "ssh:board", "--runs", 2, "--rounds", 1)
    shown = edgeprune(*command, "--no-layers", "--input", tmp_path / "i.npz", "--output", outputs, "--json")
    results = json.loads(shown.out)["runs"]
    assert [result["runtime"].split()[0] for result in results] == ["LiteRT", "edgeprune"]
    assert all(r["latency"]["origin"] == "measured" and r["via"] == "ssh:board" for r in results)
    np.testing.assert_array_equal(np.load(outputs)["output_0"], [[[0, 127, 5, 6]]])
    assert "name some of /sys/devices/system/cpu/online" in edgeprune(*command, "--cpus", 999).is_users_fault()
    assert "use --via adb:SERIAL or ssh:HOST" in edgeprune("measure", folder, "--via", "shh:board").is_users_fault()
    assert [path.name for path in cache.iterdir()] == ["edgeprune-cache"]
