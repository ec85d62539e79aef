"""An emulated Cortex-M4: unicorn executes, the block counter keeps time."""

from __future__ import annotations

import ctypes
import enum
import struct
import weakref
from dataclasses import dataclass
from typing import Any, Protocol

import unicorn
from unicorn import arm_const

# The C interface below the Python binding: a hook in C must be given to it directly.
from unicorn.unicorn_py3.unicorn import uclib

from edgeprune.emulate.elf import Image
from edgeprune.emulate.hook import Block, Describe, library
from edgeprune.emulate.timing import timing_model
from edgeprune.errors import DeviceError
from edgeprune.targets import McuTarget

_PAGE = 0x1000
#: A call made by the host returns here: a page that no firmware uses.
_RETURN = 0x9FFF_F000
#: Cycles after which Python looks whether it should stop: some tenths of a second.
_SLICE = 50_000_000
_HARD_FAULT = 3
_EXCEPTION_RETURN = 0xFFFF_FFF9  # to thread mode on the main stack, no floating-point frame
_FRAME_WORDS = 8
_NO_DEADLINE = 2**64 - 1
_CORE_REGISTERS = tuple(getattr(arm_const, f"UC_ARM_REG_R{n}") for n in (0, 1, 2, 3, 12))
_EXCEPTIONS = {2: "SVC", 7: "BKPT"}


class CpuFaultError(DeviceError):
    """The emulated firmware did what the hardware would answer with a fault."""


class StopReason(enum.Enum):
    """Why `M4.run` returned."""

    REACHED = enum.auto()  # the address it was to run to
    HALTED = enum.auto()  # sleeps, and no interrupt will wake it
    STOPPED = enum.auto()  # `request_stop` was called
    BUDGET = enum.auto()  # all cycles that it was given are spent


class Peripheral(Protocol):
    """A device on the bus; registers are words, `offset` counts bytes from its base."""

    def read(self, offset: int) -> int:
        """Value of the register at `offset`."""

    def write(self, offset: int, value: int) -> None:
        """Set the register at `offset`."""


@dataclass(frozen=True)
class BlockCount:
    """How often a basic block ran, and what that took.

    Attributes:
        address: Of its first instruction.
        instructions: In all executions together.
        cycles: In all executions together, branches out of it included.
    """

    address: int
    instructions: int
    cycles: int


class SystemControl:
    """The private peripheral bus (0xE0000000): cycle counter, and registers that keep what is written."""

    BASE, SIZE = 0xE000_0000, 0x10_0000
    _DWT_CTRL, _DWT_CYCCNT = 0x1000, 0x1004
    _CPUID, _AFSR, _DEMCR = 0xED00, 0xED3C, 0xEDFC
    _CORTEX_M4_R0P1 = 0x410F_C241
    #: Read from the auxiliary fault status, which is 0 on the hardware: by it the firmware
    #: knows, and tells, that its figures are emulated.
    _EMULATOR_MARK = 0x554C_4D45
    _TRACE_ENABLE, _COUNTER_ENABLE = 1 << 24, 1

    def __init__(self, core: M4) -> None:
        self._core = core
        self._registers: dict[int, int] = {}
        self._count = 0  # CYCCNT when it last started or stopped
        self._since = 0  # the core's clock at that moment

    def read(self, offset: int) -> int:
        """Value of a register; unknown ones read as last written, at first 0."""
        if offset == self._DWT_CYCCNT:
            return self._cycles()
        if offset == self._CPUID:
            return self._CORTEX_M4_R0P1
        if offset == self._AFSR:
            return self._EMULATOR_MARK
        return self._registers.get(offset, 0)

    def write(self, offset: int, value: int) -> None:
        """Set a register."""
        self._count, self._since = self._cycles(), self._core.cycles
        if offset == self._DWT_CYCCNT:
            self._count = value
        else:
            self._registers[offset] = value

    def _cycles(self) -> int:
        enabled = self._registers.get(self._DEMCR, 0) & self._TRACE_ENABLE
        if not (enabled and self._registers.get(self._DWT_CTRL, 0) & self._COUNTER_ENABLE):
            return self._count
        return (self._count + self._core.cycles - self._since) & 0xFFFF_FFFF


