"""Cortex-M7: six stages, in order, two instructions a cycle where their kinds and operands allow.

Arm publishes no cycle table.  The rules are those of two public sources that agree where
both speak: measurements on an STM32H743 (github.com/jnk0le/random, cortex_m7.md; marked
M) and the scheduling model that Arm contributed to LLVM (ARMScheduleM7.td; marked S).
What is assumed is marked A.

Four stages execute.  The first computes addresses and shifts operands, the second does
arithmetic ("late"), the third adds to accumulators, the fourth takes what is stored.
Times below are relative to the second: an operand that the first wants must be ready a
cycle earlier, one that the third wants may come a cycle later.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from edgeprune.emulate.timing.instruction import PC, Instruction, Kind, is_float
from edgeprune.emulate.timing.model import Prices, TimingModel, Trust
from edgeprune.emulate.timing.scoreboard import FLAGS, Scoreboard, halves

#: From issue to use in the second stage (M, S).
_EARLY_RESULT = 0
_RESULT = 1
_SLOW_RESULT = 2  # products, saturated values, loaded bytes and halfwords
_FLOAT_RESULT = 3
_FLOAT_PRODUCT_RESULT = 5
#: When stages want their operands, relative to the second (S).
_FIRST_STAGE = 1
_THIRD_STAGE = -1
_FOURTH_STAGE = -2
#: A chain of floating-point multiply-adds advances every third cycle (M).
_FLOAT_ACCUMULATOR = -2
#: After a floating-point multiply-add no addition issues for so many cycles (M).
_FLOAT_PRODUCT_BUSY = 4
_DIVIDE = 7  # 2 to 12 by the operands; what LLVM schedules for (S)
_FLOAT_DIVIDE = {"vdiv": 16, "vsqrt": 14}  # (M)
_DOUBLE = {"vmul": 5, "vnmul": 5, "vdiv": 30, "vsqrt": 30}  # (M)
_DOUBLE_MULTIPLY_ADD = 8  # (M)
_DOUBLE_OTHER = 2  # (M)
_SYSTEM = 3  # (S)
_TABLE_BRANCH = 2  # (S)
#: A mispredicted branch; less when the flags were set long before it (M).
_MISPREDICTED = 8
_MISPREDICTED_EARLY_FLAGS = 6
_EARLY_FLAGS = 3
#: Targets that come from a table are other ones each time; returns are taken as predicted (A).
_TAKEN_TABLE = 8

_FLOAT_KINDS = (Kind.FLOAT, Kind.FLOAT_MULTIPLY_ADD, Kind.FLOAT_DIVIDE)
_FLOAT_TRANSFERS = (Kind.FLOAT_LOAD, Kind.FLOAT_STORE, Kind.FLOAT_MOVE)
_LOADS = (Kind.LOAD, Kind.FLOAT_LOAD)
_STORES = (Kind.STORE, Kind.FLOAT_STORE)
_SINGLE = (
    Kind.PAIR, Kind.MULTIPLE, Kind.FLOAT_MULTIPLE, Kind.DIVIDE, Kind.FLOAT_DIVIDE, Kind.SYSTEM, Kind.TABLE_BRANCH,
    Kind.UNKNOWN,
)  # fmt: skip
_SIMPLE = re.compile(r"(add|sub|mov)[sw]?")
_PLAIN_SHIFT = re.compile(r"(lsl|lsr|asr|ror)s?")
#: Bit operations that pass the first stage's shifter (M; the saturations S).
_SHIFTING_BITS = re.compile(r"bf[ic]|[su]bfx|rbit|rev(16|sh)?|[su]xta(b|h|b16)|pkh(bt|tb)|[su]sat(16)?|qd(add|sub)")
#: Those that need a stage more for their result (S).
_SATURATING_BITS = re.compile(r"[su]sat(16)?|qd?(add|sub)|u?q((add|sub)(8|16)|asx|sax)")


@dataclass
class _Issue:
    """Where the issue stage is: `older` issued in cycle `free - 1`, alone, if it is not None."""

    board: Scoreboard = field(default_factory=Scoreboard)
    free: int = 0
    older: Instruction | None = None
    float_free: int = 0  # first cycle for an addition after a multiply-add
    flags_set: int = -1  # at the start of a block the flags are older than its first cycle


class CortexM7(TimingModel):
    """Prices blocks for a Cortex-M7, with any of its floating-point units."""

    trust = Trust(
        "modelled",
        "dual-issue rules that others measured and Arm's scheduling model in LLVM; not compared with hardware itself; "
        "its speed relative to the Cortex-M4 is within 20 % of CoreMark's on like code and of MLPerf Tiny's on "
        "networks, so expect 20 % either way",
    )

    def _price(self, block: tuple[Instruction, ...]) -> Prices:
        state = _Issue()
        cycles: list[int] = []
        taken = mispredicted = 0
        for i in block:
            before = state.free
            start = _issue(i, state)
            cycles.append(state.free - before)
            if i.branches:
                taken = _TAKEN_TABLE if _target_varies(i) else 0
                mispredicted = _mispredicted(i, start, state) if i.may_fall_through else 0
            if i.sets_flags:
                state.flags_set = start
        return Prices(tuple(cycles), taken, mispredicted)


def _issue(i: Instruction, state: _Issue) -> int:
    """Issue one instruction; returns its cycle."""
    older = state.older
    earliest = max((_wanted(i, register, state.board) for register in halves(i.read)), default=0)
    earliest = max(earliest, state.board.ready(FLAGS) if i.reads_flags and not i.branches else 0)
    if i.kind is Kind.FLOAT:
        earliest = max(earliest, state.float_free)
    start = state.free - 1
    if older is not None and earliest <= start and _pair(older, i) and not _waits_for_slot(i, state):
        state.older = None
    else:
        start = max(state.free, earliest)
        state.free = start + _occupied(i)
        state.older = None if _is_single(i) else i
        older = None
    if i.kind is Kind.FLOAT_MULTIPLY_ADD:
        state.float_free = start + _FLOAT_PRODUCT_BUSY
    _note_results(i, state.board, start, older)
    return start


def _wanted(i: Instruction, register: int, board: Scoreboard) -> int:
    """First cycle in which `i` may issue as far as this operand is concerned."""
    ready, writer = board.ready(register), board.writer(register)
    if i.branches and not i.loads_pc:
        return 0  # predicted: it does not wait for its register
    if register in i.address_registers or register in _early_operands(i):
        return ready + _FIRST_STAGE
    if register in halves(i.stored):
        return ready + _FOURTH_STAGE
    if register in halves(i.accumulators):
        if i.kind is Kind.MULTIPLY:
            return ready + _THIRD_STAGE
        if writer is not None and writer.kind is Kind.FLOAT_MULTIPLY_ADD:
            return ready + _FLOAT_ACCUMULATOR
    # Multiplications and shifted operations get a loaded word a cycle later than others (M).
    loaded = writer is not None and writer.kind is Kind.LOAD and register == writer.registers[0]
    late = loaded and (i.kind is Kind.MULTIPLY or _passes_shifter(i)) and not _is_slow_load(writer)
    return ready + _FIRST_STAGE if late else ready


def _early_operands(i: Instruction) -> frozenset[int]:
    """Operands that pass the shifter of the first stage: the last register; of PKHTB both (M)."""
    if i.name == "pkhtb":
        return frozenset(i.registers[1:])
    return frozenset(i.registers[-1:]) if _passes_shifter(i) and not i.rotated_constant else frozenset()


def _passes_shifter(i: Instruction) -> bool:
    return i.shifted or i.rotated_constant or _SHIFTING_BITS.fullmatch(i.name) is not None


def _is_slow_load(i: Instruction | None) -> bool:
    """Bytes and halfwords are aligned and extended a stage later than words arrive."""
    return i is not None and i.kind is Kind.LOAD and i.name not in ("ldr", "ldrt", "lda")


def _is_single(i: Instruction) -> bool:
    """Whether nothing issues in the same cycle (M, S)."""
    two_registers = i.name == "vmov" and len(i.registers) > 2
    return i.kind in _SINGLE or i.loads_pc or two_registers or i.is_double or i.name in ("vmrs", "vmsr")


def _pair(older: Instruction, younger: Instruction) -> bool:
    """Whether two neighbours can issue in the same cycle, their operands apart (M)."""
    if older.branches or _is_single(younger) or younger.kind is Kind.BITS:
        return False
    operand = younger.shifted or younger.rotated_constant
    shifters = operand and (_passes_shifter(older) or _PLAIN_SHIFT.fullmatch(older.name))
    return not (shifters or _want_same_unit(older, younger))


def _want_same_unit(older: Instruction, younger: Instruction) -> bool:
    """Whether both need what is there once: multiplier, store port, a memory bank, the FPU (M)."""
    kinds = (older.kind, younger.kind)
    stores = any(kind in _STORES for kind in kinds)
    if Kind.MULTIPLY in kinds:
        return stores or older.kind is younger.kind
    if Kind.FLOAT_MULTIPLY_ADD in kinds and any(kind in _FLOAT_TRANSFERS for kind in kinds):
        return True
    if all(kind in _LOADS for kind in kinds):
        return _same_bank(older, younger)
    return any(all(kind in units for kind in kinds) for units in (_STORES, _FLOAT_KINDS))


def _waits_for_slot(i: Instruction, state: _Issue) -> bool:
    """After a multiply-add, floating-point transfers issue from the first slot only (M)."""
    return i.kind in _FLOAT_TRANSFERS and state.free - 1 < state.float_free


def _same_bank(first: Instruction, second: Instruction) -> bool:
    """Whether two loads surely want the same of the two banks (even and odd words).

    Only displacements from the same register tell; other pairs are taken to differ.
    """
    a, b = first.memory, second.memory
    if a is None or b is None or a.base != b.base or a.index or b.index:
        return False
    places = [m.displacement + ((i.address & ~3) if m.base == PC else 0) for m, i in ((a, first), (b, second))]
    return places[0] >> 2 & 1 == places[1] >> 2 & 1


def _occupied(i: Instruction) -> int:
    """Cycles in which nothing else can issue."""
    if i.kind in (Kind.MULTIPLE, Kind.FLOAT_MULTIPLE):
        return max((i.words + 1) // 2, 1)  # two words a cycle (M)
    if i.kind in (Kind.SYSTEM, Kind.TABLE_BRANCH):
        return _SYSTEM if i.kind is Kind.SYSTEM else _TABLE_BRANCH
    if i.kind in _FLOAT_KINDS and i.is_double:
        return _DOUBLE_MULTIPLY_ADD if i.kind is Kind.FLOAT_MULTIPLY_ADD else _DOUBLE.get(i.name, _DOUBLE_OTHER)
    return _DIVIDE if i.kind is Kind.DIVIDE else _FLOAT_DIVIDE.get(i.name, 1)


def _is_early(i: Instruction, start: int, board: Scoreboard, older: Instruction | None) -> bool:
    """Whether the first stage does it, so that a late operation in the same cycle can use it (M)."""
    if _PLAIN_SHIFT.fullmatch(i.name):
        possible = older is None or not _passes_shifter(older)
    else:
        possible = older is None and _SIMPLE.fullmatch(i.name) is not None and not (i.shifted or i.rotated_constant)
    return possible and not i.reads_flags and all(board.ready(r) + _FIRST_STAGE <= start for r in i.read)


def _note_results(i: Instruction, board: Scoreboard, start: int, older: Instruction | None) -> None:
    last = start + _occupied(i) - 1
    latency = _RESULT
    if i.kind is Kind.FLOAT_MULTIPLY_ADD:
        latency = _FLOAT_PRODUCT_RESULT
    elif i.kind in _FLOAT_KINDS or (i.kind is Kind.FLOAT_MOVE and not _reaches_core(i)):
        latency = _FLOAT_RESULT
    elif i.kind is Kind.MULTIPLY or _is_slow_load(i) or _SATURATING_BITS.fullmatch(i.name):
        latency = _SLOW_RESULT
    elif i.kind is Kind.ALU and _is_early(i, start, board, older):
        latency = _EARLY_RESULT
    board.write(i, i.written, last + latency)
    board.write(i, i.updated_bases, start + _EARLY_RESULT)  # (S)
    if i.sets_flags:
        board.write(i, (FLAGS,), last + _RESULT)


def _reaches_core(i: Instruction) -> bool:
    """Whether a floating-point move ends in a register of the core, or in the flags (comparisons: S)."""
    moves_out = i.name == "vmov" and not any(is_float(register) for register in i.written)
    return moves_out or i.name in ("vmrs", "vcmp", "vcmpe")


def _target_varies(i: Instruction) -> bool:
    return i.kind is Kind.TABLE_BRANCH or (i.kind is Kind.LOAD and i.loads_pc)


def _mispredicted(i: Instruction, start: int, state: _Issue) -> int:
    by_flags = i.name not in ("cbz", "cbnz")
    return _MISPREDICTED_EARLY_FLAGS if by_flags and start - state.flags_set >= _EARLY_FLAGS else _MISPREDICTED


MODEL = CortexM7
