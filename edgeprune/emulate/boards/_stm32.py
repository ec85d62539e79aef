"""Puts an STM32 together: clocks, power, flash interface, ports, and the USART that the profile names."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from edgeprune.emulate.boards.board import Fittings
from edgeprune.emulate.peripherals import Bus, Cpu, Field, Gated, Line, MisuseError
from edgeprune.emulate.peripherals.stm32_chip import Stm32Chip, UartPlace, mhz
from edgeprune.emulate.peripherals.stm32_gpio import Stm32Gpio
from edgeprune.emulate.peripherals.stm32_usart import Stm32Usart
from edgeprune.errors import TargetError
from edgeprune.targets import McuTarget

#: The computed clock is exact; this only forgives fractions that do not divide.
_CLOCK_TOLERANCE = 1e-3


class _Wiring:
    """Whether chip and board let the USART's bytes pass."""

    def __init__(self, chip: Stm32Chip, uart: UartPlace, target: McuTarget, ports: dict[str, Stm32Gpio]) -> None:
        self._chip, self._uart, self._target, self._ports = chip, uart, target, ports

    def check(self) -> None:
        """Raise MisuseError where they do not."""
        clock, wanted = self._chip.cpu_hz(), self._target.cpu.clock_hz
        if abs(clock - wanted) > wanted * _CLOCK_TOLERANCE:
            raise MisuseError(
                f"the firmware set the core's clock to {mhz(clock)}, "
                f"the profile of {self._target.name} says {mhz(wanted)}"
            )
        self._check_flash()
        self._check_pin(self._target.uart.tx, "TX", self._uart.tx)
        self._check_pin(self._target.uart.rx, "RX", self._uart.rx)

    def _check_flash(self) -> None:
        """Cycles are counted for the flash that the profile describes; it must be the one that was set up."""
        timing, layout, flash = self._target.flash.timing, self._chip.layout, self._chip.flash
        if timing is None:
            return
        if flash.get(layout.latency) != timing.wait_states:
            raise MisuseError(
                f"the firmware set {flash.get(layout.latency)} flash wait states, the profile of {self._target.name} "
                f"says {timing.wait_states}"
            )
        for name, field, wanted in (
            ("prefetch", layout.prefetch, timing.prefetch),
            ("instruction cache", layout.instruction_cache, timing.instruction_cache is not None),
            ("data cache", layout.data_cache, timing.data_cache is not None),
        ):
            if field is not None and bool(flash.get(field)) != wanted:
                raise MisuseError(
                    f"the firmware left the flash's {name} {'off' if wanted else 'on'}, "
                    f"the profile of {self._target.name} has it {'on' if wanted else 'off'}"
                )

    def _check_pin(self, pin: str | None, role: str, choices: tuple[tuple[str, int], ...]) -> None:
        wanted = dict(choices).get(pin or "")
        if pin is None or wanted is None:
            names = ", ".join(name for name, _ in choices)
            raise TargetError(f"{self._target.name}: {self._uart.name} has no {role} at {pin}; it can be at {names}")
        layout, letter = self._chip.layout, pin[1]
        if not self._chip.clocked(Field(layout.port_gate, layout.ports.index(letter))):
            raise MisuseError(f"{self._uart.name} uses {pin}, but the clock of port {letter} is off")
        if self._ports[letter].alternate(int(pin[2:])) != wanted:
            raise MisuseError(
                f"{self._uart.name} is not connected to {pin}: the pin is not switched to alternate function {wanted}"
            )
        fault = self._chip.pin_fault(pin)
        if fault is not None:
            raise MisuseError(f"{pin} does not work: {fault}")


def fit_stm32(core: Cpu, target: McuTarget, line: Line, chip: Stm32Chip, usart: Callable[..., Stm32Usart]) -> Fittings:
    """Everything a firmware needs that talks over one USART.

    Args:
        core: Gets the USART's interrupt.
        target: Names USART, pins and clock.
        line: The other end of the USART.
        chip: Of the right family.
        usart: Class of the family's USARTs.
    """
    layout = chip.layout
    place = next((uart for uart in chip.uarts if uart.base == target.uart.base), None)
    if place is None:
        known = ", ".join(f"{uart.name} at 0x{uart.base:08x}" for uart in chip.uarts)
        raise TargetError(f"{target.name}: there is no USART at 0x{target.uart.base:08x}; there are {known}")
    bus = Bus()
    bus.also_reset(chip.reset)
    bus.add(chip.rcc, layout.rcc)
    bus.add(chip.flash, layout.flash)
    bus.add(Gated(chip.power, partial(chip.clocked, layout.power_gate)), layout.power)
    ports = {}
    for index, letter in enumerate(layout.ports):
        port = Stm32Gpio(layout.port_modes[min(index, len(layout.port_modes) - 1)])
        ports[letter] = port
        bus.add(Gated(port, partial(chip.clocked, Field(layout.port_gate, index))), layout.port_base + 0x400 * index)
    serial = usart(
        core,
        line,
        target.uart.baud,
        clock_hz=partial(chip.uart_hz, place),
        name=place.name,
        low_power=place.low_power,
        irq=place.irq,
        before_use=_Wiring(chip, place, target, ports).check,
    )
    bus.add(Gated(serial, partial(chip.clocked, place.gate)), place.base)
    return Fittings(bus, serial)
