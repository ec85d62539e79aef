"""Devices that sit on the bus of an emulated chip, one per module.

They are written from the chips' reference manuals, and strict: what the manual forbids
raises `MisuseError` instead of working by luck.
"""

from edgeprune.emulate.peripherals.bus import Bus, Gated
from edgeprune.emulate.peripherals.device import Cpu, Device, MisuseError
from edgeprune.emulate.peripherals.registers import Field, Ready, RegisterFile
from edgeprune.emulate.peripherals.serial import Line, SerialPort

__all__ = ["Bus", "Cpu", "Device", "Field", "Gated", "Line", "MisuseError", "Ready", "RegisterFile", "SerialPort"]
