"""Emulated boards: executes firmware and counts cycles."""

from edgeprune.emulate.access import Peripheral
from edgeprune.emulate.boards import Board, Fittings, load_board
from edgeprune.emulate.call import (
    CallCost,
    FunctionCost,
    LayerCost,
    call_function,
    measure_call,
    measure_layers,
    monitored_calls,
    monitored_windows,
)
from edgeprune.emulate.core import Core, CpuFaultError, StopReason
from edgeprune.emulate.image import Image, load_image
from edgeprune.emulate.peripherals import Bus, Line, MisuseError, RegisterFile, SerialPort
from edgeprune.emulate.pty import serve
from edgeprune.emulate.stdio import serve_here

__all__ = [
    "Board",
    "Bus",
    "CallCost",
    "Core",
    "CpuFaultError",
    "Fittings",
    "FunctionCost",
    "Image",
    "LayerCost",
    "Line",
    "MisuseError",
    "Peripheral",
    "RegisterFile",
    "SerialPort",
    "StopReason",
    "call_function",
    "load_board",
    "load_image",
    "measure_call",
    "measure_layers",
    "monitored_calls",
    "monitored_windows",
    "serve",
    "serve_here",
]
