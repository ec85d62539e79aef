from __future__ import annotations

import threading
from pathlib import Path

import pytest

from edgeprune.emulate import Core, CpuFaultError, call_function, load_image, measure_call
from edgeprune.emulate.core import StopReason
from edgeprune.errors import DeviceError, UserError
from emulate.firmware import build, mcu_target


@pytest.fixture
def core(release_elf: Path) -> Core:
    core = Core(load_image(release_elf), mcu_target())
    core.boot()
    return core


def place(core: Core, code: str) -> None:
    """Code at the very function that the tests call: flash can be written from outside."""
    core.write(core.image.address_of("ep_invoke"), bytes.fromhex(code))


def test_a_call_is_counted_to_the_cycle(core: Core) -> None:
    # movs r0, #10 / loop: subs r0, #1 / bne loop / bx lr
    place(core, "0a20 0138 fdd1 7047".replace(" ", ""))
    cost = measure_call(core, "ep_invoke")
    # movs 1; ten times subs 1 and bne 1, nine of them taken (+1); bx 1: refilling the pipeline
    # after the return is the caller's.
    assert cost.instructions == 1 + 20 + 1
    assert cost.cycles == 1 + 20 + 9 + 1
    assert [function.name for function in cost.functions] == ["ep_invoke"]


def test_a_call_computes(core: Core) -> None:
    place(core, "4018 7047".replace(" ", ""))  # adds r0, r0, r1 / bx lr
    assert core.call("ep_invoke", 40, 2) == 42
    assert core.call("ep_invoke", 0xFFFF_FFFF, 2) == 1


def test_the_parts_of_a_call_add_up(release_elf: Path) -> None:
    cost = call_function(release_elf, mcu_target(), "ep_invoke")
    assert sum(function.cycles for function in cost.functions) == cost.cycles
    assert sum(function.instructions for function in cost.functions) == cost.instructions
    assert [f.cycles for f in cost.functions] == sorted((f.cycles for f in cost.functions), reverse=True)


def test_calls_are_repeatable(release_elf: Path, core: Core) -> None:
    once = call_function(release_elf, mcu_target(), "ep_invoke")
    assert measure_call(core, "ep_invoke") == once
    assert measure_call(core, "ep_invoke") == once


def test_stopping_in_slices_changes_no_count(core: Core, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = measure_call(core, "ep_invoke")
    # Not divisible by anything in the loops, so that it ends in every kind of block.
    monkeypatch.setattr("edgeprune.emulate.core._SLICE", 37)
    assert measure_call(core, "ep_invoke") == whole


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("00f0 00b8 4ff0 9041 0868 7047", "read"),  # b.w +0; mov.w r1, #0x48000000; ldr r0, [r1]
        ("4ff0 0061 0860 7047", "write"),  # mov.w r1, #0x08000000; str r0, [r1]
        ("00de", "instruction"),  # udf #0
        ("4ff0 1040 0047", "fetch"),  # mov.w r0, #0x90000000; bx r0
        ("00be", "BKPT"),
        ("00df", "SVC"),
    ],
)
def test_a_fault_names_the_place(core: Core, code: str, message: str) -> None:
    place(core, code.replace(" ", ""))
    with pytest.raises(CpuFaultError, match=message) as caught:
        core.call("ep_invoke")
    assert "0x" in str(caught.value)


def test_a_fault_in_a_function_names_the_function(core: Core) -> None:
    place(core, "00bf00bf00de")
    with pytest.raises(CpuFaultError, match=r"\(ep_invoke\+4\)"):
        core.call("ep_invoke")


def test_a_function_that_sleeps_for_good_is_an_error(core: Core) -> None:
    place(core, "30bf7047")  # wfi / bx lr
    with pytest.raises(CpuFaultError, match="halts"):
        core.call("ep_invoke")


def test_a_budget_ends_an_endless_loop(core: Core) -> None:
    core.write(core.image.address_of("main"), b"\xfe\xe7")  # b .
    start = core.cycles
    # The board is at the first instruction of main, which becomes the loop.
    assert core.run(budget=1000) is StopReason.BUDGET
    assert 1000 <= core.cycles - start < 1010


