"""The block counter in C (`hook.c`): compiled at first use, bound with ctypes."""

from __future__ import annotations

import ctypes
from functools import cache
from pathlib import Path

from edgeprune.emulate.native import compiled

_SOURCE = Path(__file__).with_name("hook.c")


class Block(ctypes.Structure):
    """`block` of hook.c, the fields that Python uses."""

    address: int
    size: int
    instructions: int
    cycles: int
    taken_cycles: int
    arrival_cycles: int
    mispredicted_cycles: int
    holds_it: int
    watched: int
    confidence: int
    count: int
    extra_cycles: int
    _fields_ = (
        ("address", ctypes.c_uint32),
        ("size", ctypes.c_uint32),
        ("instructions", ctypes.c_uint32),
        ("cycles", ctypes.c_uint32),
        ("taken_cycles", ctypes.c_uint32),
        ("arrival_cycles", ctypes.c_uint32),
        ("mispredicted_cycles", ctypes.c_uint32),
        ("holds_it", ctypes.c_uint32),
        ("watched", ctypes.c_uint32),
        ("confidence", ctypes.c_uint32),
        ("count", ctypes.c_uint64),
        ("extra_cycles", ctypes.c_uint64),
        ("successor", ctypes.c_void_p),
        ("expected", ctypes.c_void_p),
    )


class FlashState(ctypes.Structure):
    """`flash` of hook.c."""

    base: int
    end: int
    wait_states: int
    word_bytes: int
    prefetch: int
    shared_port: int
    instructions: int | None
    data: int | None
    word: int
    prefetched_word: int
    data_word: int
    _fields_ = (
        ("base", ctypes.c_uint32),
        ("end", ctypes.c_uint32),
        ("wait_states", ctypes.c_uint32),
        ("word_bytes", ctypes.c_uint32),
        ("prefetch", ctypes.c_uint32),
        ("shared_port", ctypes.c_uint32),
        ("instructions", ctypes.c_void_p),
        ("data", ctypes.c_void_p),
        ("word", ctypes.c_uint32),
        ("prefetched_word", ctypes.c_uint32),
        ("data_word", ctypes.c_uint32),
        ("prefetch_ready", ctypes.c_uint64),
        ("now", ctypes.c_uint64),
    )


class Counter(ctypes.Structure):
    """`counter` of hook.c."""

    cycles: int
    deadline: int
    stop: int
    stopped: int
    current: int | None
    register_read: int | None
    register_write: int | None
    xpsr: int
    flash: FlashState
    _fields_ = (
        ("cycles", ctypes.c_uint64),
        ("deadline", ctypes.c_uint64),
        ("stop", ctypes.c_uint32),
        ("stopped", ctypes.c_uint32),
        ("current", ctypes.c_void_p),
        ("table", ctypes.c_void_p),
        ("mask", ctypes.c_uint32),
        ("used", ctypes.c_uint32),
        ("emulation_stop", ctypes.c_void_p),
        ("describe", ctypes.c_void_p),
        ("arrived", ctypes.c_void_p),
        ("register_read", ctypes.c_void_p),
        ("register_write", ctypes.c_void_p),
        ("xpsr", ctypes.c_int),
        ("flash", FlashState),
    )


#: Called with a block that was never met before; fills in its cost.
Describe = ctypes.CFUNCTYPE(None, ctypes.POINTER(Block))
#: Called with the address of a watched block before it runs.
Arrived = ctypes.CFUNCTYPE(None, ctypes.c_uint32)


@cache
def library() -> ctypes.CDLL:
    """The compiled counter.

    Raises:
        ToolchainError: it cannot be compiled on this machine.
    """
    lib = ctypes.CDLL(str(compiled(_SOURCE)))
    lib.counter_new.restype = ctypes.POINTER(Counter)
    lib.counter_new.argtypes = [ctypes.c_void_p, Describe, Arrived]
    lib.counter_free.argtypes = [ctypes.POINTER(Counter)]
    lib.counter_free.restype = None
    lib.counter_clear.argtypes = [ctypes.POINTER(Counter)]
    lib.counter_clear.restype = None
    lib.cache_new.argtypes = [ctypes.c_uint32] * 7
    lib.cache_new.restype = ctypes.c_void_p
    return lib
