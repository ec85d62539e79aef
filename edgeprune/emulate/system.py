"""The private peripheral bus of a core: SysTick, NVIC, system control, and the cycle counter.

Registers as in the Armv7-M Architecture Reference Manual (Arm DDI0403), B3 and C1; what
Armv6-M lacks reads as 0 there.  Registers without an effect on what is modelled keep what is
written.
"""

from __future__ import annotations

from collections.abc import Callable

from edgeprune.emulate.exceptions import (
    BUS_FAULT,
    FIRST_INTERRUPT,
    MEM_MANAGE,
    NMI,
    PENDSV,
    SYSTICK,
    USAGE_FAULT,
    ExceptionUnit,
    Fault,
)
from edgeprune.targets import Core as CoreFacts

_SYST_CSR, _SYST_RVR, _SYST_CVR = 0xE010, 0xE014, 0xE018
_ISER, _ICER, _ISPR, _ICPR, _IABR, _IPR, _NVIC_END = 0xE100, 0xE180, 0xE200, 0xE280, 0xE300, 0xE400, 0xE5F0
_CPUID, _ICSR, _VTOR, _AIRCR, _SHPR1, _SHCSR = 0xED00, 0xED04, 0xED08, 0xED0C, 0xED18, 0xED24
_CFSR, _HFSR, _MMFAR, _BFAR, _AFSR, _DEMCR = 0xED28, 0xED2C, 0xED34, 0xED38, 0xED3C, 0xEDFC
_DWT_CTRL, _DWT_CYCCNT, _DWT_LAR = 0x1000, 0x1004, 0x1FB0

_CPUIDS = {
    "cortex-m0plus": 0x410C_C601, "cortex-m3": 0x412F_C231, "cortex-m4": 0x410F_C241,
    "cortex-m7": 0x411F_C272, "cortex-m33": 0x410F_D214, "cortex-m55": 0x411F_D221,
}  # fmt: skip
#: Read from the auxiliary fault status, which is 0 on the hardware: by it the firmware
#: knows, and tells, that its figures are emulated.
_EMULATOR_MARK = 0x554C_4D45
_TRACE_ENABLE, _COUNTER_ENABLE = 1 << 24, 1
_UNLOCK_KEY, _RESET_KEY, _RESET_REQUEST = 0xC5AC_CE55, 0x05FA_0000, 1 << 2
_TICK_ENABLE, _TICK_INTERRUPT, _TICK_CORE_CLOCK, _TICK_FLAG = 1, 2, 4, 1 << 16
#: The reference clock of SysTick is the core's divided by this, as on ST's chips.
_TICK_REFERENCE = 8
_TICK_MASK = 0xFF_FFFF
_FAULT_ENABLES = {16: MEM_MANAGE, 17: BUS_FAULT, 18: USAGE_FAULT}
_WORD = 0xFFFF_FFFF
HFSR_VECTTBL, HFSR_FORCED, HFSR_DEBUGEVT = 1 << 1, 1 << 30, 1 << 31


class SysTick:
    """The 24-bit timer; time is the core's cycles."""

    def __init__(self, now: Callable[[], int]) -> None:
        self._now = now
        self.reset()

    def reset(self) -> None:
        """As after reset: off."""
        self._control = self._reload = 0
        self._start = 0  # when it last began to count down from the reload value
        self._seen = 0  # periods that the flag and the interrupt have told
        self._flag = False

    @property
    def _step(self) -> int:
        return 1 if self._control & _TICK_CORE_CLOCK else _TICK_REFERENCE

    @property
    def _period(self) -> int:
        return (self._reload + 1) * self._step

    def _periods(self) -> int:
        running = self._control & _TICK_ENABLE and self._reload
        return (self._now() - self._start) // self._period if running else 0

    def control(self) -> int:
        """CSR with its flag, which reading clears."""
        flag = _TICK_FLAG if self._flag else 0
        self._flag = False
        return self._control | flag

    def set_control(self, value: int) -> None:
        """Write CSR; enabling starts a period."""
        if value & _TICK_ENABLE and not self._control & _TICK_ENABLE:
            self._restart()
        self._control = value & 7

    def reload(self) -> int:
        """RVR."""
        return self._reload

    def set_reload(self, value: int) -> None:
        """Write RVR; the period that runs is counted anew."""
        self._reload = value & _TICK_MASK
        self._restart()

    def value(self) -> int:
        """CVR: what is left of the period."""
        if not (self._control & _TICK_ENABLE and self._reload):
            return 0
        return self._reload - (self._now() - self._start) % self._period // self._step

    def set_value(self) -> None:
        """Write CVR: clears it, so that a period begins."""
        self._flag = False
        self._restart()

    def _restart(self) -> None:
        self._start, self._seen = self._now(), 0

    def expired(self) -> bool:
        """Whether a period ended since this was last asked, and wants its interrupt."""
        periods = self._periods()
        if periods == self._seen:
            return False
        self._seen, self._flag = periods, True
        return bool(self._control & _TICK_INTERRUPT)

    def next_interrupt(self) -> int | None:
        """Cycle at which the period ends; None without an interrupt to come."""
        wanted = _TICK_ENABLE | _TICK_INTERRUPT
        if self._control & wanted != wanted or not self._reload:
            return None
        return self._start + (self._periods() + 1) * self._period


