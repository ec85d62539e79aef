"""An emulated Cortex-M core: unicorn executes, the block counter keeps time, exceptions are ours."""

from __future__ import annotations

import enum
import struct
from collections.abc import Callable
from typing import Any

import unicorn
from unicorn import arm_const

from edgeprune.emulate.access import BusAccess, Peripheral
from edgeprune.emulate.counter import BlockCounter
from edgeprune.emulate.exceptions import FIRST_INTERRUPT, HARD_FAULT, NMI, SVCALL
from edgeprune.emulate.faults import Trouble, fault_of_access, fault_of_trap
from edgeprune.emulate.frames import ExceptionFrames
from edgeprune.emulate.image import Image
from edgeprune.emulate.system import HFSR_DEBUGEVT, HFSR_FORCED, SystemControl
from edgeprune.errors import DeviceError
from edgeprune.targets import McuTarget

_PAGE = 0x400
#: A call made by the host returns here: a page that no firmware uses.
_RETURN = 0x9FFF_F000
#: Cycles after which Python looks whether it should stop: some tenths of a second.
_SLICE = 50_000_000
#: The same while something is pending that the firmware has masked.
_MASKED_SLICE = 500
#: Seconds that a sleeping core waits at a time for the world outside.
_SLEEP_SECONDS = 0.02
_NEVER = 2**64 - 1
_ARGUMENTS = tuple(getattr(arm_const, f"UC_ARM_REG_R{n}") for n in range(4))
_MODELS = {
    "cortex-m0plus": arm_const.UC_CPU_ARM_CORTEX_M0, "cortex-m3": arm_const.UC_CPU_ARM_CORTEX_M3,
    "cortex-m4": arm_const.UC_CPU_ARM_CORTEX_M4, "cortex-m7": arm_const.UC_CPU_ARM_CORTEX_M7,
    "cortex-m33": arm_const.UC_CPU_ARM_CORTEX_M33,
}  # fmt: skip
_TRAP_SVC = 2
#: A handler returns by branching to an address from here on (DDI0403 B1.5.8).
_RETURN_CODES = 0xFFFF_FF00
_WFE = b"\x20\xbf"


class CpuFaultError(DeviceError):
    """The emulated firmware did what the hardware would answer with a fault."""


class StopReason(enum.Enum):
    """Why `Core.run` returned."""

    REACHED = enum.auto()  # the address it was to run to
    HALTED = enum.auto()  # sleeps, and nothing will wake it
    STOPPED = enum.auto()  # `request_stop` was called
    BUDGET = enum.auto()  # all cycles that it was given are spent


