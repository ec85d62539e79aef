"""Firmware on the emulated board, through pyserial and a real pseudo-terminal."""

from __future__ import annotations

import hashlib
import shutil
import subprocess

import numpy as np
import pytest

from edgeprune.build import build_firmware
from edgeprune.emulate import call_function
from edgeprune.errors import DeviceError, UserError, ValidationMismatch
from edgeprune.measure.arrays import random_batch
from edgeprune.measure.board import outputs_of_board, run_on_board
from edgeprune.measure.session import validate_firmware
from edgeprune.measure.validate import compare, reference_outputs
from edgeprune.measure.values import Origin
from edgeprune.targets import load_target
from edgeprune.tflite import read_bytes
from emulate.qemu import needs_qemu
from support.operator_cases import CASES, bundle
from support.reference import tolerance
from support.small import small_model

M4 = load_target("cortex-m4")
TOOLCHAINS = ["zig"] + (["gcc"] if shutil.which("arm-none-eabi-gcc") else [])


@pytest.fixture(scope="module")
def firmware(tmp_path_factory):
    return build_firmware(read_bytes(small_model(), "small"), M4, tmp_path_factory.mktemp("fw") / "small")


def test_figures_and_their_origin(firmware) -> None:
    inputs = random_batch(read_bytes(firmware.model.read_bytes(), "m").graph.input_tensors(), 3)
    result = run_on_board(firmware, "emulator", inputs, 5).result
    direct = call_function(firmware.elf, M4, "ep_invoke").cycles
    assert result.cycles.runs == 5
    assert result.cycles.value == pytest.approx(direct, rel=0.05)
    assert result.latency.value == pytest.approx(result.cycles.value / M4.cpu.clock_hz * 1e3)
    assert {result.latency.origin, result.cycles.origin, result.stack.origin} == {Origin.EMULATED}
    assert result.energy.origin is Origin.ESTIMATED
    assert result.energy.value == pytest.approx(result.latency.value * M4.energy.active_mw / 1e3)
    assert result.layers[0].name == "00_conv_2d"
    assert result.cycles.note.startswith("calibrated: ")
    assert 0 < result.stack.value < M4.stack_bytes


@pytest.mark.parametrize("target", ["cortex-m4", "nucleo-l4r5zi", "nucleo-g0b1re", "nucleo-h7a3zi-q"])
def test_layers_add_up_to_the_whole(target: str, tmp_path) -> None:
    """On a model of the usual size; between layers lies a fixed cost that only a tiny one notices."""
    model = read_bytes(small_model(channels=16, edge=24), "m")
    firmware = build_firmware(model, load_target(target), tmp_path / "fw")
    result = run_on_board(firmware, "emulator", random_batch(model.graph.input_tensors(), 1), 3).result
    assert len(result.layers) == len(model.graph.nodes)
    assert sum(layer.cycles.value for layer in result.layers) == pytest.approx(result.cycles.value, rel=0.02)


def test_a_board_without_layer_timing_has_no_layers(tmp_path) -> None:
    model = read_bytes(small_model(), "m")
    firmware = build_firmware(model, M4, tmp_path / "fw", profile=False)
    assert firmware.profile_elf is None
    assert not (tmp_path / "fw" / "firmware-profile.elf").exists()
    result = run_on_board(firmware, "emulator", random_batch(model.graph.input_tensors(), 1), 1).result
    assert result.layers == ()


@needs_qemu
@pytest.mark.parametrize("name", ["mps2-an385", "mps2-an386", "mps2-an500", "mps2-an505", "mps3-an547"])
def test_qemu_counts_the_instructions_that_the_emulator_counts(name: str, tmp_path) -> None:
    model = read_bytes(small_model(channels=16, edge=24), "m")
    target = load_target(name)
    firmware = build_firmware(model, target, tmp_path / "fw")
    inputs = random_batch(model.graph.input_tensors(), 2)
    ran = run_on_board(firmware, "qemu", inputs, 3)
    result = ran.result
    assert (result.latency, result.cycles, result.energy) == (None, None, None)
    assert (result.instructions.unit, result.instructions.origin) == ("instructions", Origin.EMULATED)
    assert compare(ran.outputs, reference_outputs(model.content, inputs)).exact == 2
    layers = sum(layer.instructions.value for layer in result.layers)
    assert layers == pytest.approx(result.instructions.value, rel=0.02)
    if target.emulated:
        ours = call_function(firmware.elf, target, "ep_invoke").instructions
        step = 1e9 / target.cpu.clock_hz
        assert result.instructions.value == pytest.approx(ours, rel=0.001, abs=2 * step)


