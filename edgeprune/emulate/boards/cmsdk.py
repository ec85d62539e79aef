"""Boards with Arm's CMSDK peripherals: the generic Cortex-M4, and Arm's MPS2 images.

An image that runs on QEMU's mps2-an385, an386, an500 or an505 runs here too: it finds its
memories by the profile, the UARTs, and the board's LEDs and switches.
"""

from __future__ import annotations

from edgeprune.emulate.boards.board import Fittings
from edgeprune.emulate.peripherals import Bus, Cpu, Line, RegisterFile
from edgeprune.emulate.peripherals.cmsdk_uart import CmsdkUart
from edgeprune.targets import McuTarget

_SECURE = 0x1000_0000
#: Other devices by address (Arm DAI0385, DAI0386, DAI0500: memory map; UART1 to UART4, FPGAIO, SCC).
_MPS2 = (0x4000_5000, 0x4000_6000, 0x4000_7000, 0x4000_9000, 0x4002_8000, 0x4002_F000)
#: The same of AN505 (Arm DAI0505), each at its Non-secure and its Secure address.
_AN505_PLACES = (0x4020_1000, 0x4020_2000, 0x4020_3000, 0x4020_4000, 0x4030_2000, 0x4030_0000)
_AN505 = tuple(place + alias for place in _AN505_PLACES for alias in (0, _SECURE))
#: Interrupt of UART0's reception.
_INTERRUPTS = {"mps2-an385": 0, "mps2-an386": 0, "mps2-an500": 0, "mps2-an505": 32}
_OTHERS = {"mps2-an385": _MPS2, "mps2-an386": _MPS2, "mps2-an500": _MPS2, "mps2-an505": _AN505}


def fit(core: Cpu, target: McuTarget, line: Line) -> Fittings:
    """The UART, clocked as the core; on an MPS2 also devices that only keep their settings."""
    machine = target.qemu.machine if target.qemu else ""
    port = CmsdkUart(core, line, target.uart.baud, clock_hz=target.cpu.clock_hz, irq=_INTERRUPTS.get(machine))
    bus = Bus()
    bus.add(port, target.uart.base, 0x1000)
    if machine == "mps2-an505":
        bus.add(port, target.uart.base ^ _SECURE, 0x1000)
    for place in _OTHERS.get(machine, ()):
        bus.add(RegisterFile(), place, 0x1000)
    return Fittings(bus, port)
