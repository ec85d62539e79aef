"""What a basic block costs on a Cortex-M4 with zero-wait-state memory.

The rules come from the Cortex-M4 Technical Reference Manual (Arm DDI0439), section
3.3.1 (instruction set summary), 3.3.2 (load/store timings) and 7.2.3 (floating-point
instruction timings); two refinements that the manual leaves open are measured and marked
so.  The pipeline has three stages and issues one instruction at a time, so the cost of a
block is the sum of its instructions plus what neighbours do to each other.

What depends on the run and not on the code is left to the counter: a taken branch adds
`taken_cycles` of the block it leaves, and one more if the block it reaches starts with an
unaligned 32-bit instruction.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import capstone
from capstone import arm

from edgeprune.targets.profile import McuCpu

#: Cycles added by a taken branch (DDI0439 3.3.1: 1 + P, P of 1 to 3).  Direct targets are
#: known at decode; register targets in execute; loaded targets need the whole pipeline.
_TAKEN_DIRECT = 1
_TAKEN_REGISTER = 2
_TAKEN_LOADED = 3
#: SDIV and UDIV take 2 to 12 cycles by their operands (DDI0439 3.3.1); a usual value.
_DIVIDE = 7
#: An address that the instruction before computes is a cycle late (DDI0439 3.3.2).
_ADDRESS_LATE = 1
#: A floating-point result that the next instruction uses is a cycle late (DDI0439 7.2.3).
_FLOAT_LATE = 1
#: Three 32-bit instructions in a row, none word-aligned, outrun the fetch (measured).
_WIDE_RUN = 3

_CONDITIONS = frozenset(("eq", "ne", "hs", "lo", "mi", "pl", "vs", "vc", "hi", "ls", "ge", "lt", "gt", "le"))
_LOADS = frozenset(
    ("ldr", "ldrb", "ldrh", "ldrsb", "ldrsh", "ldrt", "ldrbt", "ldrht", "ldrsbt", "ldrsht", "ldrex", "ldrexb", "ldrexh")
)
_STORES = frozenset(("str", "strb", "strh", "strt", "strbt", "strht", "strex", "strexb", "strexh"))
_STACK = frozenset(("push", "pop", "vpush", "vpop"))
_MULTIPLY_ADD = frozenset(("vmla", "vmls", "vnmla", "vnmls", "vfma", "vfms", "vfnma", "vfnms"))
_FLOAT = frozenset(("vadd", "vsub", "vmul", "vnmul", "vcvt", "vcvtr", "vcvtb", "vcvtt", "vabs", "vneg"))
_NO_CONDITION = (arm.ARM_CC_AL, arm.ARM_CC_INVALID, 15)


class Kind(enum.Enum):
    """What an instruction is to its neighbours."""

    ALU = enum.auto()
    LOAD = enum.auto()
    STORE = enum.auto()
    MULTIPLE = enum.auto()
    BRANCH = enum.auto()
    FLOAT_ARITHMETIC = enum.auto()
    FLOAT_MOVE = enum.auto()
    IT = enum.auto()


@dataclass(frozen=True)
class Cost:
    """Cycles of one instruction on its own, and what a branch adds when it is taken."""

    kind: Kind
    cycles: int
    taken: int = 0


@dataclass(frozen=True)
class BlockCost:
    """A basic block.

    Attributes:
        instructions: Number of instructions.
        cycles: Cost when the block falls through.
        taken_cycles: Added when its last instruction branches.
        starts_wide: Whether it starts with an unaligned 32-bit instruction, which costs
            a branch to it one cycle (measured).
    """

    instructions: int
    cycles: int
    taken_cycles: int
    arrival_cycles: int
    mispredicted_cycles: int = 0
    holds_it: bool = True


@dataclass(frozen=True)
class _Instruction:
    """What the rules look at."""

    mnemonic: str  # without type suffix
    name: str  # nor condition
    operands: tuple[Any, ...]
    read: frozenset[int]
    written: frozenset[int]
    size: int
    unaligned_wide: bool

    @property
    def memory(self) -> Any | None:
        return next((operand for operand in self.operands if operand.type == arm.ARM_OP_MEM), None)

    @property
    def registers(self) -> tuple[int, ...]:
        return tuple(operand.reg for operand in self.operands if operand.type == arm.ARM_OP_REG)


@dataclass(frozen=True)
class _Neighbour:
    """The instruction before, as far as the next one notices it."""

    kind: Kind
    written: frozenset[int]
    size: int


class Timing:
    """Prices basic blocks; one instance disassembles for one emulated core."""

    def __init__(self) -> None:
        self._disassembler = capstone.Cs(capstone.CS_ARCH_ARM, capstone.CS_MODE_THUMB | capstone.CS_MODE_MCLASS)
        self._disassembler.detail = True

    def block(self, code: bytes, address: int) -> BlockCost:
        """Price the block `code` at `address`; an unknown encoding counts as one cycle."""
        instructions = cycles = taken = position = wide_run = 0
        starts_wide = False
        before: _Neighbour | None = None
        while position < len(code):
            instruction = self._decode(code, position, address)
            instructions += 1
            if instruction is None:
                cycles += 1
                position += _encoded_size(code, position)
                before = None
                continue
            if instructions == 1:
                starts_wide = instruction.unaligned_wide
            cost = _cost(instruction, before)
            wide_run = wide_run + 1 if instruction.unaligned_wide else 0
            cycles += cost.cycles + _neighbour_cycles(instruction, cost, before) + (wide_run == _WIDE_RUN)
            taken = cost.taken or taken
            before = _as_neighbour(instruction, cost, before)
            position += instruction.size
        return BlockCost(instructions, cycles, taken, starts_wide)

    def _decode(self, code: bytes, position: int, address: int) -> _Instruction | None:
        window = code[position : position + 4]
        decoded = next(self._disassembler.disasm(window, address + position, 1), None)
        if decoded is None:
            return None
        read, written = decoded.regs_access()
        mnemonic = decoded.mnemonic.split(".")[0]
        conditional = decoded.cc not in _NO_CONDITION and len(mnemonic) > 2 and mnemonic[-2:] in _CONDITIONS
        return _Instruction(
            mnemonic=mnemonic,
            name=mnemonic[:-2] if conditional else mnemonic,
            operands=tuple(decoded.operands),
            read=frozenset(read),
            written=frozenset(written),
            size=decoded.size,
            unaligned_wide=decoded.size == 4 and decoded.address & 2 != 0,
        )


def _encoded_size(code: bytes, position: int) -> int:
    """Bytes of an encoding by its first halfword (Armv7-M reference manual A5.1)."""
    return 4 if int.from_bytes(code[position : position + 2], "little") >= 0xE800 else 2


# The rules: each prices the instructions that it knows and returns None for the others.


def _single_load(i: _Instruction) -> Cost | None:
    """LDR: 2 cycles (3.3.1); into PC it is a branch."""
    if i.name not in _LOADS:
        return None
    if i.registers[:1] == (arm.ARM_REG_PC,):
        return Cost(Kind.BRANCH, 2, _TAKEN_LOADED)
    return Cost(Kind.LOAD, 2)


def _single_store(i: _Instruction) -> Cost | None:
    """STR: 1 cycle, as the write buffer takes it (3.3.2)."""
    return Cost(Kind.STORE, 1) if i.name in _STORES else None


def _double(i: _Instruction) -> Cost | None:
    """LDRD, STRD: 1 + N with N = 2 (3.3.1)."""
    return Cost(Kind.MULTIPLE, 3) if i.name in ("ldrd", "strd", "ldrexd") else None


def _multiple(i: _Instruction) -> Cost | None:
    """PUSH, POP, LDM, STM: 1 + N registers (3.3.1); a branch when they load PC."""
    if i.name not in ("push", "pop") and not i.name.startswith(("ldm", "stm")):
        return None
    moved = i.registers if i.name in _STACK else i.registers[1:]
    loads = i.name == "pop" or i.name.startswith("ldm")
    if loads and arm.ARM_REG_PC in moved:
        return Cost(Kind.BRANCH, 1 + len(moved), _TAKEN_LOADED)
    return Cost(Kind.MULTIPLE, 1 + len(moved))


def _float_multiple(i: _Instruction) -> Cost | None:
    """VPUSH, VPOP, VLDM, VSTM: 1 + N words (7.2.3)."""
    if not i.name.startswith(("vpush", "vpop", "vldm", "vstm")):
        return None
    moved = i.registers if i.name in _STACK else i.registers[1:]
    return Cost(Kind.MULTIPLE, 1 + sum(_words(register) for register in moved))


def _float_single(i: _Instruction) -> Cost | None:
    """VLDR, VSTR: 1 + N words (7.2.3)."""
    if i.name not in ("vldr", "vstr"):
        return None
    return Cost(Kind.LOAD if i.name == "vldr" else Kind.STORE, 1 + _words(i.registers[0]))


def _float_arithmetic(i: _Instruction) -> Cost | None:
    """Multiply-add 3, divide and square root 14, other arithmetic 1 (7.2.3)."""
    if i.name in _MULTIPLY_ADD:
        return Cost(Kind.FLOAT_ARITHMETIC, 3)
    if i.name in ("vdiv", "vsqrt"):
        return Cost(Kind.FLOAT_ARITHMETIC, 14)
    return Cost(Kind.FLOAT_ARITHMETIC, 1) if i.name in _FLOAT else None


def _float_move(i: _Instruction) -> Cost | None:
    """Moves between the register files and comparisons: 1, for two registers 2 (7.2.3)."""
    if not i.name.startswith("v"):
        return None
    return Cost(Kind.FLOAT_MOVE, 2 if i.name == "vmov" and len(i.registers) > 2 else 1)


def _divide(i: _Instruction) -> Cost | None:
    """SDIV, UDIV (3.3.1)."""
    return Cost(Kind.ALU, _DIVIDE) if i.name in ("sdiv", "udiv") else None


def _table_branch(i: _Instruction) -> Cost | None:
    """TBB, TBH: a load, then a branch (3.3.1: 2 + P)."""
    return Cost(Kind.BRANCH, 3, _TAKEN_LOADED) if i.name in ("tbb", "tbh") else None


def _direct_branch(i: _Instruction) -> Cost | None:
    """B, BL, CBZ, CBNZ: 1, when taken 1 + P (3.3.1)."""
    conditional = i.mnemonic[0] == "b" and i.mnemonic[1:] in _CONDITIONS
    if conditional or i.name in ("b", "bl", "cbz", "cbnz") or i.mnemonic in ("b", "bl"):
        return Cost(Kind.BRANCH, 1, _TAKEN_DIRECT)
    return None


def _register_branch(i: _Instruction) -> Cost | None:
    """BX, BLX: 1 + P (3.3.1)."""
    return Cost(Kind.BRANCH, 1, _TAKEN_REGISTER) if i.name in ("bx", "blx") else None


def _if_then(i: _Instruction) -> Cost | None:
    """IT: 1 (3.3.1); see `_cost` for folding."""
    return Cost(Kind.IT, 1) if re.fullmatch(r"it[te]{0,3}", i.mnemonic) else None


def _system(i: _Instruction) -> Cost | None:
    """Barriers and special registers (3.3.1)."""
    cycles = {"isb": 4, "dsb": 2, "dmb": 2, "mrs": 2, "msr": 2}.get(i.name)
    return None if cycles is None else Cost(Kind.ALU, cycles)


def _other(i: _Instruction) -> Cost:
    """Everything else takes 1 cycle, multiplies included (3.3.1); writing PC branches."""
    if arm.ARM_REG_PC in i.written:
        return Cost(Kind.BRANCH, 1, _TAKEN_REGISTER)
    return Cost(Kind.ALU, 1)


_RULES: tuple[Callable[[_Instruction], Cost | None], ...] = (
    _single_load, _single_store, _double, _multiple, _float_multiple, _float_single, _float_arithmetic,
    _float_move, _divide, _table_branch, _direct_branch, _register_branch, _if_then, _system,
)  # fmt: skip


def _words(register: int) -> int:
    return 2 if arm.ARM_REG_D0 <= register <= arm.ARM_REG_D31 else 1


def _cost(i: _Instruction, before: _Neighbour | None) -> Cost:
    cost = next((found for rule in _RULES if (found := rule(i)) is not None), None) or _other(i)
    if cost.kind is Kind.IT and before and before.size == 2 and before.kind not in (Kind.BRANCH, Kind.IT):
        return Cost(Kind.IT, 0)  # folded onto the 16-bit instruction before it (3.3.1)
    return cost


def _address_registers(i: _Instruction, cost: Cost) -> frozenset[int]:
    memory = i.memory
    if memory is not None:
        return frozenset(register for register in (memory.mem.base, memory.mem.index) if register)
    if cost.kind is Kind.MULTIPLE and i.operands and i.name not in _STACK:
        return frozenset(i.registers[:1])
    return frozenset()


def _neighbour_cycles(i: _Instruction, cost: Cost, before: _Neighbour | None) -> int:
    """Cycles that the instruction before adds to this one, or saves."""
    if before is None:
        return 0
    uses = bool(before.written & i.read)
    if cost.kind not in (Kind.LOAD, Kind.STORE, Kind.MULTIPLE) and (cost.kind is not Kind.BRANCH or i.memory is None):
        return _FLOAT_LATE if before.kind is Kind.FLOAT_ARITHMETIC and uses else 0
    late = bool(before.written & _address_registers(i, cost))
    if before.kind is Kind.LOAD and cost.kind in (Kind.LOAD, Kind.STORE) and cost.cycles > 1 and not late:
        return -1  # its address phase overlaps the data phase of the load before (3.3.2)
    if before.kind is Kind.ALU and late:
        return _ADDRESS_LATE
    return _FLOAT_LATE if before.kind is Kind.FLOAT_ARITHMETIC and cost.kind is Kind.STORE and uses else 0


def _as_neighbour(i: _Instruction, cost: Cost, before: _Neighbour | None) -> _Neighbour:
    if cost.kind is Kind.IT:
        # Nothing notices an IT: what precedes it stays the neighbour, now of 16 bits.
        return _Neighbour(before.kind, before.written, 2) if before else _Neighbour(Kind.IT, frozenset(), 2)
    # Of a load only the loaded register is late, not an updated base.
    written = frozenset(i.registers[:1]) if cost.kind is Kind.LOAD else i.written
    return _Neighbour(cost.kind, written, i.size)


def timing_model(_cpu: McuCpu) -> Timing:
    """The timing of a core."""
    return Timing()
