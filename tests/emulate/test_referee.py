"""Cycles against the referee, a model that was calibrated on real boards, where it lies beside the checkout.

The firmware of two public models is compared where these lie there too, and in any case a
program written by hand, which holds every kind of instruction that the rules tell apart.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from edgeprune.build import build_firmware, find_toolchain
from edgeprune.emulate import call_function
from edgeprune.targets import McuTarget, load_target
from edgeprune.tflite import read
from emulate.hand_written import assemble

SHARED = Path(__file__).resolve().parents[3] / "shared"
REFEREE = SHARED / "tools" / "m4sim.py"

pytestmark = pytest.mark.skipif(not REFEREE.is_file(), reason="the referee does not lie beside this checkout")


def referee_cycles(elf: Path, function: str, *options: str) -> int:
    command = (sys.executable, str(REFEREE), "call", str(elf), function, *options)
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = re.search(r"instructions, (\d+) cycles", done.stdout)
    assert found, done.stdout
    return int(found.group(1))


def zero_wait_states() -> McuTarget:
    target = load_target("cortex-m4")
    assert isinstance(target, McuTarget)
    return target


def behind_flash() -> McuTarget:
    """The generic target with the flash of the STM32L4R5."""
    board = load_target("nucleo-l4r5zi")
    generic = zero_wait_states()
    assert isinstance(board, McuTarget)
    return generic.model_copy(update={"flash": generic.flash.model_copy(update={"timing": board.flash.timing})})


def compare(elf: Path, function: str) -> None:
    exact = call_function(elf, zero_wait_states(), function).cycles
    assert exact == pytest.approx(referee_cycles(elf, function), rel=0.001)
    aligned = call_function(elf, zero_wait_states(), function, memory_model=True).cycles
    assert aligned == pytest.approx(referee_cycles(elf, function, "--mem"), rel=0.001)
    waiting = call_function(elf, behind_flash(), function).cycles
    assert waiting == pytest.approx(referee_cycles(elf, function, "--flash", "l4r5"), rel=0.001)
    assert exact <= aligned < waiting  # equal where no access is unaligned


def test_a_program_written_by_hand(tmp_path: Path) -> None:
    compare(assemble(tmp_path), "work")


@pytest.mark.parametrize("compiler", ["zig", "gcc"])
@pytest.mark.parametrize("name", ["kws_int8", "ic_int8"])
def test_firmware(name: str, compiler: str, tmp_path: Path) -> None:
    model = SHARED / "models" / f"{name}.tflite"
    if not model.is_file():
        pytest.skip(f"{model.name} does not lie beside this checkout")
    if compiler == "gcc" and not shutil.which("arm-none-eabi-gcc"):
        pytest.skip("arm-none-eabi-gcc is not installed")
    build_firmware(read(model), zero_wait_states(), tmp_path / "out", toolchain=find_toolchain(compiler), profile=False)
    compare(tmp_path / "out" / "firmware.elf", "ep_invoke")
