"""What all boards share: the bus, registers, the line and its waiting, Arm's own UART, the scan for platforms."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeprune.emulate import Bus, Core, CpuFaultError, RegisterFile, load_image
from edgeprune.emulate.boards import load_board, platforms
from edgeprune.emulate.boards.cmsdk import fit
from edgeprune.emulate.peripherals import Field, Gated, Ready
from edgeprune.emulate.peripherals.cmsdk_uart import CmsdkUart
from edgeprune.emulate.peripherals.serial import garbled
from edgeprune.errors import TargetError
from edgeprune.targets import McuTarget, list_targets, load_target
from edgeprune.targets.profile import Qemu
from emulate.chips import Chip, FakeCore, FakeLine, board_target
from emulate.firmware import mcu_target

UART = 0x4000_4000
DATA, STATE, CONTROL, CAUSE, DIVIDER = UART, UART + 4, UART + 8, UART + 0xC, UART + 0x10
CLOCK = 25_000_000


def cmsdk() -> Chip:
    return Chip(fit, board_target(clock_hz=CLOCK, uart=UART))


def started(control: int = 3) -> Chip:
    chip = cmsdk()
    chip.core.put(DIVIDER, CLOCK // 115_200)
    chip.core.put(CONTROL, control)
    return chip


# -- the line


@given(st.lists(st.binary(max_size=5), max_size=8), st.data())
def test_bytes_arrive_once_and_in_order_however_they_come(chunks: list[bytes], data: st.DataObject) -> None:
    chip = started()
    chip.line.incoming = [*chunks, None]
    said, heard = bytearray(), bytearray()
    while not chip.core.stopped:
        if data.draw(st.booleans()):
            said.append(data.draw(st.integers(0, 255)))
            chip.core.put(DATA, said[-1])
        if chip.core.word(STATE) & 2:
            heard.append(chip.core.word(DATA))
    chip.fittings.port.flush()
    assert bytes(heard) == b"".join(chunks)
    assert chip.line.said == bytes(said)


def test_only_a_firmware_that_polls_in_vain_waits() -> None:
    chip = started()
    for byte in b"reply":
        assert not chip.core.word(STATE) & 1  # room to send?
        chip.core.put(DATA, byte)
    assert chip.core.waited == 0
    chip.core.word(STATE)
    assert chip.core.waited == 0
    chip.core.word(STATE)
    assert chip.core.waited > 0
    assert chip.line.said == b"reply"  # what was not a whole line leaves before the wait


def test_lines_leave_whole() -> None:
    chip = started()
    for byte in b"ab\ncd":
        chip.core.put(DATA, byte)
    assert chip.line.said == b"ab\n"


@given(st.integers(0, 255), st.floats(0.01, 100))
def test_a_wrong_rate_never_passes_a_byte(byte: int, ratio: float) -> None:
    assert garbled(byte, ratio) != byte
    assert 0 <= garbled(byte, ratio) < 256


def test_a_wrong_rate_shows_what_the_wire_shows() -> None:
    # 0x55 sent at half speed is 0 1 0 1 0 ... in double width: start bit, then pairs.
    assert garbled(0x55, 0.5) == 0b0110_0110
    # At double speed every other bit is seen, then the stop bit and the idle line.
    assert garbled(0x00, 2) == 0b1111_1000


# -- Arm's UART


def test_the_enable_bits_count() -> None:
    chip = started(control=0)
    chip.core.put(DATA, ord("x"))
    chip.line.incoming = [b"y"]
    assert not any(chip.core.word(STATE) & 2 for _ in range(3))
    assert chip.line.incoming == [b"y"]
    chip.core.put(CONTROL, 3)
    chip.core.put(DATA, ord("\n"))
    assert chip.line.said == b"\n"


@pytest.mark.parametrize(("divider", "right"), [(217, True), (222, True), (223, False), (211, False), (15, False)])
def test_the_rate_of_arms_uart(divider: int, right: bool) -> None:
    chip = started()
    chip.core.put(DIVIDER, divider)
    chip.core.put(DATA, ord("x"))
    chip.line.incoming = [b"z"]
    chip.core.wait_for(STATE, 2)
    assert (chip.core.word(DATA) == ord("z")) == right
    assert (chip.line.said == b"x") == right


def test_its_interrupts_stay_while_their_cause_does() -> None:
    core, line = FakeCore(), FakeLine()
    uart = CmsdkUart(core, line, 115_200, clock_hz=CLOCK, irq=0)
    uart.write(0x10, CLOCK // 115_200)
    uart.write(0x08, 0b1010)
    assert uart.wakes()
    line.incoming = [b"ab", None]
    assert uart.listen(0)
    assert uart.read(0) == ord("a")
    assert uart.read(0x0C) == 2
    uart.write(0x0C, 2)
    assert core.pending == {0}
    assert uart.read(0) == ord("b")
    uart.write(0x0C, 2)
    assert not core.pending
    uart.write(0x08, 0b1111)
    assert core.pending == {1}
    assert uart.read(0x0C) == 1
    uart.write(0x08, 0b0001)
    assert not core.pending
    assert not uart.listen(0)


def test_an_mps2_has_its_other_devices_and_the_an505_both_worlds() -> None:
    target = board_target(clock_hz=20_000_000, uart=0x5020_0000)
    chip = Chip(fit, target.model_copy(update={"qemu": Qemu(machine="mps2-an505")}))
    chip.core.put(0x4020_0010, 174)
    chip.core.put(0x5020_0008, 1)
    chip.core.put(0x4020_0000, ord("\n"))
    assert chip.line.said == b"\n"
    chip.core.put(0x5030_2000, 3)  # the board's LEDs
    assert chip.core.word(0x5030_2000) == 3


# -- bus and registers


def test_devices_share_a_page_and_a_gap_is_told() -> None:
    bus, core = Bus(), FakeCore()
    bus.add(RegisterFile({0: 1}), 0x4000_0000)
    bus.add(RegisterFile({0: 2}), 0x4000_0800)
    bus.attach_to(core)
    assert (core.word(0x4000_0000), core.word(0x4000_0800)) == (1, 2)
    for address in (0x4000_0400, 0x4000_0C00):
        with pytest.raises(CpuFaultError, match=f"read at 0x{address:08x}, where the chip has no device"):
            core.word(address)
        with pytest.raises(CpuFaultError, match=f"write at 0x{address:08x}"):
            core.put(address, 1)


def test_two_devices_at_one_address_are_a_mistake() -> None:
    bus = Bus()
    bus.add(RegisterFile(), 0x4000_0000)
    with pytest.raises(ValueError, match="0x40000200 is taken"):
        bus.add(RegisterFile(), 0x4000_0200)


def test_a_device_without_clock_reads_0_and_ignores_writes() -> None:
    clocked = False
    device = Gated(RegisterFile({0: 7}), lambda: clocked)
    device.write(0, 9)
    assert device.read(0) == 0
    clocked = True
    assert device.read(0) == 7


def test_register_rules() -> None:
    told: list[tuple[int, int, int]] = []
    registers = RegisterFile(
        {0: 1},
        shown=lambda offset, word: word | (8 if offset == 4 else 0),
        kept=lambda _offset, before, written: written | before & 1,
        changed=lambda *change: told.append(change),
    )
    registers.write(0, 0x10)
    registers.write(4, 2)
    assert (registers.read(0), registers.read(4), registers.get(Field(0, 4))) == (0x11, 0xA, 1)
    assert told == [(0, 1, 0x11), (4, 0, 2)]
    registers.reset()
    assert (registers.read(0), registers.read(4)) == (1, 8)


def test_a_ready_flag_takes_time_each_time() -> None:
    enabled = False
    flag = Ready(lambda: enabled, Field(0, 1))
    for _ in range(2):
        enabled = False
        assert not any(flag.show(0) for _ in range(4))
        enabled = True
        assert [flag.show(1) for _ in range(4)] == [1, 1, 3, 3]
    flag.restart()
    assert not flag.on
    assert Ready(lambda: True, Field(0, 1)).on  # what runs from reset on


def test_a_byte_written_to_a_data_register_takes_none_out(release_elf: Path) -> None:
    core, line = Core(load_image(release_elf), mcu_target()), FakeLine()
    uart = CmsdkUart(core, line, 115_200, clock_hz=120e6)
    bus = Bus()
    bus.add(uart, 0x5000_0000, 0x1000)
    bus.attach_to(core)
    core.boot()
    uart.write(0x10, 120_000_000 // 115_200)
    uart.write(0x08, 3)
    line.incoming = [b"a"]
    assert not uart.read(4) & 2
    assert uart.read(4) & 2
    core.write(core.image.address_of("ep_invoke"), bytes.fromhex("01707047"))  # strb r1, [r0]; bx lr
    core.call("ep_invoke", 0x5000_0000, ord("\n"))
    assert line.said == b"\n"
    assert uart.read(0) == ord("a")


# -- finding boards


def test_every_emulated_profile_has_a_board() -> None:
    targets = [load_target(name) for name in list_targets()]
    emulated = [target for target in targets if isinstance(target, McuTarget) and target.emulated]
    assert {target.platform for target in emulated} <= set(platforms())


def test_a_platform_without_a_board_is_the_users(release_elf: Path) -> None:
    target = mcu_target().model_copy(update={"platform": "sundial"})
    with pytest.raises(TargetError, match=r"the platform 'sundial' of cortex-m4 cannot be emulated; emulated.*cmsdk"):
        load_board(release_elf, target, FakeLine())
