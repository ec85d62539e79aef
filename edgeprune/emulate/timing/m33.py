"""Cortex-M33: three stages, in order, with a second issue slot for little more than branches.

Arm publishes no cycle table.  The rules are those that the public measurements on an
RP2350 (core r1p0; github.com/jnk0le/random, cortex_m33.md) found, marked M below, and
where nothing was measured those of the Cortex-M4 (Arm DDI0439), marked A as assumed.
The second stage decodes, computes addresses and does simple arithmetic; the third
multiplies, shifts operands, loads and adds to accumulators.
"""

from __future__ import annotations

from edgeprune.emulate.timing.instruction import Instruction, Kind
from edgeprune.emulate.timing.model import Prices, TimingModel, Trust
from edgeprune.emulate.timing.scoreboard import FLAGS, Scoreboard, halves

#: From issue to the next use of a result: of the third stage, of the second, of the FPU (M; 2 A).
_LATE_RESULT = 2
_RESULT = 1
_FLOAT_RESULT = 2
_FLOAT_MULTIPLY_ADD_RESULT = 3
#: Accumulators and stored values are wanted a stage later than other operands (M).
_LATE_OPERAND = 1
#: SDIV and UDIV take 2 to 11 cycles by their operands; a usual value.
_DIVIDE = 7
_FLOAT_DIVIDE = 14  # (A)
_SYSTEM = {"isb": 4, "dsb": 2, "dmb": 2, "mrs": 2, "msr": 2}  # (A)
#: A taken branch needs 2 cycles in all; in the second slot 1, unless it waits for flags or
#: a register of the instruction that it shares the cycle with (M).
_TAKEN = 1
_TAKEN_WAITING = 2
#: A loaded target is known a stage later (A).
_TAKEN_LOADED = 2
#: A branch to an unaligned 32-bit instruction waits for its second half, as on the M4 (A).
_ARRIVAL_WIDE = 1
_SECOND_SLOT = (Kind.NOP, Kind.IT, Kind.DIRECT_BRANCH)
_FLOAT_KINDS = (Kind.FLOAT, Kind.FLOAT_MULTIPLY_ADD, Kind.FLOAT_DIVIDE)


class CortexM33(TimingModel):
    """Prices blocks for a Cortex-M33 with DSP extension, with or without its floating-point unit."""

    trust = Trust(
        "modelled",
        "pipeline rules that others measured, the Cortex-M4's where none were; not compared with hardware itself; its "
        "speed relative to the Cortex-M4 is within 8 % of CoreMark's on like code and of MLPerf Tiny's on networks, so "
        "expect the hardware to be up to 15 % slower",
    )

    def _price(self, block: tuple[Instruction, ...]) -> Prices:
        board = Scoreboard()
        cycles: list[int] = []
        free = taken = float_free = 0
        alone: Instruction | None = None  # what the last cycle issued, if its second slot is empty
        for i in block:
            if alone is not None and _shares_cycle(alone, i):
                cycles.append(0)
                taken = _taken_in_second_slot(alone, i) if i.branches else taken
                alone = None
                continue
            start = max(free, _wait(i, board), float_free if i.kind in _FLOAT_KINDS else 0)
            occupied = _occupied(i)
            _note_results(i, board, start, occupied)
            if i.kind is Kind.FLOAT_MULTIPLY_ADD:
                float_free = start + _FLOAT_MULTIPLY_ADD_RESULT  # no other arithmetic meanwhile (M)
            cycles.append(start - free + occupied)
            free = start + occupied
            taken = _taken(i) or taken
            alone = i
        return Prices(tuple(cycles), taken)

    def _arrival_cycles(self, first: Instruction) -> int:
        return _ARRIVAL_WIDE if first.unaligned_wide else 0


def _shares_cycle(first: Instruction, second: Instruction) -> bool:
    """Only two 16-bit instructions share a cycle, and the second is one of few kinds (M)."""
    return first.size == second.size == 2 and second.kind in _SECOND_SLOT and not first.branches


def _taken_in_second_slot(first: Instruction, branch: Instruction) -> int:
    waits = (first.sets_flags and branch.reads_flags) or first.written & branch.read
    return _TAKEN_WAITING if waits else _TAKEN


def _taken(i: Instruction) -> int:
    if not i.branches:
        return 0
    return _TAKEN_LOADED if i.loads_pc or i.kind is Kind.TABLE_BRANCH else _TAKEN


def _wait(i: Instruction, board: Scoreboard) -> int:
    """First cycle in which all operands are there."""
    late = (halves(i.stored) | halves(i.accumulators)) - i.address_registers
    start = board.ready(FLAGS) if i.reads_flags else 0
    for register in halves(i.read):
        ready = board.ready(register)
        writer = board.writer(register)
        if register in late and i.kind is not Kind.FLOAT_MULTIPLY_ADD:
            loaded = writer is not None and writer.kind is Kind.LOAD
            # SXTAB and the like take a loaded value no earlier than others do (M).
            ready -= 0 if loaded and i.extends_and_adds else _LATE_OPERAND
        start = max(start, ready)
    return start


def _occupied(i: Instruction) -> int:
    """Cycles in which nothing else can issue: one per word moved, else mostly 1 (M)."""
    if i.kind in (Kind.MULTIPLE, Kind.FLOAT_MULTIPLE, Kind.FLOAT_LOAD, Kind.FLOAT_STORE):
        return max(i.words, 1)
    if i.kind in (Kind.PAIR, Kind.TABLE_BRANCH):
        return 2
    if _sets_flags_late(i):
        return 2
    return {Kind.DIVIDE: _DIVIDE, Kind.FLOAT_DIVIDE: _FLOAT_DIVIDE}.get(i.kind) or _SYSTEM.get(i.name, 1)


def _sets_flags_late(i: Instruction) -> bool:
    """16-bit MULS, and arithmetic with a shifted constant, take a second cycle for flags (M)."""
    return i.sets_flags and (i.rotated_constant or i.kind is Kind.MULTIPLY)


def _note_results(i: Instruction, board: Scoreboard, start: int, occupied: int) -> None:
    last = start + occupied - 1
    loads = i.kind in (Kind.LOAD, Kind.PAIR, Kind.MULTIPLE, Kind.FLOAT_LOAD, Kind.FLOAT_MULTIPLE)
    third_stage = loads or i.kind is Kind.MULTIPLY or i.shifted or i.rotated_constant or i.extends_and_adds
    latency = _LATE_RESULT if third_stage else _RESULT
    if i.kind is Kind.FLOAT_MULTIPLY_ADD:
        latency = _FLOAT_MULTIPLY_ADD_RESULT
    elif i.kind in _FLOAT_KINDS:
        latency = _FLOAT_RESULT
    board.write(i, i.written, last + latency)
    board.write(i, i.updated_bases, start + _RESULT)
    if i.sets_flags:
        board.write(i, (FLAGS,), last + (_LATE_RESULT if i.shifted else _RESULT))


MODEL = CortexM33