def test_unknown_symbols_and_files_are_the_users(core: Core, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no symbol 'nothing'"):
        core.call("nothing")
    with pytest.raises(UserError, match="cannot be read"):
        load_image(tmp_path / "missing.elf")
    (tmp_path / "text.elf").write_text("hello")
    with pytest.raises(UserError, match="not an ELF file"):
        load_image(tmp_path / "text.elf")


def test_an_elf_of_another_processor_is_refused() -> None:
    with pytest.raises(UserError, match="not for a Cortex-M"):
        load_image(Path("/proc/self/exe"))


def test_an_image_beyond_the_flash_is_refused(release_elf: Path) -> None:
    target = mcu_target()
    small = target.model_copy(update={"flash": target.flash.model_copy(update={"size": 4096})})
    with pytest.raises(DeviceError, match="outside the flash"):
        Core(load_image(release_elf), small)


def test_main_is_reached_with_data_bss_and_stack_in_place(any_elf: Path) -> None:
    core = Core(load_image(any_elf), mcu_target())
    core.write(mcu_target().ram.base, b"\xee" * mcu_target().ram.size)  # RAM holds anything at power-on
    core.boot()
    image = core.image
    work = int.from_bytes(core.read(image.address_of("work"), 4), "little")
    assert work == 1
    start, end = image.address_of("__bss_start"), image.address_of("__bss_end")
    assert core.read(start, end - start) == bytes(end - start)
    stack_end = image.address_of("__stack_end")
    assert stack_end == mcu_target().ram.base + mcu_target().stack_bytes
    painted = core.read(mcu_target().ram.base, mcu_target().stack_bytes - 256)
    assert painted == b"\xa5" * len(painted)


def test_both_firmware_builds_count_alike_on_both_paths(profile_elf: Path, tmp_path: Path) -> None:
    # Equal sources give equal images, and equal images equal counts.
    again = build(tmp_path / "again", defines=("EP_PROFILE=1",))
    assert again.read_bytes() == profile_elf.read_bytes()
    assert call_function(again, mcu_target(), "ep_invoke") == call_function(profile_elf, mcu_target(), "ep_invoke")


# ldr r0, [r0] / bx lr
LOAD_WORD = "00687047"


def test_the_fpu_is_switched_on_before_main(core: Core) -> None:
    place(core, LOAD_WORD)
    assert core.call("ep_invoke", 0xE000_ED88) & 0xF0_0000 == 0xF0_0000  # the emulator itself does not insist


def test_the_cycle_counter_runs_when_it_is_enabled(core: Core) -> None:
    control = core.system
    control.write(0x1004, 5)
    core.call("ep_input", 0)
    assert control.read(0x1004) == 5
    control.write(0xEDFC, 1 << 24)
    control.write(0x1000, 1)
    start = core.cycles
    core.call("ep_input", 0)
    assert control.read(0x1004) == 5 + core.cycles - start
    control.write(0x1000, 0)
    stopped = control.read(0x1004)
    core.call("ep_input", 0)
    assert control.read(0x1004) == stopped
    control.write(0x1000, 1)
    control.write(0x1004, 0xFFFF_FFFF)
    core.call("ep_input", 0)
    assert control.read(0x1004) < 1000  # wraps at 32 bits


class Registers:
    def __init__(self) -> None:
        self.words = {0: 0x44332211}

    def read(self, offset: int) -> int:
        return self.words[offset]

    def write(self, offset: int, value: int) -> None:
        self.words[offset] = value


def test_registers_are_read_and_written_in_parts(core: Core) -> None:
    registers = Registers()
    core.attach(registers, 0x5000_0000, 4096)
    place(core, LOAD_WORD)
    assert core.call("ep_invoke", 0x5000_0000) == 0x44332211
    core.write(core.image.address_of("ep_input"), bytes.fromhex("c078 7047".replace(" ", "")))  # ldrb r0, [r0, #3]
    assert core.call("ep_input", 0x5000_0000) == 0x44
    core.write(core.image.address_of("ep_output"), bytes.fromhex("4180 7047".replace(" ", "")))  # strh r1, [r0, #2]
    core.call("ep_output", 0x5000_0000, 0xBEEF)
    assert registers.words == {0: 0xBEEF2211}


def test_what_a_peripheral_raises_comes_out_of_run(core: Core) -> None:
    core.attach(Registers(), 0x5000_0000, 4096)
    place(core, LOAD_WORD)
    with pytest.raises(KeyError):
        core.call("ep_invoke", 0x5000_0004)
    assert core.call("ep_invoke", 0x5000_0000) == 0x44332211  # and the core can go on


def test_another_thread_can_stop_the_core(core: Core) -> None:
    core.write(core.image.address_of("main"), b"\xfe\xe7")
    threading.Timer(0.1, core.request_stop).start()
    assert core.run() is StopReason.STOPPED
