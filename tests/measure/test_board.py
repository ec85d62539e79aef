"""Firmware on the emulated board, through pyserial and a real pseudo-terminal."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from edgeprune.build import build_firmware, find_toolchain
from edgeprune.emulate import call_function
from edgeprune.errors import DeviceError, UserError, ValidationMismatch
from edgeprune.measure.arrays import random_batch
from edgeprune.measure.board import run_on_board
from edgeprune.measure.session import validate_firmware
from edgeprune.measure.validate import compare, reference_outputs
from edgeprune.measure.values import Origin
from edgeprune.targets import load_target
from edgeprune.tflite import read_bytes
from support.operator_cases import CASES, bundle
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
    assert sum(layer.cycles.value for layer in result.layers) == pytest.approx(result.cycles.value, rel=0.05)
    assert 0 < result.stack.value < M4.stack_bytes


@pytest.mark.parametrize("toolchain", TOOLCHAINS)
@pytest.mark.parametrize("name", sorted(CASES))
def test_every_operator_on_the_board(tmp_path, name: str, toolchain: str) -> None:
    """What the host's compilers showed holds for the instructions of the board too."""
    model = read_bytes(bundle(name, list(range(6))), "cases")
    firmware = build_firmware(model, M4, tmp_path / "fw", toolchain=find_toolchain(toolchain))
    inputs = random_batch(model.graph.input_tensors(), 3)
    ran = run_on_board(firmware, "emulator", inputs, 1, layers=False)
    found = compare(ran.outputs, reference_outputs(model.content, inputs))
    assert (found.exact, found.differing) == (3, 0)


def test_validation_with_random_inputs(firmware) -> None:
    found, share = validate_firmware(firmware, "emulator", None, 20)
    assert (found.inputs, found.exact, share) == (20, 20, None)


def test_a_board_with_another_model_is_refused(firmware, tmp_path) -> None:
    other = build_firmware(read_bytes(small_model(seed=1), "other"), M4, tmp_path / "fw")
    shutil.copy(firmware.elf, other.elf)
    inputs = random_batch(read_bytes(other.model.read_bytes(), "m").graph.input_tensors(), 1)
    with pytest.raises(DeviceError, match=r"runs small .* instead of other"):
        run_on_board(other, "emulator", inputs, 1)


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
