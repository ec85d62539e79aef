"""Boards with an RP2040 and a W25Q16JV flash: Raspberry Pi Pico, whose crystal has 12 MHz.

The boot ROM is ours and does of the real one's work what a flash image sees of it
(datasheet 2.8.1.3): it checks boot2's CRC-32, copies it to the end of RAM and runs it with
LR = 0, upon which boot2 starts the image at flash + 0x100.
"""

from __future__ import annotations

import re
import struct

from edgeprune.emulate.boards.board import Fittings
from edgeprune.emulate.core import Core
from edgeprune.emulate.peripherals import Bus, Gated, Line, MisuseError, RegisterFile
from edgeprune.emulate.peripherals.pl011 import Pl011
from edgeprune.emulate.peripherals.rp2040_clocks import (
    Aliased,
    Clocks,
    CrystalOscillator,
    Pll,
    Resets,
    Watchdog,
    is_released,
)
from edgeprune.emulate.peripherals.rp2040_flash import SerialFlashInterface, boot_checksum
from edgeprune.errors import DeviceError, TargetError
from edgeprune.targets import McuTarget

_ROM, _ROM_BYTES, _ROM_CODE_OFFSET = 0x0000_0000, 0x4000, 0x100
_CRYSTAL_HZ = 12_000_000
_BOOT2_BYTES, _BOOT2_PLACE = 252, 0x2004_1F00
_SCRATCH_RAM, _SCRATCH_BYTES = 0x2004_0000, 0x2000
_UARTS = {0x4003_4000: (22, 20, "UART0"), 0x4003_8000: (23, 21, "UART1")}  # reset bit, interrupt
_UART_FUNCTION = 2
_PAD_OUTPUT_OFF, _PAD_INPUT_ON = 1 << 7, 1 << 6
#: ldr r0, flash; ldr r1, place; movs r2, #252; copy: subs r2, #4; ldr r3, [r0, r2]; str r3, [r1, r2];
#: bne copy; movs r3, #0; mov lr, r3; adds r1, #1; bx r1
_ROM_CODE = bytes.fromhex("0548 0649 fc22 043a 8358 8b50 fbd1 0023 9e46 0131 0847 00bf".replace(" ", ""))


def fit(core: Core, target: McuTarget, line: Line) -> Fittings:
    """The chip, its boot ROM, and the UART of the profile.

    Raises:
        DeviceError: the boot ROM would not start the image.
    """
    if target.uart.base not in _UARTS:
        known = " and ".join(f"{name} at 0x{base:08x}" for base, (_, _, name) in _UARTS.items())
        raise TargetError(f"{target.name}: there is no UART at 0x{target.uart.base:08x}; an RP2040 has {known}")
    _install_boot_rom(core, target)
    crystal = CrystalOscillator(_CRYSTAL_HZ)
    plls = Pll("PLL_SYS", crystal), Pll("PLL_USB", crystal)
    clocks = Clocks(crystal, *plls)
    resets, flash = Resets(clocks), SerialFlashInterface()
    pins = RegisterFile({8 * pin + 4: 0x1F for pin in range(30)})
    pads = RegisterFile({4 * pin + 4: 0x56 for pin in range(30)})

    def check() -> None:
        if abs(clocks.system_hz() - target.cpu.clock_hz) > 1e-3 * target.cpu.clock_hz:
            raise MisuseError(
                f"the firmware set the core's clock to {clocks.system_hz() / 1e6:g} MHz, the profile of "
                f"{target.name} says {target.cpu.clock_hz / 1e6:g} MHz"
            )
        flash.check(clocks.system_hz())
        _check_pins(target, pins, pads)

    reset_bit, irq, _ = _UARTS[target.uart.base]
    uart = Pl011(core, line, target.uart.baud, clock_hz=clocks.peripheral_hz, irq=irq, before_use=check)
    bus = Bus()
    bus.add(Aliased(resets), 0x4000_C000, Aliased.SIZE)
    bus.add(Aliased(clocks), 0x4000_8000, Aliased.SIZE)
    bus.add(Aliased(crystal), 0x4002_4000, Aliased.SIZE)
    bus.add(Aliased(RegisterFile()), 0x4006_0000, Aliased.SIZE)  # ROSC, which always runs
    bus.add(Aliased(Watchdog()), 0x4005_8000, Aliased.SIZE)
    bus.add(Aliased(RegisterFile({0x0: 0x10B1})), 0x4006_4000, Aliased.SIZE)  # VREG_AND_CHIP_RESET
    bus.add(Aliased(flash), 0x1800_0000, Aliased.SIZE)
    bus.add(Aliased(RegisterFile({0x0: 3, 0x8: 3})), 0x1400_0000, Aliased.SIZE)  # XIP_CTRL
    bus.add(RegisterFile(), 0xD000_0000, 0x1000)  # SIO, seen by core 0
    for device, base, block in (
        (pins, 0x4001_4000, 5), (RegisterFile(), 0x4001_8000, 6), (pads, 0x4001_C000, 8),
        (RegisterFile(), 0x4002_0000, 9), (plls[0], 0x4002_8000, 12), (plls[1], 0x4002_C000, 13),
        (RegisterFile(), 0x4000_4000, 18), (uart, target.uart.base, reset_bit),
    ):  # fmt: skip
        bus.add(Aliased(Gated(device, is_released(resets, block))), base, Aliased.SIZE)
    return Fittings(bus, uart)


