"""Boards with an nRF52840: nRF52840-DK, Arduino Nano 33 BLE."""

from __future__ import annotations

import re

from edgeprune.emulate.boards.board import Fittings
from edgeprune.emulate.peripherals import Bus, Cpu, Field, Line, MisuseError
from edgeprune.emulate.peripherals.nrf_system import (
    NrfClockPower,
    NrfGpio,
    factory_data,
    flash_controller,
    user_data,
)
from edgeprune.emulate.peripherals.nrf_uart import NrfUart
from edgeprune.errors import TargetError
from edgeprune.targets import McuTarget

_CLOCK_HZ = 64_000_000
_INTERRUPTS = {0x4000_2000: 2, 0x4002_8000: 40}
_CLOCK_POWER, _NVMC, _GPIO, _FICR, _UICR = 0x4000_0000, 0x4001_E000, 0x5000_0000, 0x1000_0000, 0x1000_1000
_PORT_BYTES = 0x300
_CACHE_ON = Field(0x540, 0)


def fit(core: Cpu, target: McuTarget, line: Line) -> Fittings:
    """The chip's clock, flash controller, ports, and the UART of the profile."""
    if target.uart.base not in _INTERRUPTS:
        known = " and ".join(f"0x{base:08x}" for base in _INTERRUPTS)
        raise TargetError(f"{target.name}: there is no UART at 0x{target.uart.base:08x}; an nRF52840 has {known}")
    ports = (NrfGpio(32), NrfGpio(16))
    tx, rx = _pin_number(target, target.uart.tx), _pin_number(target, target.uart.rx)

    def check() -> None:
        if target.cpu.clock_hz != _CLOCK_HZ:
            raise TargetError(f"{target.name}: an nRF52840 runs at 64 MHz, the profile says {target.cpu.clock_hz} Hz")
        timing = target.flash.timing
        cached = timing is not None and timing.instruction_cache is not None
        if timing is not None and bool(nvmc.get(_CACHE_ON)) != cached:
            raise MisuseError(
                f"the firmware left the flash's cache {'off' if cached else 'on'} (NVMC.ICACHECNF), "
                f"the profile of {target.name} has it {'on' if cached else 'off'}"
            )
        _check_pins(uart, ports, tx, rx)

    nvmc = flash_controller()
    uart = NrfUart(core, line, target.uart.baud, irq=_INTERRUPTS[target.uart.base], before_use=check)
    bus = Bus()
    bus.add(uart, target.uart.base, 0x1000)
    bus.add(NrfClockPower(), _CLOCK_POWER, 0x1000)
    bus.add(nvmc, _NVMC, 0x1000)
    bus.add(factory_data(), _FICR, 0x1000)
    bus.add(user_data(), _UICR, 0x1000)
    for number, port in enumerate(ports):
        bus.add(port, _GPIO + NrfGpio.FIRST + _PORT_BYTES * number, _PORT_BYTES)
    return Fittings(bus, uart)


def _pin_number(target: McuTarget, name: str | None) -> int:
    match = re.fullmatch(r"P([01])\.(\d\d)", name or "")
    if match is None or int(match[1]) * 32 + int(match[2]) >= 48:
        raise TargetError(f"{target.name}: uart.tx and uart.rx must be pins of the nRF52840 like P0.06, not {name}")
    return int(match[1]) * 32 + int(match[2])


def _check_pins(uart: NrfUart, ports: tuple[NrfGpio, NrfGpio], tx: int, rx: int) -> None:
    """Selected, and set up as ports too (product specification 6.34.8)."""
    for role, wanted, selected in (("TXD", tx, uart.pin(tx=True)), ("RXD", rx, uart.pin(tx=False))):
        if selected != wanted:
            chosen = "nothing" if selected is None else _pin_name(selected)
            raise MisuseError(f"PSEL.{role} selects {chosen}, the board's line is at {_pin_name(wanted)}")
    if not ports[tx // 32].is_output(tx % 32):
        raise MisuseError(f"{_pin_name(tx)} sends but is no output; set its direction in PIN_CNF or DIRSET")
    if not ports[tx // 32].level(tx % 32):
        raise MisuseError(f"{_pin_name(tx)} idles low, which the host takes for a break; set it in OUTSET")
    if not ports[rx // 32].is_input(rx % 32):
        raise MisuseError(f"{_pin_name(rx)} receives but its input buffer is not connected; clear INPUT in PIN_CNF")


def _pin_name(number: int) -> str:
    return f"P{number // 32}.{number % 32:02}"
