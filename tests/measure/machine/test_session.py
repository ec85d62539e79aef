"""A session on a phone: the real adb client, a daemon on the loopback interface, Arm programs in QEMU."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from edgeprune import tflite
from edgeprune.build import Firmware, build_firmware
from edgeprune.devices.remote import machine as remote_machines
from edgeprune.emulate.arm_linux import qemu_aarch64
from edgeprune.errors import UserError
from edgeprune.measure.arrays import InputBatch, random_batch
from edgeprune.measure.machine import MachineRun, MachineSettings, measure_in_turns, run_on_machine
from edgeprune.measure.steady import Cooling
from edgeprune.targets import load_target
from support import arm64
from support.adbd import Phone
from support.adbd.fixtures import PlugIn
from support.adbd.furnish import CLOCK, android, program
from support.command_line import edgeprune
from support.reference import reference_outputs
from support.small import small_model

MODEL = small_model()
RECORDED = Path(__file__).parents[1] / "benchmark_tool" / "recorded" / "2023.txt"
QUICK = {"runs": 3, "rounds": 2, "warmup": 1, "profile": False, "cooling": Cooling(seconds=0), "turn_seconds": 20.0}


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Firmware:
    folder = tmp_path_factory.mktemp("deployment")
    return build_firmware(tflite.read_bytes(MODEL, "small"), load_target("phone-a76"), folder / "phone")


@pytest.fixture
def phone(plug_in: PlugIn, monkeypatch: pytest.MonkeyPatch) -> Phone:
    arm64.need_qemu()
    monkeypatch.setattr(remote_machines, "BACK_SECONDS", 1.0)
    made = android(plug_in(arm=(str(qemu_aarch64()), "-cpu", "cortex-a76")))
    program(made, "taskset", 'shift; exec "$@"')
    return made


def inputs(count: int) -> InputBatch:
    return random_batch(tflite.read_bytes(MODEL, "small").graph.input_tensors(), count)


def run(deployment: Firmware, phone: Phone, count: int = 1, **change: object) -> MachineRun:
    return run_on_machine(deployment, f"adb:{phone.serial}", inputs(count), MachineSettings(**{**QUICK, **change}))


def left(phone: Phone) -> list[str]:
    return [path.name for path in phone.path("/data/local/tmp").iterdir() if path.name != "edgeprune-cache"]


def test_our_program_on_a_phone(deployment: Firmware, phone: Phone) -> None:
    ran = run(deployment, phone, count=3, profile=True)
    (result,) = ran.results
    assert result.device == "phone-a76" and result.via == f"adb:{phone.serial}"
    assert result.runtime.startswith("edgeprune") and result.latency is not None
    assert result.latency.runs == 2 and "2 turns of 3 inferences, on CPU 0" in result.latency.note
    assert result.statistics is not None and result.statistics.count == 6
    assert result.memory is not None and result.memory.value > 100_000
    assert [layer.name for layer in result.layers] == [entry.name for entry in deployment.manifest.layers]
    assert result.notes == () and left(phone) == []
    wanted = reference_outputs(MODEL, [list(arrays) for arrays in zip(*inputs(3).arrays, strict=True)])
    assert ran.exact_outputs is not None
    for got, want in zip(ran.exact_outputs, zip(*wanted, strict=True), strict=True):
        np.testing.assert_array_equal(got, np.stack(want))


def test_the_users_benchmark_model_beside_it(deployment: Firmware, phone: Phone, tmp_path: Path) -> None:
    tool = tmp_path / "benchmark_model"
    tool.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/asked\ncat {RECORDED}\n')
    ran = run(deployment, phone, benchmark_model=tool)
    theirs, ours = ran.results
    assert theirs.runtime == "benchmark_model of the user" and theirs.latency is not None
    assert theirs.latency.value == pytest.approx(116.066)
    assert theirs.statistics is not None and theirs.statistics.count == 100
    assert ours.runtime.startswith("edgeprune")
    asked = (tmp_path / "asked").read_text().split()
    assert {"--num_threads=1", "--num_runs=3", "--warmup_runs=1"} <= set(asked)


def test_variants_take_turns(deployment: Firmware, phone: Phone) -> None:
    work = [(deployment, inputs(1)), (deployment, inputs(2))]
    first, second = measure_in_turns(work, f"adb:{phone.serial}", MachineSettings(**QUICK))
    assert first.exact_outputs is not None and second.exact_outputs is not None
    assert len(first.exact_outputs[0]) == 1 and len(second.exact_outputs[0]) == 2


def test_a_clock_that_moves_is_told(deployment: Firmware, phone: Phone) -> None:
    clock = phone.path(CLOCK)
    held = phone.path(CLOCK.replace("cur", "max"))
    held.write_text("1900000\n")
    program(phone, "sleep", f"echo $(( 4200000 - $(cat {clock}) )) > {clock}; exec {shutil.which('sleep')} 0.01")
    (result,) = run(deployment, phone, rounds=1, repeats=1, runs=5_000).results
    assert any("the clock moved between" in note for note in result.notes)
    assert any("holds CPU 0 at 1,900 of 2,800 MHz" in note for note in result.notes)
    assert any("1 turns were discarded" in note for note in result.notes)


def test_energy_that_cannot_be_told_is_not(deployment: Firmware, phone: Phone) -> None:
    (result,) = run(deployment, phone, energy_seconds=0.2).results
    assert result.energy is None
    assert any(note.startswith("energy not measured: the battery's gauge cannot be read") for note in result.notes)


def test_what_does_not_run_there(deployment: Firmware, phone: Phone, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="its time would say nothing about a phone"):
        run_on_machine(deployment, "local", inputs(1), MachineSettings(**QUICK))
    board = build_firmware(tflite.read_bytes(MODEL, "small"), load_target("host"), tmp_path / "board")
    with pytest.raises(UserError, match="does not run on adb"):
        run_on_machine(board, f"adb:{phone.serial}", inputs(1), MachineSettings(**QUICK))


def test_the_command_line(deployment: Firmware, phone: Phone, tmp_path: Path) -> None:
    via = f"adb:{phone.serial}"
    shown = edgeprune("measure", deployment.folder, "--via", via, "--runs", "3", "--rounds", "1", "--no-layers",
                      "--output", tmp_path / "o.npz", "--json")  # fmt: skip
    (result,) = json.loads(shown.out)["runs"]
    assert result["latency"]["origin"] == "measured" and result["via"] == via
    assert np.load(tmp_path / "o.npz")["output_0"].shape[0] == 1
    assert "2 of 2 outputs equal" in edgeprune("validate", deployment.folder, "--via", via, "--inputs", "2").out
    assert (
        "--cpus a are no numbers"
        in edgeprune("measure", deployment.folder, "--via", via, "--cpus", "a").is_users_fault()
    )
