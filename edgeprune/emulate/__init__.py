"""Emulated boards: executes firmware and counts cycles."""

from edgeprune.emulate.call import CallCost, FunctionCost, call_function, measure_call
from edgeprune.emulate.core import M4, CpuFaultError
from edgeprune.emulate.elf import Image, load_image
from edgeprune.emulate.pty import serve
from edgeprune.emulate.stdio import serve_here

__all__ = [
    "M4",
    "CallCost",
    "CpuFaultError",
    "FunctionCost",
    "Image",
    "call_function",
    "load_image",
    "measure_call",
    "serve",
    "serve_here",
]
