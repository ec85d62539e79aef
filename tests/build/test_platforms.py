"""Every profile's firmware, by every compiler: built, started on its emulated board, exact, and itself."""

from __future__ import annotations

import hashlib
import re
import shutil

import numpy as np
import pytest
from intelhex import IntelHex

from edgeprune.build import build_firmware, find_toolchain, load_firmware
from edgeprune.build.seal import boot_checksum
from edgeprune.emit import load_platform
from edgeprune.emit.firmware import emit_firmware, pin_number
from edgeprune.errors import TargetError, ToolchainError
from edgeprune.measure.arrays import random_batch
from edgeprune.measure.board import run_on_board
from edgeprune.measure.validate import compare, reference_outputs
from edgeprune.targets import CORES, McuTarget, list_targets, load_target
from edgeprune.tflite import read_bytes
from emulate.firmware import mcu_target
from support.operator_cases import CASES
from support.small import small_model
from support.tflite_model import ModelBuilder

MODEL = read_bytes(small_model(), "small")
PROFILES = [name for name in list_targets() if isinstance(load_target(name), McuTarget)]
TOOLCHAINS = ["zig"] + (["gcc"] if shutil.which("arm-none-eabi-gcc") else [])
HAS_QEMU = shutil.which("qemu-system-arm") is not None
#: One board per core, those without flash wait states where there is a choice.
ONE_PER_CORE = ["cortex-m4", "mps2-an385", "mps2-an500", "mps2-an505", "mps3-an547", "nucleo-g0b1re"]


def way_to(target: McuTarget) -> str:
    """The emulator, or QEMU where only that can."""
    if target.emulated:
        return "emulator"
    if not HAS_QEMU:
        pytest.skip("qemu-system-arm is not installed")
    return "qemu"


def check_exact(folder, model, name: str, toolchain: str, count: int) -> None:
    target = mcu_target(name)
    firmware = build_firmware(model, target, folder, toolchain=find_toolchain(toolchain), profile=False)
    inputs = random_batch(model.graph.input_tensors(), count)
    ran = run_on_board(firmware, way_to(target), inputs, 1, layers=False)
    found = compare(ran.outputs, reference_outputs(model.content, inputs))
    assert (found.exact, found.differing) == (count, 0)


def test_there_is_a_board_for_every_core() -> None:
    assert {mcu_target(name).cpu.core for name in ONE_PER_CORE} == set(CORES)


@pytest.mark.parametrize("toolchain", TOOLCHAINS)
@pytest.mark.parametrize("name", PROFILES)
def test_a_model_is_exact_on_every_board(tmp_path, name: str, toolchain: str) -> None:
    check_exact(tmp_path / "fw", MODEL, name, toolchain, 2)


@pytest.mark.parametrize("toolchain", TOOLCHAINS)
@pytest.mark.parametrize("name", ONE_PER_CORE)
def test_every_operator_is_exact_on_every_core(tmp_path, name: str, toolchain: str) -> None:
    builder = ModelBuilder()
    for number, operator in enumerate(sorted(CASES)):
        for seed in range(2):
            CASES[operator](builder, np.random.default_rng([number, seed, len(name)]))
    check_exact(tmp_path / "fw", read_bytes(builder.build(), "operators"), name, toolchain, 2)


@pytest.mark.parametrize("name", ["cortex-m4", "raspberry-pi-pico", "arduino-nano-33-ble"])
def test_an_image_knows_its_own_digest(tmp_path, name: str) -> None:
    firmware = build_firmware(MODEL, mcu_target(name), tmp_path / "fw")
    content = firmware.elf.with_suffix(".bin").read_bytes()
    digest = bytes.fromhex(firmware.manifest.image.firmware_sha256)
    assert content.count(digest) == 1
    assert hashlib.sha256(content.replace(digest, bytes(32))).digest() == digest
    assert firmware.manifest.image.profile_sha256 not in (None, firmware.manifest.image.firmware_sha256)
    hex_image = IntelHex(str(firmware.elf.with_suffix(".hex")))
    assert hex_image.minaddr() == mcu_target(name).flash.base
    assert bytes(hex_image.tobinarray()) == content
    assert digest in firmware.elf.read_bytes()


def test_an_rp2040_gets_a_second_stage_that_its_boot_rom_accepts(tmp_path) -> None:
    firmware = build_firmware(MODEL, mcu_target("raspberry-pi-pico"), tmp_path / "fw")
    image = firmware.elf.with_suffix(".bin").read_bytes()
    assert int.from_bytes(image[252:256], "little") == boot_checksum(image[:252])
    assert boot_checksum(b"123456789") == 0x0376E6E7  # the check value of CRC-32/MPEG-2


def test_without_the_layer_timing_the_release_is_the_same(tmp_path) -> None:
    target = mcu_target()
    with_it = build_firmware(MODEL, target, tmp_path / "a", name="m")
    without = build_firmware(MODEL, target, tmp_path / "b", name="m", profile=False)
    assert with_it.elf.read_bytes() == without.elf.read_bytes()
    assert not (tmp_path / "b" / "firmware-profile.elf").exists()
    assert load_firmware(tmp_path / "b") == without
    assert without.profile_elf is None


@pytest.mark.parametrize(
    ("name", "number"), [("PA0", 0), ("PB7", 23), ("PG8", 104), ("P0.06", 6), ("P1.10", 42), ("GP1", 1)]
)
def test_pins_are_numbered_through_all_ports(name: str, number: int) -> None:
    assert pin_number(name) == number


@pytest.mark.parametrize("name", ["PA16", "PB", "P2", "P1.32", "GP30", "A3", ""])
def test_what_names_no_pin_is_refused(name: str) -> None:
    with pytest.raises(TargetError, match=re.escape(repr(name))):
        pin_number(name)


@pytest.mark.parametrize("name", PROFILES)
def test_every_platform_takes_all_common_files(name: str) -> None:
    target = mcu_target(name)
    files = {file.path for file in emit_firmware(target.platform, target).files}
    assert {"startup.c", "fault.c", "cycles.c", "protocol.c", "board.h"} <= files
    assert load_platform(target.platform).linker_script in files


@pytest.mark.parametrize(
    ("update", "message"),
    [({"base": 0x4001_0000}, "uart.base of the profile"), ({"tx": None}, "error")],
)
def test_a_profile_that_does_not_fit_its_chip_is_refused(tmp_path, update: dict[str, object], message: str) -> None:
    target = mcu_target("nucleo-l4r5zi")
    wrong = target.model_copy(update={"uart": target.uart.model_copy(update=update)})
    with pytest.raises(ToolchainError, match=message):
        build_firmware(MODEL, wrong, tmp_path / "fw")
