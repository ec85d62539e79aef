"""Boards with Arm's CMSDK peripherals: the generic Cortex-M4."""

from __future__ import annotations

from edgeprune.emulate.boards.board import Fittings
from edgeprune.emulate.peripherals import Bus, Cpu, Line
from edgeprune.emulate.peripherals.cmsdk_uart import CmsdkUart
from edgeprune.targets import McuTarget


def fit(core: Cpu, target: McuTarget, line: Line) -> Fittings:
    """The UART; the bus runs at the core's clock."""
    port = CmsdkUart(core, line, target.uart.baud, clock_hz=target.cpu.clock_hz)
    bus = Bus()
    bus.add(port, target.uart.base, 0x1000)
    return Fittings(bus, port)