def _install_boot_rom(core: Core, target: McuTarget) -> None:
    boot2 = core.read(target.flash.base, _BOOT2_BYTES)
    stored = struct.unpack("<I", core.read(target.flash.base + _BOOT2_BYTES, 4))[0]
    if boot_checksum(boot2) != stored:
        raise DeviceError(
            f"{core.image.path}: the RP2040's boot ROM does not start it: the CRC-32 of the second stage (its first "
            f"252 bytes) is {boot_checksum(boot2):08x}, the image says {stored:08x}; build it again"
        )
    core.map_memory(_ROM, _ROM_BYTES, writable=False)
    core.write(_ROM, struct.pack("<II", _BOOT2_PLACE, _ROM_CODE_OFFSET | 1))
    core.write(_ROM + _ROM_CODE_OFFSET, _ROM_CODE + struct.pack("<II", target.flash.base, _BOOT2_PLACE))
    core.system.reset_vectors = _ROM
    if target.ram.base + target.ram.size <= _SCRATCH_RAM:
        core.map_memory(_SCRATCH_RAM, _SCRATCH_BYTES)


def _check_pins(target: McuTarget, pins: RegisterFile, pads: RegisterFile) -> None:
    """Function select and pads of both pins (2.19)."""
    numbers = []
    for name in (target.uart.tx, target.uart.rx):
        match = re.fullmatch(r"GP([0-9]|1[0-9]|2[0-9])", name or "")
        if match is None:
            raise TargetError(f"{target.name}: uart.tx and uart.rx must be pins of the RP2040 like GP0, not {name}")
        number = int(match[1])
        numbers.append(number)
        if pins.words[8 * number + 4] & 0x1F != _UART_FUNCTION:
            raise MisuseError(f"{name} is not connected to the UART: IO_BANK0 GPIO{number}_CTRL.FUNCSEL is not 2")
    tx, rx = numbers
    if pads.words[4 * tx + 4] & _PAD_OUTPUT_OFF:
        raise MisuseError(f"the output of pad GP{tx} is disabled; clear PADS_BANK0 GPIO{tx}.OD")
    if not pads.words[4 * rx + 4] & _PAD_INPUT_ON:
        raise MisuseError(f"the input of pad GP{rx} is disabled; set PADS_BANK0 GPIO{rx}.IE")
