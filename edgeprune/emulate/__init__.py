"""Emulated boards: executes firmware and counts cycles."""

from edgeprune.emulate.call import (
    CallCost,
    FunctionCost,
    LayerCost,
    call_function,
    measure_call,
    measure_layers,
    monitored_calls,
)
from edgeprune.emulate.core import Core, CpuFaultError, Peripheral, StopReason
from edgeprune.emulate.image import Image, load_image
from edgeprune.emulate.pty import serve
from edgeprune.emulate.stdio import serve_here

__all__ = [
    "CallCost",
    "Core",
    "CpuFaultError",
    "FunctionCost",
    "Image",
    "LayerCost",
    "Peripheral",
    "StopReason",
    "call_function",
    "load_image",
    "measure_call",
    "measure_layers",
    "monitored_calls",
    "serve",
    "serve_here",
]