class Core:
    """One core with its memories and peripherals.

    Args:
        image: The firmware; its content is loaded.
        target: Gives the core, the memory map and the flash's timing.
        vectors: Address of the vector table; by default the lowest of the image.
        memory_model: Whether accesses to memory cost what alignment and the flash make them
            cost; by default where the target's flash has a timing.

    Attributes:
        counter: What ran, and how long it took.
        last_fault: The latest fault that the firmware's handlers took, in words; None without one.

    Raises:
        CpuFaultError: from `run` and `call`, when the firmware faults and cannot handle it.
    """

    def __init__(
        self, image: Image, target: McuTarget, vectors: int | None = None, memory_model: bool | None = None
    ) -> None:
        self.image = image
        self.target = target
        if target.cpu.core not in _MODELS:
            raise DeviceError(f"{target.name} has a {target.cpu.core}, which is emulated by QEMU only; use --via qemu")
        self.last_fault: str | None = None
        self._pending_error: BaseException | None = None
        self._trap: int | None = None
        self._bad_access: tuple[int, int] | None = None
        self._stop_requested = False
        self._on_reset: list[Callable[[], None]] = []
        self._on_sleep: list[Callable[[float], None]] = []
        # Not UC_MODE_MCLASS: it would make every core a Cortex-M33.
        self._uc = unicorn.Uc(unicorn.UC_ARCH_ARM, unicorn.UC_MODE_THUMB)
        self._uc.ctl_set_cpu_model(_MODELS[target.cpu.core])
        self._frames = ExceptionFrames(self._uc, target.cpu.facts)
        modelled = target.flash.timing is not None if memory_model is None else memory_model
        self.counter = BlockCounter(self._uc, target, self._abandon, modelled)
        self._map_memory()
        self._uc.hook_add(unicorn.UC_HOOK_INTR, self._trapped)
        self._uc.hook_add(unicorn.UC_HOOK_MEM_INVALID, self._accessed_badly)
        start = image.start if vectors is None else vectors
        self.system = SystemControl(target.cpu.facts, lambda: self.cycles, start, self._look_soon)
        self.attach(self.system, SystemControl.BASE, SystemControl.SIZE)
        self.reset()

    # -- set-up

    def _map_memory(self) -> None:
        flash, ram = self.target.flash, self.target.ram
        self.map_memory(flash.base, flash.size, writable=False)
        self.map_memory(ram.base, ram.size)
        self._uc.mem_map(_RETURN, _PAGE)
        # Cores without memory protection fetch from an EXC_RETURN value, which the counter stops.
        self._uc.mem_map(_RETURN_CODES // _PAGE * _PAGE, _PAGE)
        self._uc.mem_write(_RETURN, b"\xfe\xe7" * 2)  # b .
        for segment in self.image.segments:
            end = segment.address + len(segment.content)
            if not flash.base <= segment.address <= end <= flash.base + flash.size:
                raise DeviceError(
                    f"{self.image.path} loads bytes to 0x{segment.address:08x}..0x{end:08x}, outside the flash of "
                    f"{self.target.name}; build it for this target"
                )
            self._uc.mem_write(segment.address, segment.content)

    def map_memory(self, base: int, size: int, writable: bool = True) -> None:
        """Add a memory beside the flash and RAM of the target; it starts as zeros."""
        permissions = unicorn.UC_PROT_ALL if writable else unicorn.UC_PROT_READ | unicorn.UC_PROT_EXEC
        self._uc.mem_map(base, _whole_pages(size), permissions)

    def attach(self, peripheral: Peripheral, base: int, size: int) -> None:
        """Put a peripheral on the bus.  What it raises ends `run`, which raises it again."""
        access = BusAccess(peripheral, self._abandon)
        self._uc.mmio_map(base, _whole_pages(size), access.read, None, access.write, None)

    def _abandon(self, error: BaseException) -> None:
        # An exception cannot pass through the C below; keep it and stop at the next block.
        self._pending_error = error
        self.counter.state.stop = 1

    def watch(self, place: str | int, callback: Callable[[], None] | None) -> None:
        """Call back whenever a function, or the block at an address, is about to run; None ends that."""
        self.counter.watch(self.image.address_of(place) if isinstance(place, str) else place, callback)

    def on_reset(self, callback: Callable[[], None]) -> None:
        """Have a peripheral told when the firmware resets the chip."""
        self._on_reset.append(callback)

    def on_sleep(self, callback: Callable[[float], None]) -> None:
        """Have the world outside asked for news while the core sleeps: for up to so many seconds."""
        self._on_sleep.append(callback)

    # -- running

    def reset(self) -> None:
        """Load stack pointer and program counter from the vector table; the clock runs on."""
        self.system.reset()
        stack, entry = struct.unpack("<II", self.read(self.system.vectors, 8))
        self._frames.reset(stack, entry)
        self.counter.forget_origin()

    def boot(self) -> None:
        """Run the start-up code to the first instruction of `main`."""
        self.reset()
        if self._run(self.image.address_of("main"), None, handled=False) is not StopReason.REACHED:
            raise CpuFaultError(f"{self.image.path} halts before it reaches main; build it again")

    def run(self, until: int | None = None, budget: int | None = None) -> StopReason:
        """Execute from the current instruction; faults enter the firmware's handlers.

        Args:
            until: Address to stop at, before its instruction runs.
            budget: Cycles after which to stop.

        Raises:
            CpuFaultError: the core locked up; the message has the fault's address and function.
        """
        return self._run(until, budget, handled=True)

    def _run(self, until: int | None, budget: int | None, handled: bool) -> StopReason:
        end = _NEVER if budget is None else self.cycles + budget
        target = _RETURN + 2 if until is None else until
        while True:
            if self._pending_error is not None:
                error, self._pending_error, self.counter.state.stop = self._pending_error, None, 0
                raise error
            if self._stop_requested:
                self._stop_requested, self.counter.state.stop = False, 0
                return StopReason.STOPPED
            self.counter.state.stop = 0
            if self._take_event():
                continue
            if self.cycles >= end:
                return StopReason.BUDGET
            trouble = self._execute(target, end)
            if self._pending_error is not None or self._stop_requested:
                continue
            if trouble is not None:
                self._raise_in_core(trouble, handled)
            elif self.pc == target:
                return StopReason.REACHED
            elif not self.counter.state.stopped and not self.counter.state.stop and not self._sleep():
                return StopReason.HALTED

    def _take_event(self) -> bool:
        """Reset, or enter the handler of what is pending; False where there is nothing to do."""
        if self.system.reset_requested:
            for callback in self._on_reset:
                callback()
            self.reset()
            return True
        self.system.tick()
        unit = self.system.exceptions
        number = unit.takeable(self._frames.execution_priority(unit)) if unit.pending else None
        if number is None:
            return False
        unit.pending.discard(number)
        self._enter(number)
        return True

    def _execute(self, until: int, end: int) -> Trouble | None:
        """Run until something stops the core; what went wrong, None where nothing did."""
        unit = self.system.exceptions
        event = self.system.next_event()
        limit = self.cycles + (_MASKED_SLICE if unit.waiting() else _SLICE)
        self.counter.state.deadline = min(limit, end, _NEVER if event is None else max(event, self.cycles + 1))
        self.counter.state.stopped, self._trap, self._bad_access = 0, None, None
        try:
            self._uc.emu_start(self._frames.resume_address(), until)
        except unicorn.UcError as error:
            trouble: Trouble | None = fault_of_access(error.errno, self.pc, self._bad_access, self._frames.thumb())
        else:
            trouble = None if self._trap is None else fault_of_trap(self._trap, self.pc)
        if unit.active and self.pc >= _RETURN_CODES:
            # The core branched to an EXC_RETURN value; unicorn tells that in several ways.
            self._leave()
        elif trouble is None:
            return None
        elif self.read_code(self.pc, 2) == _WFE:
            self._frames.skip(2)  # may wake at once, so it need not sleep
        else:
            return trouble
        self.counter.state.stopped = 1
        return None

    def _trapped(self, _uc: Any, number: int, _data: Any) -> None:
        self._trap = number
        self._uc.emu_stop()
        self.counter.state.stopped = 1

    def _accessed_badly(self, _uc: Any, kind: int, address: int, _size: int, _value: int, _data: Any) -> bool:
        self._bad_access = (kind, address)
        return False

    def _sleep(self) -> bool:
        """After WFI: let time pass to the next event or to news from outside; False where neither comes."""
        unit = self.system.exceptions
        if unit.waiting():
            return True
        event = self.system.next_event()
        if event is None and not self._on_sleep:
            return False
        left = _SLEEP_SECONDS if event is None else (event - self.cycles) / self.target.cpu.clock_hz
        seconds = min(_SLEEP_SECONDS, max(left, 0.0))
        for callback in self._on_sleep:
            callback(seconds)
        if not unit.waiting():
            self.counter.state.cycles = event if event is not None and left <= seconds else self.cycles
            if event is None or left > seconds:
                self.pass_time(seconds)
        return True

    # -- exceptions

    def _raise_in_core(self, trouble: Trouble, handled: bool) -> None:
        """Let the core take a trap or fault as an exception, escalated where its own is not enabled."""
        if trouble.trap == _TRAP_SVC and handled:
            self._enter(SVCALL)
            return
        fault = trouble.fault
        text = f"the firmware {fault.text} at {self.image.describe(trouble.pc)}"
        if not handled:
            raise CpuFaultError(text)
        unit = self.system.exceptions
        priority = self._frames.execution_priority(unit)
        number, hard = fault.exception, 0
        if number == HARD_FAULT:
            hard = HFSR_DEBUGEVT
        elif not (unit.is_enabled(number) and unit.priority(number) < priority):
            number, hard = HARD_FAULT, HFSR_FORCED
        if number == HARD_FAULT and (priority <= unit.priority(HARD_FAULT) or {HARD_FAULT, NMI} & set(unit.active)):
            raise CpuFaultError(f"the core locked up: while it handled a fault, {text}")
        self.last_fault = text
        self.system.record(fault, hard)
        self._enter(number)

    def _enter(self, number: int) -> None:
        self.counter.state.cycles += self._frames.enter(number, self.system)
        self.counter.forget_origin()

    def _leave(self) -> None:
        self.counter.state.cycles += self._frames.leave(self.system)
        self.counter.forget_origin()

    def pend(self, irq: int) -> None:
        """Make an external interrupt pending; may be called by peripherals."""
        self.system.exceptions.pending.add(FIRST_INTERRUPT + irq)
        self._look_soon()

    def unpend(self, irq: int) -> None:
        """Take that back."""
        self.system.exceptions.pending.discard(FIRST_INTERRUPT + irq)

    def _look_soon(self) -> None:
        self.counter.state.stop = 1

    def pass_time(self, seconds: float) -> None:
        """Let the clock move on while the core waits for the world."""
        self.counter.state.cycles += int(seconds * self.target.cpu.clock_hz)

    def patience(self, seconds: float) -> float:
        """How much of that time a waiting peripheral may let pass before the core has something to do."""
        event = self.system.next_event()
        return seconds if event is None else min(seconds, max(0, event - self.cycles) / self.target.cpu.clock_hz)

    def request_stop(self) -> None:
        """Make `run` return soon; may be called from a peripheral or another thread."""
        self._stop_requested = True
        self.counter.state.stop = 1

    def call(self, function: str, *arguments: int) -> int:
        """Call a function of the firmware with up to four word arguments; returns r0."""
        for register, value in zip(_ARGUMENTS, arguments[:4], strict=False):
            self._uc.reg_write(register, value & 0xFFFF_FFFF)
        self._frames.prepare_call(self.image.address_of(function), _RETURN)
        self.counter.forget_origin()  # nothing branched here
        if self._run(_RETURN, None, handled=False) is not StopReason.REACHED:
            raise CpuFaultError(f"{function} halts instead of returning, at {self.where()}")
        return self.register(0)

    # -- state

    @property
    def pc(self) -> int:
        """Address of the next instruction, without the Thumb bit."""
        return int(self._uc.reg_read(arm_const.UC_ARM_REG_PC)) & ~1

    def where(self) -> str:
        """That address with its function, for messages."""
        return self.image.describe(self.pc)

    def register(self, number: int) -> int:
        """A core register: 0 to 12, 13 the stack pointer, 14 the link register."""
        return int(self._uc.reg_read(_REGISTERS[number]))

    @property
    def cycles(self) -> int:
        """Cycles since the core was made."""
        return int(self.counter.state.cycles)

    def read(self, address: int, size: int) -> bytes:
        """Bytes of memory."""
        return bytes(self._uc.mem_read(address, size))

    def read_code(self, address: int, size: int) -> bytes:
        """Bytes of memory; none where there is no memory."""
        try:
            return self.read(address, size)
        except unicorn.UcError:
            return b""

    def write(self, address: int, content: bytes) -> None:
        """Change memory, flash included; code that ran before is translated and priced anew."""
        self._uc.mem_write(address, content)
        self.counter.code_changed(address, address + len(content))


_REGISTERS = (
    *(getattr(arm_const, f"UC_ARM_REG_R{n}") for n in range(13)), arm_const.UC_ARM_REG_SP, arm_const.UC_ARM_REG_LR,
)  # fmt: skip


def _whole_pages(size: int) -> int:
    return (size + _PAGE - 1) // _PAGE * _PAGE