class SystemControl:
    """A peripheral at 0xE0000000; see `Core` for what it does with the exceptions.

    Attributes:
        exceptions: What is pending, enabled, active.
        systick: The timer.
        vectors: Address of the vector table.
        reset_vectors: Where it lies after a reset; a boot ROM has its own.
        reset_requested: The firmware asked for a reset.
        changed: Told when something may have to be taken, or the next event has moved.
    """

    BASE, SIZE = 0xE000_0000, 0x10_0000

    def __init__(self, core: CoreFacts, now: Callable[[], int], vectors: int, changed: Callable[[], None]) -> None:
        self._core = core
        self._now = now
        self.reset_vectors = vectors
        self._changed = changed
        self.exceptions = ExceptionUnit()
        self.systick = SysTick(now)
        self.reset()

    def reset(self) -> None:
        """All registers as after reset; the trace unit, which a debugger may own, too."""
        self.exceptions.clear()
        self.systick.reset()
        self.vectors = self.reset_vectors
        self.reset_requested = False
        self._registers: dict[int, int] = {}
        self._count = 0  # CYCCNT when it last started or stopped
        self._since = 0  # the core's clock at that moment
        # The trace unit of a Cortex-M7 has a lock (DDI0489 and its software lock, DDI0403 C1.8).
        self._unlocked = self._core.name != "cortex-m7"

    def record(self, fault: Fault, hard: int) -> None:
        """Show a fault in CFSR, HFSR (`hard`) and the address register, where the core has them."""
        if not self._core.configurable_faults:
            return
        self._registers[_CFSR] = self._registers.get(_CFSR, 0) | fault.status
        self._registers[_HFSR] = self._registers.get(_HFSR, 0) | hard
        if fault.address is not None:
            self._registers[_MMFAR if fault.exception == MEM_MANAGE else _BFAR] = fault.address

    # -- reading

    def read(self, offset: int) -> int:
        """Value of a register; unknown ones read as last written, at first 0."""
        if offset in (_SYST_CSR, _SYST_RVR, _SYST_CVR):
            self.tick()
            readers = {_SYST_CSR: self.systick.control, _SYST_RVR: self.systick.reload, _SYST_CVR: self.systick.value}
            return readers[offset]()
        if _ISER <= offset < _NVIC_END:
            return self._read_nvic(offset)
        if offset == _DWT_CYCCNT:
            return self._cycles()
        if offset == _ICSR:
            return self._interrupt_state()
        fixed = {_CPUID: _CPUIDS[self._core.name], _AFSR: _EMULATOR_MARK, _VTOR: self.vectors, _AIRCR: 0xFA05_0000}
        return fixed.get(offset, self._registers.get(offset, 0))

    def _read_nvic(self, offset: int) -> int:
        first = FIRST_INTERRUPT + 8 * (offset & 0x7F)
        if offset >= _IPR:
            return sum(
                self.exceptions.priority(FIRST_INTERRUPT + offset - _IPR + byte) << 8 * byte for byte in range(4)
            )
        if offset >= _IABR:
            chosen = set(self.exceptions.active)
        elif offset >= _ISPR:
            chosen = self.exceptions.pending
        else:
            chosen = {number for number in range(first, first + 32) if self.exceptions.is_enabled(number)}
        return sum(1 << bit for bit in range(32) if first + bit in chosen)

    def _interrupt_state(self) -> int:
        unit = self.exceptions
        state = unit.active[-1] if unit.active else 0
        waiting = [number for number in unit.pending if unit.is_enabled(number)]
        state |= min(waiting, key=unit.priority) << 12 if waiting else 0
        for bit, number in ((26, SYSTICK), (28, PENDSV), (31, NMI)):
            state |= (number in unit.pending) << bit
        return state

    def _cycles(self) -> int:
        if not self._core.cycle_counter:
            return 0
        enabled = self._registers.get(_DEMCR, 0) & _TRACE_ENABLE
        if not (enabled and self._registers.get(_DWT_CTRL, 0) & _COUNTER_ENABLE):
            return self._count
        return (self._count + self._now() - self._since) & _WORD

    # -- writing

    def write(self, offset: int, value: int) -> None:
        """Set a register."""
        if offset in (_SYST_CSR, _SYST_RVR, _SYST_CVR):
            self._write_systick(offset, value)
        elif _ISER <= offset < _NVIC_END:
            self._write_nvic(offset, value)
        elif offset in (_DWT_CTRL, _DWT_CYCCNT, _DWT_LAR, _DEMCR):
            self._write_trace(offset, value)
        elif offset == _AIRCR:
            self.reset_requested = value & 0xFFFF_0000 == _RESET_KEY and bool(value & _RESET_REQUEST)
        else:
            self._write_control(offset, value)
        self._changed()

    def _write_systick(self, offset: int, value: int) -> None:
        self.tick()
        if offset == _SYST_CSR:
            self.systick.set_control(value)
        elif offset == _SYST_RVR:
            self.systick.set_reload(value)
        else:
            self.systick.set_value()

    def _write_nvic(self, offset: int, value: int) -> None:
        if offset >= _IPR:
            for byte in range(4):
                self.exceptions.set_priority(FIRST_INTERRUPT + offset - _IPR + byte, value >> 8 * byte & 0xFF)
            return
        first = FIRST_INTERRUPT + 8 * (offset & 0x7F)
        chosen = [first + bit for bit in range(32) if value >> bit & 1]
        for number in chosen:
            if offset < _ICER:
                self.exceptions.enable(number)
            elif offset < _ISPR:
                self.exceptions.disable(number)
            elif offset < _ICPR:
                self.exceptions.pending.add(number)
            elif offset < _IABR:
                self.exceptions.pending.discard(number)

    def _write_trace(self, offset: int, value: int) -> None:
        self._count, self._since = self._cycles(), self._now()
        if offset == _DWT_LAR:
            self._unlocked = self._unlocked or value == _UNLOCK_KEY
        elif offset == _DEMCR:
            self._registers[offset] = value
        elif self._unlocked and offset == _DWT_CYCCNT:
            self._count = value
        elif self._unlocked:
            self._registers[offset] = value

    def _write_control(self, offset: int, value: int) -> None:
        unit = self.exceptions
        if offset == _VTOR:
            self.vectors = value & ~0x7F
        elif offset == _ICSR:
            self._write_interrupt_state(value)
        elif _SHPR1 <= offset < _SHPR1 + 12:
            for byte in range(4):
                unit.set_priority(4 + offset - _SHPR1 + byte, value >> 8 * byte & 0xFF)
            self._registers[offset] = value
        elif offset == _SHCSR and self._core.configurable_faults:
            for bit, number in _FAULT_ENABLES.items():
                (unit.enable if value >> bit & 1 else unit.disable)(number)
            self._registers[offset] = value
        elif offset in (_CFSR, _HFSR):
            self._registers[offset] = self._registers.get(offset, 0) & ~value  # written ones clear
        else:
            self._registers[offset] = value

    def _write_interrupt_state(self, value: int) -> None:
        pending = self.exceptions.pending
        for set_bit, clear_bit, number in ((26, 25, SYSTICK), (28, 27, PENDSV), (31, 30, NMI)):
            if value >> set_bit & 1:
                pending.add(number)
            if value >> clear_bit & 1:
                pending.discard(number)

    # -- time

    def tick(self) -> None:
        """Let SysTick's interrupt become pending if its period has ended."""
        if self.systick.expired():
            self.exceptions.pending.add(SYSTICK)

    def next_event(self) -> int | None:
        """Cycle at which something will become pending by itself."""
        return self.systick.next_interrupt()