@needs_qemu
def test_a_qemu_that_somebody_else_started_gives_outputs_but_no_time(tmp_path) -> None:
    model = read_bytes(small_model(), "m")
    target = load_target("mps2-an386")
    firmware = build_firmware(model, target, tmp_path / "fw")
    inputs = random_batch(model.graph.input_tensors(), 1)
    command = ("qemu-system-arm", "-M", "mps2-an386", "-display", "none", "-monitor", "none", "-serial", "pty",
               "-kernel", str(firmware.elf))  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            assert process.stdout is not None
            path = process.stdout.readline().split("redirected to ")[1].split()[0]
            with pytest.raises(DeviceError, match=r"is QEMU, whose clock .*; use --via qemu"):
                run_on_board(firmware, f"serial:{path}", inputs, 1)
            outputs = outputs_of_board(firmware, f"serial:{path}", inputs)
        finally:
            process.kill()
    assert compare(outputs, reference_outputs(model.content, inputs)).exact == 1


#: Between them inputs and outputs of every type that a model may have; all operators are in tests/ops.
_OPERATORS = {"ARG_MAX", "CAST", "DEQUANTIZE", "QUANTIZE", "SPLIT"}


@pytest.mark.parametrize("name", [key for key in sorted(CASES) if key.split()[0] in _OPERATORS])
def test_every_type_travels_over_the_line(tmp_path, name: str) -> None:
    model = read_bytes(bundle(name, list(range(6))), "cases")
    firmware = build_firmware(model, M4, tmp_path / "fw", profile=False)
    inputs = random_batch(model.graph.input_tensors(), 3)
    ran = run_on_board(firmware, "emulator", inputs, 1, layers=False)
    for got, want in zip(ran.outputs, reference_outputs(model.content, inputs), strict=True):
        assert got.dtype == want.dtype
        np.testing.assert_allclose(got, want, **tolerance(want.dtype))


def test_validation_with_random_inputs(firmware) -> None:
    found, share = validate_firmware(firmware, "emulator", None, 20)
    assert (found.inputs, found.exact, share) == (20, 20, None)


def test_a_board_with_another_model_is_refused(firmware, tmp_path) -> None:
    other = build_firmware(read_bytes(small_model(seed=1), "other"), M4, tmp_path / "fw", profile=False)
    shutil.copy(firmware.elf, other.elf)
    inputs = random_batch(read_bytes(other.model.read_bytes(), "m").graph.input_tensors(), 1)
    with pytest.raises(DeviceError, match=r"runs small .* instead of other"):
        run_on_board(other, "emulator", inputs, 1)


def test_a_board_with_another_build_of_the_model_is_refused(firmware, tmp_path) -> None:
    model = read_bytes(firmware.model.read_bytes(), "small")
    other = build_firmware(model, M4, tmp_path / "fw", name="small", profile=False, mlperf="ic01")
    assert other.manifest.image.firmware_sha256 != firmware.manifest.image.firmware_sha256
    shutil.copy(firmware.elf, other.elf)
    with pytest.raises(DeviceError, match=r"runs another build of small .* flash the firmware of this build"):
        run_on_board(other, "emulator", random_batch(model.graph.input_tensors(), 1), 1)


@pytest.mark.parametrize("target", ["cortex-m4", "raspberry-pi-pico"])
def test_the_identity_is_the_digest_of_what_is_flashed(target: str, tmp_path) -> None:
    firmware = build_firmware(read_bytes(small_model(), "m"), load_target(target), tmp_path / "fw", profile=False)
    digest = firmware.manifest.image.firmware_sha256
    flashed = firmware.elf.with_suffix(".bin").read_bytes()
    place = flashed.index(bytes.fromhex(digest))
    assert hashlib.sha256(flashed[:place] + bytes(32) + flashed[place + 32 :]).hexdigest() == digest


def test_a_phone_folder_has_no_board(tmp_path) -> None:
    model = read_bytes(small_model(), "m")
    phone_inputs = model.graph.input_tensors()
    phone = build_firmware(model, load_target("phone-a76"), tmp_path / "fw")
    with pytest.raises(UserError, match="no microcontroller"):
        run_on_board(phone, "emulator", random_batch(phone_inputs, 1), 1)


def test_differences_are_counted_and_fail() -> None:
    reference = (np.array([[1, 2], [3, 4]], np.int8),)
    found = compare((np.array([[1, 2], [3, -4]], np.int8),), reference)
    assert (found.inputs, found.exact, found.differing, found.max_error) == (2, 1, 1, 8.0)
    with pytest.raises(ValidationMismatch, match=r"1 of 2 outputs differ .* error 8"):
        found.require_exact("board")