class M4:
    """One core with its memories and peripherals.

    Args:
        image: The firmware; its flash content is loaded.
        target: Gives the memory map.

    Raises:
        CpuFaultError: from `run` and `call`, when the firmware faults.
    """

    def __init__(self, image: Image, target: McuTarget) -> None:
        self.image = image
        self._target = target
        self._timing = timing_model(target.cpu)
        self._blocks: list[Any] = []  # pointers into the counter's memory
        self._pending: BaseException | None = None
        self._stop_requested = False
        self._keep: list[object] = []  # callbacks that C holds a pointer to
        self._uc = unicorn.Uc(unicorn.UC_ARCH_ARM, unicorn.UC_MODE_THUMB | unicorn.UC_MODE_MCLASS)
        self._uc.ctl_set_cpu_model(arm_const.UC_CPU_ARM_CORTEX_M4)
        self._map_memory()
        self._start_counting()
        self._uc.hook_add(unicorn.UC_HOOK_INTR, self._on_exception)
        self.attach(SystemControl(self), SystemControl.BASE, SystemControl.SIZE)
        self.reset()

    # -- set-up

    def _map_memory(self) -> None:
        flash, ram = self._target.flash, self._target.ram
        read_only = unicorn.UC_PROT_READ | unicorn.UC_PROT_EXEC
        self._uc.mem_map(flash.base, _whole_pages(flash.size), read_only)
        self._uc.mem_map(ram.base, _whole_pages(ram.size))
        self._uc.mem_map(_RETURN, _PAGE)
        self._uc.mem_write(_RETURN, b"\xfe\xe7" * 2)  # b .
        for segment in self.image.segments:
            end = segment.address + len(segment.content)
            if not flash.base <= segment.address <= end <= flash.base + flash.size:
                raise DeviceError(
                    f"{self.image.path} loads bytes to 0x{segment.address:08x}..0x{end:08x}, outside the flash of "
                    f"{self._target.name}; build it for this target"
                )
            self._uc.mem_write(segment.address, segment.content)

    def _start_counting(self) -> None:
        lib = library()
        describe = Describe(self._describe)
        self._keep.append(describe)
        pointer = lib.counter_new(ctypes.cast(uclib.uc_emu_stop, ctypes.c_void_p), describe)
        if not pointer:
            raise MemoryError("the emulator's counter")
        weakref.finalize(self, lib.counter_free, pointer)
        self._counter_pointer, self._counter = pointer, pointer.contents
        handle = ctypes.c_size_t()
        # The hook covers every address: an empty range (1 to 0) means just that.
        status = uclib.uc_hook_add(
            self._uc._uch,  # the handle that C knows; the binding has no public name for it
            ctypes.byref(handle),
            ctypes.c_int(unicorn.UC_HOOK_BLOCK),
            ctypes.cast(lib.block_executed, ctypes.c_void_p),
            ctypes.cast(pointer, ctypes.c_void_p),
            ctypes.c_uint64(1),
            ctypes.c_uint64(0),
        )
        if status != unicorn.UC_ERR_OK:
            raise unicorn.UcError(status)

    def _describe(self, pointer: Any) -> None:
        block = pointer.contents
        cost = self._timing.block(bytes(self._uc.mem_read(block.address, block.size)), block.address)
        block.instructions, block.cycles = cost.instructions, cost.cycles
        block.taken_cycles, block.starts_wide = cost.taken_cycles, cost.arrival_cycles
        # The view that C passed is only valid in this call; the block itself stays.
        self._blocks.append(Block.from_address(ctypes.addressof(block)))

    def attach(self, peripheral: Peripheral, base: int, size: int) -> None:
        """Put a peripheral on the bus.  What it raises ends `run`, which raises it again."""

        def read(_uc: Any, offset: int, width: int, _data: Any) -> int:
            try:
                word = peripheral.read(offset & ~3)
            except BaseException as error:
                self._abandon(error)
                return 0
            return word >> 8 * (offset & 3) & ((1 << 8 * width) - 1)

        def write(_uc: Any, offset: int, width: int, value: int, _data: Any) -> None:
            try:
                if width < 4:
                    shift = 8 * (offset & 3)
                    mask = ((1 << 8 * width) - 1) << shift
                    value = peripheral.read(offset & ~3) & ~mask | value << shift & mask
                peripheral.write(offset & ~3, value)
            except BaseException as error:
                self._abandon(error)

        self._uc.mmio_map(base, _whole_pages(size), read, None, write, None)

    def _abandon(self, error: BaseException) -> None:
        # An exception cannot pass through the C below; keep it and stop at the next block.
        self._pending = error
        self._counter.stop = 1

    # -- running

    def reset(self) -> None:
        """Load stack pointer and program counter from the vector table; the clock runs on."""
        stack, entry = struct.unpack("<II", self.read(self._target.flash.base, 8))
        self._uc.reg_write(arm_const.UC_ARM_REG_SP, stack)
        self._uc.reg_write(arm_const.UC_ARM_REG_LR, 0xFFFF_FFFF)
        self._uc.reg_write(arm_const.UC_ARM_REG_PC, entry | 1)

    def boot(self) -> None:
        """Run the start-up code to the first instruction of `main`."""
        self.reset()
        if self.run(until=self.image.address_of("main")) is not StopReason.REACHED:
            raise CpuFaultError(f"{self.image.path} halts before it reaches main; build it again")

    def run(self, until: int | None = None, budget: int | None = None) -> StopReason:
        """Execute from the current instruction.

        Args:
            until: Address to stop at, before its instruction runs.
            budget: Cycles after which to stop.

        Raises:
            CpuFaultError: the firmware faulted; the message has the address and the function.
        """
        end = _NO_DEADLINE if budget is None else self.cycles + budget
        target = _RETURN + 2 if until is None else until
        while True:
            self._counter.deadline = min(self.cycles + _SLICE, end)
            self._counter.stopped = 0
            self._execute(target)
            if self._pending is not None:
                error, self._pending, self._counter.stop = self._pending, None, 0
                raise error
            if self._stop_requested:
                self._stop_requested, self._counter.stop = False, 0
                return StopReason.STOPPED
            if self.pc == target:
                return StopReason.REACHED
            if not self._counter.stopped:
                return StopReason.HALTED
            if self.cycles >= end:
                return StopReason.BUDGET

    def _execute(self, until: int) -> None:
        try:
            self._uc.emu_start(self.pc | 1, until)
        except unicorn.UcError as error:
            raise CpuFaultError(f"the firmware faulted at {self.image.describe(self.pc)}: {error}") from None

    def _on_exception(self, _uc: Any, number: int, _data: Any) -> None:
        name = _EXCEPTIONS.get(number, f"exception {number}")
        self._pending = CpuFaultError(f"the firmware raised {name} at {self.image.describe(self.pc)}")
        self._uc.emu_stop()

    def pass_time(self, seconds: float) -> None:
        """Let the clock move on while the core waits for the world."""
        self._counter.cycles += int(seconds * self._target.cpu.clock_hz)

    def request_stop(self) -> None:
        """Make `run` return soon; may be called from a peripheral or another thread."""
        self._stop_requested = True
        self._counter.stop = 1

    def enter_hard_fault(self) -> None:
        """Enter the firmware's HardFault handler as the core does after a fault.

        Raises:
            CpuFaultError: the stack cannot take the exception frame, which locks a core up.
        """
        values = [self._uc.reg_read(register) for register in (*_CORE_REGISTERS, arm_const.UC_ARM_REG_LR)]
        values += [self.pc, self._uc.reg_read(arm_const.UC_ARM_REG_XPSR)]
        stack = (self._uc.reg_read(arm_const.UC_ARM_REG_SP) - 4 * _FRAME_WORDS) & ~7
        try:
            self.write(stack, struct.pack(f"<{_FRAME_WORDS}I", *values))
        except unicorn.UcError:
            raise CpuFaultError(f"the core locked up: a fault with the stack at 0x{stack:08x}, outside RAM") from None
        handler = struct.unpack("<I", self.read(self._target.flash.base + 4 * _HARD_FAULT, 4))[0]
        self._uc.reg_write(arm_const.UC_ARM_REG_SP, stack)
        self._uc.reg_write(arm_const.UC_ARM_REG_LR, _EXCEPTION_RETURN)
        self._uc.reg_write(arm_const.UC_ARM_REG_XPSR, 1 << 24 | _HARD_FAULT)
        self._uc.reg_write(arm_const.UC_ARM_REG_PC, handler | 1)

    def call(self, function: str, *arguments: int) -> int:
        """Call a function of the firmware with up to four word arguments; returns r0."""
        for register, value in zip(_CORE_REGISTERS, arguments[:4], strict=False):
            self._uc.reg_write(register, value & 0xFFFF_FFFF)
        stack = self._uc.reg_read(arm_const.UC_ARM_REG_SP)
        self._uc.reg_write(arm_const.UC_ARM_REG_SP, stack & ~7)  # the procedure call standard wants it
        self._uc.reg_write(arm_const.UC_ARM_REG_LR, _RETURN | 1)
        self._uc.reg_write(arm_const.UC_ARM_REG_PC, self.image.address_of(function) | 1)
        self._counter.current = None  # nothing branched here
        if self.run(until=_RETURN) is not StopReason.REACHED:
            raise CpuFaultError(f"{function} halts instead of returning, at {self.image.describe(self.pc)}")
        return int(self._uc.reg_read(arm_const.UC_ARM_REG_R0))

    # -- state

    @property
    def pc(self) -> int:
        """Address of the next instruction, without the Thumb bit."""
        return int(self._uc.reg_read(arm_const.UC_ARM_REG_PC)) & ~1

    @property
    def cycles(self) -> int:
        """Cycles since the core was made."""
        return int(self._counter.cycles)

    def read(self, address: int, size: int) -> bytes:
        """Bytes of memory."""
        return bytes(self._uc.mem_read(address, size))

    def write(self, address: int, content: bytes) -> None:
        """Change memory, flash included."""
        self._uc.mem_write(address, content)

    def clear_counts(self) -> None:
        """Forget which blocks ran; the clock runs on."""
        library().counter_clear(self._counter_pointer)

    def counts(self) -> tuple[BlockCount, ...]:
        """Every block that ran since `clear_counts`."""
        return tuple(
            BlockCount(
                block.address, block.count * block.instructions, block.count * block.cycles + block.branch_cycles
            )
            for block in self._blocks
            if block.count
        )


def _whole_pages(size: int) -> int:
    return (size + _PAGE - 1) // _PAGE * _PAGE
