"""Reports of firmware that failed: read from the line, put into words."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass, fields

from edgeprune.errors import DeviceError

#: Words for an address of the firmware, such as `0x08000124 (ep_invoke+12)`.
Describe = Callable[[int], str]

_REPORT = re.compile(rb"(ep-fault-\[([^\r\n]*)\])\r*\nep-crc32-\[([0-9A-F]{8})\]\r*\n")
_WORD = re.compile("[0-9A-F]{8}")
_MMFAR_VALID, _BFAR_VALID = 1 << 7, 1 << 15
#: Addresses from here on are no code: system space, and the values of LR that mean a return
#: from an exception (Armv7-M reference manual, B1.5.8).
_SYSTEM = 0xE000_0000

#: Bits of the configurable fault status register (Armv7-M reference manual, B3.2.15; STKOF is
#: Armv8-M's, D1.2.7).
_CFSR = (
    (0, "an instruction was fetched from memory that must not run"),
    (1, "memory protection forbade a data access"),
    (3, "memory protection hit while registers were restored from the stack"),
    (4, "memory protection hit while registers were saved to the stack"),
    (5, "memory protection hit while floating-point registers were saved"),
    (8, "an instruction could not be fetched"),
    (9, "a data access failed"),
    (10, "an earlier data access failed"),
    (11, "registers could not be restored from the stack"),
    (12, "registers could not be saved to the stack"),
    (13, "floating-point registers could not be saved"),
    (16, "an instruction was undefined"),
    (17, "the processor left the Thumb state"),
    (18, "an exception returned to an invalid address"),
    (19, "a coprocessor is missing or switched off"),
    (20, "the stack limit was passed"),
    (24, "an address was not aligned"),
    (25, "an integer was divided by zero"),
)


@dataclass(frozen=True)
class Registers:
    """The core's registers at a failure; 0 where it has no such register or could not save it.

    Attributes:
        r0: The core saves this one and those up to `xpsr` on the stack.
        sp: The stack pointer before that.
        cfsr: Configurable fault status.
        hfsr: HardFault status.
        mmfar: Address that memory protection refused.
        bfar: Address that the bus refused.
    """

    r0: int
    r1: int
    r2: int
    r3: int
    r12: int
    lr: int
    pc: int
    xpsr: int
    sp: int
    cfsr: int
    hfsr: int
    mmfar: int
    bfar: int

    def lines(self) -> tuple[str, ...]:
        """Names and values, four in a line."""
        items = [f"{field.name:>5} {getattr(self, field.name):08x}" for field in fields(self)]
        return tuple("  ".join(items[start : start + 4]) for start in range(0, len(items), 4))


@dataclass(frozen=True)
class FaultReport:
    """What the firmware sent when it failed.

    Attributes:
        kind: `BusFault`, `stack overflow`, `assertion`, `watchdog`, ...
        registers: At the failure.
        detail: `file.c:LINE` of an assertion, else empty.
    """

    kind: str
    registers: Registers
    detail: str

    def causes(self) -> tuple[str, ...]:
        """What the fault status registers say, in words."""
        return tuple(text for bit, text in _CFSR if self.registers.cfsr >> bit & 1)

    def address(self) -> int | None:
        """The data address that was refused, where the core knows it."""
        if self.registers.cfsr & _BFAR_VALID:
            return self.registers.bfar
        return self.registers.mmfar if self.registers.cfsr & _MMFAR_VALID else None

    def sentence(self, describe: Describe) -> str:
        """What happened and where, without a full stop."""
        where = f" at {describe(self.registers.pc & ~1)}" if self.registers.pc else ""
        caller = self.registers.lr & ~1
        called = f", called from {describe(caller)}" if 0 < caller < _SYSTEM else ""
        address = self.address()
        data = "" if address is None else f", reading or writing address 0x{address:08x}"
        causes = "".join(f", {cause}" for cause in self.causes())
        return f"{self._event()}{where}{called}{data}{causes}"

    def _event(self) -> str:
        if self.kind == "assertion":
            return f"the firmware's assertion in {self.detail or 'an unknown line'} failed"
        if self.kind == "watchdog":
            return "the watchdog reset the firmware, which made no progress"
        if self.kind == "stack overflow":
            return "the firmware overflowed its stack"
        return f"the firmware took {'an' if self.kind[:1] in 'Nae' else 'a'} {self.kind}"


class FirmwareFault(DeviceError):
    """The firmware failed and said so; the registers are its details.

    Attributes:
        report: What it said.
    """

    def __init__(self, report: FaultReport, describe: Describe) -> None:
        self.report = report
        self.details = report.registers.lines()
        super().__init__(f"{report.sentence(describe)}; {_NEXT.get(report.kind, _NEXT_OF_OTHERS)}")


_NEXT = {
    "stack overflow": "raise stack_bytes in the target's profile and build again",
    "watchdog": "repeat, and if it happens again, build with another toolchain and report it",
}
_NEXT_OF_OTHERS = "reset the board, build and flash the firmware again, and repeat"


def find_report(content: bytes) -> FaultReport | None:
    """The first undamaged report in what a board sent."""
    for match in _REPORT.finditer(content):
        line, text, crc = match.groups()
        if zlib.crc32(line) == int(crc, 16):
            report = _report(text.decode("ascii", "replace"))
            if report is not None:
                return report
    return None


def _report(text: str) -> FaultReport | None:
    count = len(fields(Registers))
    kind, *words = text.split(",", count + 1)
    if len(words) != count + 1 or not all(_WORD.fullmatch(word) for word in words[:count]):
        return None
    return FaultReport(kind, Registers(*(int(word, 16) for word in words[:count])), words[count])
