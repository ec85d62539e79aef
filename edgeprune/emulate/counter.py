"""Counts what runs on an emulated core: the Python side of the block counter in C (`hook.c`)."""

from __future__ import annotations

import ctypes
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import unicorn
from unicorn import arm_const

# The C interface below the Python binding: hooks in C must be given to it directly.
from unicorn.unicorn_py3.unicorn import uclib

from edgeprune.emulate.hook import Arrived, Block, Counter, Describe, library
from edgeprune.emulate.memory import install_flash_model
from edgeprune.emulate.timing import timing_model
from edgeprune.targets import McuTarget


@dataclass(frozen=True)
class BlockCount:
    """How often a basic block ran, and what that took.

    Attributes:
        address: Of its first instruction.
        instructions: In all executions together.
        cycles: In all executions together, branches out of it and stalls in it included.
    """

    address: int
    instructions: int
    cycles: int


class BlockCounter:
    """The clock of one core, and the count of every basic block.

    Args:
        uc: Executes; gets the hooks.
        target: Gives the core's timing and the flash's.
        abandon: Told what a watching callback raised; must make the core stop.
        memory_model: Whether accesses to memory cost what alignment and the flash make them cost.

    Attributes:
        state: The counter's fields in C.
    """

    def __init__(
        self, uc: unicorn.Uc, target: McuTarget, abandon: Callable[[BaseException], None], memory_model: bool
    ) -> None:
        self._uc = uc
        self._abandon = abandon
        self._timing = timing_model(target.cpu)
        self._blocks: list[Any] = []  # pointers into the counter's memory
        self._watched: dict[int, Callable[[], None]] = {}
        lib = library()
        # C holds pointers to these two.
        self._callbacks = Describe(self._describe), Arrived(self._arrived)
        self._pointer = lib.counter_new(ctypes.cast(uclib.uc_emu_stop, ctypes.c_void_p), *self._callbacks)
        if not self._pointer:
            raise MemoryError("the emulator's counter")
        weakref.finalize(self, lib.counter_free, self._pointer)
        self.state: Counter = self._pointer.contents
        self._hook(unicorn.UC_HOOK_BLOCK, lib.block_executed)
        if memory_model:
            self._model_memory(target)

    def _model_memory(self, target: McuTarget) -> None:
        self.state.register_read = ctypes.cast(uclib.uc_reg_read, ctypes.c_void_p).value
        self.state.register_write = ctypes.cast(uclib.uc_reg_write, ctypes.c_void_p).value
        self.state.xpsr = arm_const.UC_ARM_REG_XPSR
        install_flash_model(self.state, target)
        for memory in (target.flash, target.ram):
            kinds = unicorn.UC_HOOK_MEM_READ | unicorn.UC_HOOK_MEM_WRITE
            self._hook(kinds, library().memory_accessed, memory.base, memory.base + memory.size - 1)

    def _hook(self, kind: int, function: Any, first: int = 1, last: int = 0) -> None:
        """Have a function of the counter called; an empty range (1 to 0) means every address."""
        handle = ctypes.c_size_t()
        status = uclib.uc_hook_add(
            self._uc._uch,  # the handle that C knows; the binding has no public name for it
            ctypes.byref(handle),
            ctypes.c_int(kind),
            ctypes.cast(function, ctypes.c_void_p),
            ctypes.cast(self._pointer, ctypes.c_void_p),
            ctypes.c_uint64(first),
            ctypes.c_uint64(last),
        )
        if status != unicorn.UC_ERR_OK:
            raise unicorn.UcError(status)

    def _describe(self, pointer: Any) -> None:
        block = pointer.contents
        self._price(block)
        block.watched = int(block.address in self._watched)
        # The view that C passed is only valid in this call; the block itself stays.
        self._blocks.append(Block.from_address(ctypes.addressof(block)))

    def _price(self, block: Block) -> None:
        cost = self._timing.block(bytes(self._uc.mem_read(block.address, block.size)), block.address)
        block.instructions, block.cycles = cost.instructions, cost.cycles
        block.taken_cycles, block.arrival_cycles = cost.taken_cycles, cost.arrival_cycles
        block.mispredicted_cycles, block.holds_it = cost.mispredicted_cycles, int(cost.holds_it)

    def code_changed(self, first: int, end: int) -> None:
        """Translate and price anew what lies between two addresses."""
        for block in self._blocks:
            if block.address < end and first < block.address + block.size:
                self._uc.ctl_remove_cache(block.address, block.address + block.size)
                self._price(block)

    def watch(self, address: int, callback: Callable[[], None] | None) -> None:
        """Call back whenever the block at `address` is about to run; None ends that."""
        if callback is None:
            self._watched.pop(address, None)
        else:
            self._watched[address] = callback
        for block in self._blocks:
            if block.address == address:
                block.watched = int(callback is not None)

    def _arrived(self, address: int) -> None:
        try:
            self._watched[address]()
        except BaseException as error:
            self._abandon(error)

    def forget_origin(self) -> None:
        """The next block is not reached by a branch: an exception or the host leads there."""
        self.state.current = None

    def clear(self) -> None:
        """Forget which blocks ran; the clock runs on."""
        library().counter_clear(self._pointer)

    def counts(self) -> tuple[BlockCount, ...]:
        """Every block that ran since `clear`."""
        return tuple(
            BlockCount(block.address, block.count * block.instructions, block.count * block.cycles + block.extra_cycles)
            for block in self._blocks
            if block.count
        )
