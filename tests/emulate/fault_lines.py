"""Reads the lines by which a board reports a fault, as docs/protocol.md describes them."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from pathlib import Path

from edgeprune.emulate import load_image

_NAMES = ("r0", "r1", "r2", "r3", "r12", "lr", "pc", "xpsr", "sp", "cfsr", "hfsr", "mmfar", "bfar")


@dataclass(frozen=True)
class FaultReport:
    kind: str
    registers: dict[str, int]
    detail: str
    function: str


def fault_report(lines: list[str], elf: Path) -> FaultReport:
    """The report that `lines` begin with; fails unless it is whole and consistent."""
    summary, line, check = lines[:3]
    assert check == f"ep-crc32-[{zlib.crc32(line.encode()):08X}]"
    match = re.fullmatch(r"ep-fault-\[([^,]+)((?:,[0-9A-F]{8}){13}),([^,]*)\]", line)
    assert match is not None, line
    registers = dict(zip(_NAMES, (int(word, 16) for word in match[2][1:].split(",")), strict=True))
    assert summary == f"e-[fault {match[1]} at 0x{registers['pc']:08X}]"
    return FaultReport(match[1], registers, match[3], load_image(elf).function_at(registers["pc"]))
