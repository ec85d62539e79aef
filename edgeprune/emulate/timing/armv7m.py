"""The pipeline that Cortex-M3 and Cortex-M4 share: three stages, one instruction at a time.

The rules are those of the two manuals, which agree section by section (Arm DDI0337 for
the M3, DDI0439 for the M4): 3.3.1 (instruction set summary), 3.3.2 (load/store timings)
and, M4 only, 7.2.3 (floating-point instruction timings).  Two refinements that the manuals
leave open are measured and marked so.  The cost of a block is the sum of its instructions
plus what neighbours do to each other.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from edgeprune.emulate.timing.instruction import Instruction, Kind
from edgeprune.emulate.timing.model import Prices, TimingModel

#: Cycles added by a taken branch (3.3.1: 1 + P, P of 1 to 3).  Direct targets are known at
#: decode; register targets in execute; loaded targets need the whole pipeline.
_TAKEN_DIRECT = 1
_TAKEN_REGISTER = 2
_TAKEN_LOADED = 3
#: SDIV and UDIV take 2 to 12 cycles by their operands (3.3.1); a usual value.
_DIVIDE = 7
#: An address that the instruction before computes is a cycle late (3.3.2).
_ADDRESS_LATE = 1
#: A floating-point result that the next instruction uses is a cycle late (7.2.3).
_FLOAT_LATE = 1
#: Three 32-bit instructions in a row, none word-aligned, outrun the fetch (measured).
_WIDE_RUN = 3
#: A branch to an unaligned 32-bit instruction waits for its second half (measured).
_ARRIVAL_WIDE = 1
_SYSTEM = {"isb": 4, "dsb": 2, "dmb": 2, "mrs": 2, "msr": 2}


class _Role(enum.Enum):
    """What an instruction is to its neighbours."""

    ALU = enum.auto()
    LOAD = enum.auto()
    STORE = enum.auto()
    MULTIPLE = enum.auto()
    BRANCH = enum.auto()
    FLOAT_ARITHMETIC = enum.auto()
    FLOAT_MOVE = enum.auto()
    IT = enum.auto()


_ROLES = {
    Kind.LOAD: _Role.LOAD,
    Kind.FLOAT_LOAD: _Role.LOAD,
    Kind.STORE: _Role.STORE,
    Kind.FLOAT_STORE: _Role.STORE,
    Kind.PAIR: _Role.MULTIPLE,
    Kind.MULTIPLE: _Role.MULTIPLE,
    Kind.FLOAT_MULTIPLE: _Role.MULTIPLE,
    Kind.DIRECT_BRANCH: _Role.BRANCH,
    Kind.REGISTER_BRANCH: _Role.BRANCH,
    Kind.TABLE_BRANCH: _Role.BRANCH,
    Kind.FLOAT: _Role.FLOAT_ARITHMETIC,
    Kind.FLOAT_MULTIPLY_ADD: _Role.FLOAT_ARITHMETIC,
    Kind.FLOAT_DIVIDE: _Role.FLOAT_ARITHMETIC,
    Kind.FLOAT_MOVE: _Role.FLOAT_MOVE,
    Kind.IT: _Role.IT,
}
#: Kinds whose cost does not depend on their operands; the others take 1 cycle (3.3.1, 7.2.3).
_CYCLES = {
    Kind.LOAD: 2,
    Kind.PAIR: 3,
    Kind.TABLE_BRANCH: 3,
    Kind.DIVIDE: _DIVIDE,
    Kind.FLOAT_MULTIPLY_ADD: 3,
    Kind.FLOAT_DIVIDE: 14,
}
_ADDRESSING = (_Role.LOAD, _Role.STORE, _Role.MULTIPLE)


@dataclass(frozen=True)
class _Neighbour:
    """The instruction before, as far as the next one notices it."""

    role: _Role
    written: frozenset[int]
    size: int


class ArmV7MTiming(TimingModel):
    """Prices blocks for the pipeline of the Cortex-M3 and the Cortex-M4."""

    def _multiply_cycles(self, i: Instruction) -> int:
        """A multiplication; all take 1 cycle on the M4 (DDI0439 3.3.1)."""
        return 1

    def _price(self, block: tuple[Instruction, ...]) -> Prices:
        cycles: list[int] = []
        taken = wide_run = 0
        before: _Neighbour | None = None
        for i in block:
            if i.kind is Kind.UNKNOWN:
                cycles.append(1)
                before = None
                continue
            role, alone = _role(i), self._cycles(i)
            if role is _Role.IT and before and before.size == 2 and before.role not in (_Role.BRANCH, _Role.IT):
                alone = 0  # folded onto the 16-bit instruction before it (3.3.1)
            wide_run = wide_run + 1 if i.unaligned_wide else 0
            cycles.append(alone + _neighbour_cycles(i, role, alone, before) + (wide_run == _WIDE_RUN))
            taken = _taken_cycles(i) or taken
            before = _as_neighbour(i, role, before)
        return Prices(tuple(cycles), taken)

    def _cycles(self, i: Instruction) -> int:
        if i.kind is Kind.MULTIPLY:
            return self._multiply_cycles(i)
        if i.kind in (Kind.MULTIPLE, Kind.FLOAT_LOAD, Kind.FLOAT_STORE, Kind.FLOAT_MULTIPLE):
            return 1 + i.words  # 1 + N (3.3.1, 7.2.3)
        if i.kind is Kind.FLOAT_MOVE:
            return 2 if i.name == "vmov" and len(i.registers) > 2 else 1  # two registers 2 (7.2.3)
        return _SYSTEM.get(i.name) or _CYCLES.get(i.kind, 1)

    def _arrival_cycles(self, first: Instruction) -> int:
        return _ARRIVAL_WIDE if first.unaligned_wide else 0


def _role(i: Instruction) -> _Role:
    return _Role.BRANCH if i.loads_pc else _ROLES.get(i.kind, _Role.ALU)


def _taken_cycles(i: Instruction) -> int:
    if i.loads_pc or i.kind is Kind.TABLE_BRANCH:
        return _TAKEN_LOADED
    return {Kind.DIRECT_BRANCH: _TAKEN_DIRECT, Kind.REGISTER_BRANCH: _TAKEN_REGISTER}.get(i.kind, 0)


def _neighbour_cycles(i: Instruction, role: _Role, alone: int, before: _Neighbour | None) -> int:
    """Cycles that the instruction before adds to this one, or saves."""
    if before is None:
        return 0
    uses = bool(before.written & i.read)
    if role not in _ADDRESSING and (role is not _Role.BRANCH or i.memory is None):
        return _FLOAT_LATE if before.role is _Role.FLOAT_ARITHMETIC and uses else 0
    late = bool(before.written & i.address_registers)
    if before.role is _Role.LOAD and role in (_Role.LOAD, _Role.STORE) and alone > 1 and not late:
        return -1  # its address phase overlaps the data phase of the load before (3.3.2)
    if before.role is _Role.ALU and late:
        return _ADDRESS_LATE
    return _FLOAT_LATE if before.role is _Role.FLOAT_ARITHMETIC and role is _Role.STORE and uses else 0


def _as_neighbour(i: Instruction, role: _Role, before: _Neighbour | None) -> _Neighbour:
    if role is _Role.IT:
        # Nothing notices an IT: what precedes it stays the neighbour, now of 16 bits.
        return _Neighbour(before.role, before.written, 2) if before else _Neighbour(role, frozenset(), 2)
    # Of a load only the loaded register is late, not an updated base.
    return _Neighbour(role, frozenset(i.registers[:1]) if role is _Role.LOAD else i.written, i.size)
