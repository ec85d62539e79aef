"""Which exception an Armv6-M, Armv7-M or Armv8-M core takes next: pending, enabled, active, priorities.

Follows the Armv7-M Architecture Reference Manual (Arm DDI0403, sections B1.5 and B3.4).
Priority grouping is left out: every priority pre-empts any larger one.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

RESET, NMI, HARD_FAULT, MEM_MANAGE, BUS_FAULT, USAGE_FAULT = 1, 2, 3, 4, 5, 6
SVCALL, PENDSV, SYSTICK, FIRST_INTERRUPT = 11, 14, 15, 16
#: Of code that runs outside any handler: below every exception.
THREAD_PRIORITY = 256
_FIXED = {RESET: -3, NMI: -2, HARD_FAULT: -1}
#: Exceptions that may become pending and wait; faults and SVC are taken where they happen.
_ALWAYS_ENABLED = frozenset((NMI, HARD_FAULT, PENDSV, SYSTICK))


class CfsrBit(enum.IntFlag):
    """Bits of the configurable fault status register (DDI0403 B3.2.15; STKOF: Armv8-M)."""

    IACCVIOL = 1 << 0
    DACCVIOL = 1 << 1
    IBUSERR = 1 << 8
    PRECISERR = 1 << 9
    STKERR = 1 << 12
    BFARVALID = 1 << 15
    UNDEFINSTR = 1 << 16
    INVSTATE = 1 << 17
    INVPC = 1 << 18
    NOCP = 1 << 19
    STKOF = 1 << 20
    UNALIGNED = 1 << 24


@dataclass(frozen=True)
class Fault:
    """What went wrong in an instruction.

    Attributes:
        exception: MEM_MANAGE, BUS_FAULT, USAGE_FAULT or HARD_FAULT: what a core that tells
            faults apart raises.
        status: Bits that it sets in CFSR.
        address: Of the memory at fault; None where it has none.
        text: The fault in words.
    """

    exception: int
    status: CfsrBit
    address: int | None
    text: str


class ExceptionUnit:
    """State of all exceptions of one core.

    Attributes:
        active: Exceptions that are being handled, the outermost first.
        pending: Exceptions that wait to be taken.
    """

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """As after reset."""
        self.active: list[int] = []
        self.pending: set[int] = set()
        self._enabled: set[int] = set()
        self._priorities: dict[int, int] = {}

    def enable(self, number: int) -> None:
        """Let an interrupt, or a fault of its own, be taken."""
        self._enabled.add(number)

    def disable(self, number: int) -> None:
        """Keep it pending."""
        self._enabled.discard(number)

    def is_enabled(self, number: int) -> bool:
        """Whether it may be taken at all."""
        return number in _ALWAYS_ENABLED or number in self._enabled

    def set_priority(self, number: int, priority: int) -> None:
        """Give an exception a priority from 0, the most urgent, to 255."""
        self._priorities[number] = priority

    def priority(self, number: int) -> int:
        """Of an exception; negative for the three that cannot be changed."""
        return _FIXED.get(number, self._priorities.get(number, 0))

    def execution_priority(self, primask: int, basepri: int, faultmask: int) -> int:
        """Of the code that runs now, raised by the mask registers (DDI0403 B1.5.4)."""
        now = min((self.priority(number) for number in self.active), default=THREAD_PRIORITY)
        if basepri:
            now = min(now, basepri)
        if primask & 1:
            now = min(now, 0)
        return min(now, -1) if faultmask & 1 else now

    def takeable(self, execution_priority: int) -> int | None:
        """The pending exception that is taken now; None where the code that runs is not less urgent."""
        ready = [number for number in self.pending if self.is_enabled(number)]
        if not ready:
            return None
        first = min(ready, key=lambda number: (self.priority(number), number))
        return first if self.priority(first) < execution_priority else None

    def waiting(self) -> bool:
        """Whether an enabled exception is pending, though perhaps masked: WFI does not sleep through it."""
        return any(self.is_enabled(number) for number in self.pending)
