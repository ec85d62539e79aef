"""Thumb instructions as the timing models see them, decoded by capstone."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass, replace
from typing import Any

import capstone
from capstone import arm

CONDITIONS = frozenset(("eq", "ne", "hs", "lo", "mi", "pl", "vs", "vc", "hi", "ls", "ge", "lt", "gt", "le"))
_NO_CONDITION = (arm.ARM_CC_AL, arm.ARM_CC_INVALID, 15)
PC = int(arm.ARM_REG_PC)
SP = int(arm.ARM_REG_SP)


class Kind(enum.Enum):
    """Families of instructions that one unit of a core executes alike."""

    ALU = enum.auto()
    BITS = enum.auto()  # bit fields, extensions, saturation and parallel arithmetic
    MULTIPLY = enum.auto()
    DIVIDE = enum.auto()
    LOAD = enum.auto()
    STORE = enum.auto()
    PAIR = enum.auto()  # LDRD, STRD
    MULTIPLE = enum.auto()  # LDM, STM, PUSH, POP
    DIRECT_BRANCH = enum.auto()
    REGISTER_BRANCH = enum.auto()
    TABLE_BRANCH = enum.auto()
    IT = enum.auto()
    NOP = enum.auto()
    SYSTEM = enum.auto()
    FLOAT = enum.auto()
    FLOAT_MULTIPLY_ADD = enum.auto()
    FLOAT_DIVIDE = enum.auto()
    FLOAT_MOVE = enum.auto()  # also comparisons, and what has no entry of its own
    FLOAT_LOAD = enum.auto()
    FLOAT_STORE = enum.auto()
    FLOAT_MULTIPLE = enum.auto()
    UNKNOWN = enum.auto()


@dataclass(frozen=True)
class Address:
    """A memory operand; registers are capstone's numbers, 0 where there is none."""

    base: int
    index: int
    displacement: int


@dataclass(frozen=True)
class Instruction:
    """One instruction.

    Attributes:
        address: Where it lies.
        size: 2 or 4 bytes.
        text: As a disassembler prints it.
        mnemonic: Without type suffix, for example `bne`.
        name: Without condition too, for example `b`.
        kind: Its family.
        registers: Register operands in the order of the text.
        read, written: Registers, implied ones included, flags not.
        memory: Its memory operand.
        reads_flags, sets_flags: The condition flags; a predicated instruction reads them.
        predicated: Whether an IT instruction before it decides if it executes.
        shifted: Its last register operand passes the shifter on its way (`lsl #2`).
        rotated_constant: Its constant is 8 bits shifted into place, neither small nor a
            repeated pattern (Armv7-M reference manual A5.3.2).
    """

    address: int
    size: int
    text: str
    mnemonic: str = ""
    name: str = ""
    kind: Kind = Kind.UNKNOWN
    registers: tuple[int, ...] = ()
    read: frozenset[int] = frozenset()
    written: frozenset[int] = frozenset()
    memory: Address | None = None
    reads_flags: bool = False
    sets_flags: bool = False
    predicated: bool = False
    shifted: bool = False
    rotated_constant: bool = False

    @property
    def unaligned_wide(self) -> bool:
        """Whether its 4 bytes lie in two words: it takes two fetches of a word."""
        return self.size == 4 and self.address & 2 != 0 and self.kind is not Kind.UNKNOWN

    @property
    def uses_stack(self) -> bool:
        """Whether it is a push or a pop, whose address register is not among the operands."""
        return self.name in _STACK

    @property
    def moved(self) -> tuple[int, ...]:
        """Registers that a multiple load or store moves."""
        return self.registers if self.uses_stack else self.registers[1:]

    @property
    def words(self) -> int:
        """Words that a multiple or floating-point load or store moves."""
        moved = self.registers[:1] if self.kind in (Kind.FLOAT_LOAD, Kind.FLOAT_STORE) else self.moved
        return sum(2 if is_double(register) else 1 for register in moved)

    @property
    def is_double(self) -> bool:
        """Whether it works on 64-bit floating-point numbers."""
        return any(is_double(register) for register in self.registers)

    @property
    def loads_pc(self) -> bool:
        """Whether it is a branch to an address that it loads."""
        if self.kind is Kind.LOAD:
            return self.registers[:1] == (PC,)
        return self.kind is Kind.MULTIPLE and (self.name == "pop" or self.name.startswith("ldm")) and PC in self.moved

    @property
    def branches(self) -> bool:
        """Whether it may write the program counter."""
        return self.kind in _BRANCHES or self.loads_pc

    @property
    def may_fall_through(self) -> bool:
        """Whether it is a branch that may or may not be taken."""
        conditional = self.predicated or self.mnemonic != self.name or self.name in ("cbz", "cbnz")
        return self.branches and conditional

    @property
    def address_registers(self) -> frozenset[int]:
        """Registers that its address is computed from, the stack pointer of a push or pop left out."""
        if self.memory is not None:
            return frozenset(register for register in (self.memory.base, self.memory.index) if register)
        if self.kind in (Kind.MULTIPLE, Kind.FLOAT_MULTIPLE) and not self.uses_stack:
            return frozenset(self.registers[:1])
        return frozenset()

    @property
    def updated_bases(self) -> frozenset[int]:
        """Address registers that it moves on, which are ready long before what it loads."""
        bases = frozenset((SP,)) if self.uses_stack else self.address_registers
        loaded = self.moved if self.kind in (Kind.MULTIPLE, Kind.FLOAT_MULTIPLE) else self.registers[:1]
        return (self.written & bases).difference(loaded)

    @property
    def stored(self) -> frozenset[int]:
        """Registers that a single store or STRD writes to memory."""
        if self.kind not in (Kind.STORE, Kind.FLOAT_STORE) and self.name != "strd":
            return frozenset()
        return frozenset(self.registers) - self.written

    @property
    def accumulators(self) -> frozenset[int]:
        """Registers that a product or an extended value is added to."""
        if self.kind is Kind.MULTIPLY and self.name.startswith(_LONG_ACCUMULATE):
            return frozenset(self.registers[:2])
        if self.kind is Kind.MULTIPLY and len(self.registers) == 4 and self.name.startswith(_ACCUMULATE):
            return frozenset(self.registers[3:])
        if self.kind is Kind.FLOAT_MULTIPLY_ADD:
            return frozenset(self.registers[:1])
        return frozenset(self.registers[1:2]) if self.extends_and_adds else frozenset()

    @property
    def extends_and_adds(self) -> bool:
        """SXTAB and its relatives."""
        return self.name[1:4] == "xta"


def is_double(register: int) -> bool:
    """Whether a register is one of D0 to D31."""
    return bool(arm.ARM_REG_D0 <= register <= arm.ARM_REG_D31)


def is_float(register: int) -> bool:
    """Whether a register is one of the floating-point unit's."""
    return is_double(register) or bool(arm.ARM_REG_S0 <= register <= arm.ARM_REG_S31)


class Decoder:
    """Cuts code into instructions."""

    def __init__(self) -> None:
        self._disassembler = capstone.Cs(capstone.CS_ARCH_ARM, capstone.CS_MODE_THUMB | capstone.CS_MODE_MCLASS)
        self._disassembler.detail = True

    def decode(self, code: bytes, address: int) -> tuple[Instruction, ...]:
        """All instructions of `code`, which lies at `address`; what has no meaning is UNKNOWN."""
        found: list[Instruction] = []
        position = predicated = 0  # `predicated` counts the instructions that an IT still covers
        while position < len(code):
            window = code[position : position + 4]
            # One at a time: capstone gives up at the first encoding that it does not know.
            decoded = next(self._disassembler.disasm(window, address + position, 1), None)
            if decoded is None:
                instruction = _unknown(window, address + position)
            else:
                instruction = _completed(_instruction(decoded, predicated > 0))
            predicated = len(instruction.mnemonic) - 1 if instruction.kind is Kind.IT else max(predicated - 1, 0)
            found.append(instruction)
            position += instruction.size
        return tuple(found)


def _unknown(window: bytes, address: int) -> Instruction:
    """What capstone does not know; its first halfword gives its size (Armv7-M reference manual A5.1)."""
    size = 4 if int.from_bytes(window[:2], "little") >= 0xE800 else 2
    halves = (window[start : start + 2] for start in range(0, size, 2))
    return Instruction(address, size, " ".join([".inst", *(f"{int.from_bytes(h, 'little'):04x}" for h in halves)]))


def _instruction(decoded: Any, predicated: bool) -> Instruction:
    read, written = decoded.regs_access()
    mnemonic = decoded.mnemonic.split(".")[0]
    conditional = decoded.cc not in _NO_CONDITION and len(mnemonic) > 2 and mnemonic[-2:] in CONDITIONS
    name = mnemonic[:-2] if conditional else mnemonic
    memory = next((operand.mem for operand in decoded.operands if operand.type == arm.ARM_OP_MEM), None)
    kind = _kind(mnemonic, name, frozenset(written))
    # Capstone does not see the IT: within its reach 16-bit arithmetic leaves the flags alone.
    silent = predicated and decoded.size == 2 and name not in _COMPARISONS
    return Instruction(
        address=decoded.address,
        size=decoded.size,
        text=f"{decoded.mnemonic} {decoded.op_str}".strip(),
        mnemonic=mnemonic,
        name=name,
        kind=kind,
        registers=tuple(operand.reg for operand in decoded.operands if operand.type == arm.ARM_OP_REG),
        read=frozenset(read),
        written=frozenset(written),
        memory=None if memory is None else Address(memory.base, memory.index, memory.disp),
        reads_flags=predicated or conditional or name.startswith(_FLAG_READERS),
        sets_flags=(decoded.update_flags or name in _COMPARISONS) and not silent,
        predicated=predicated,
        shifted=any(operand.type == arm.ARM_OP_REG and operand.shift.type for operand in decoded.operands),
        rotated_constant=_has_rotated_constant(bytes(decoded.bytes)),
    )


def _completed(i: Instruction) -> Instruction:
    """Correct what capstone says is read and written."""
    stack = frozenset((SP,)) if i.uses_stack else frozenset()
    read = i.read | i.accumulators | stack  # accumulators of SMLAL and its relatives
    written = i.written | stack
    if i.kind is Kind.BITS:
        read |= frozenset(i.registers[1:])  # what SSAT, SXTAB and PKHBT take last
    elif i.kind is Kind.FLOAT_MULTIPLE and i.name.startswith(("vpop", "vldm")):
        written |= frozenset(i.moved)
    elif i.kind is Kind.FLOAT_MULTIPLE:
        read |= frozenset(i.moved)
        written -= frozenset(i.moved)
    return replace(i, read=read, written=written)


def _has_rotated_constant(code: bytes) -> bool:
    """Data processing with a modified immediate whose selector is above the patterns' (A5.3.1, A5.3.2)."""
    first, second = int.from_bytes(code[:2], "little"), int.from_bytes(code[2:4], "little")
    if len(code) != 4 or first & 0xFA00 != 0xF000 or second & 0x8000:
        return False
    return (first >> 10 & 1) << 3 | second >> 12 & 7 >= 4


# -- families

_SINGLE_LOADS = frozenset(
    ("ldr", "ldrb", "ldrh", "ldrsb", "ldrsh", "ldrt", "ldrbt", "ldrht", "ldrsbt", "ldrsht", "ldrex", "ldrexb", "ldrexh",
     "lda", "ldab", "ldah", "ldaex", "ldaexb", "ldaexh")
)  # fmt: skip
_SINGLE_STORES = frozenset(
    ("str", "strb", "strh", "strt", "strbt", "strht", "strex", "strexb", "strexh",
     "stl", "stlb", "stlh", "stlex", "stlexb", "stlexh")
)  # fmt: skip
_STACK = frozenset(("push", "pop", "vpush", "vpop"))
_FLOAT_MULTIPLY_ADD = frozenset(("vmla", "vmls", "vnmla", "vnmls", "vfma", "vfms", "vfnma", "vfnms"))
_FLOAT = frozenset(
    ("vadd", "vsub", "vmul", "vnmul", "vcvt", "vcvtr", "vcvtb", "vcvtt", "vabs", "vneg",
     # what FPv5 adds
     "vmaxnm", "vminnm", "vrinta", "vrintm", "vrintn", "vrintp", "vrintr", "vrintx", "vrintz", "vcvta", "vcvtm",
     "vcvtn", "vcvtp")
)  # fmt: skip
_COMPARISONS = frozenset(("cmp", "cmn", "tst", "teq"))
_BRANCHES = (Kind.DIRECT_BRANCH, Kind.REGISTER_BRANCH, Kind.TABLE_BRANCH)
_ACCUMULATE = ("mla", "mls", "smla", "smls", "smmla", "smmls", "usada")
_LONG_ACCUMULATE = ("smlal", "smlsld", "umlal", "umaal")
_FLAG_READERS = ("adc", "sbc", "rrx", "vsel")
_MULTIPLY = (
    "mul", "mla", "mls", "smul", "umul", "smla", "umla", "umaal", "smmul", "smmla", "smmls", "smuad", "smusd", "smls",
    "usad",
)  # fmt: skip
_BITS = re.compile(
    r"bf[ic]|[su]bfx|rbit|rev(16|sh)?|clz|[su]xt(a?)(b|h|b16)|pkh(bt|tb)|[su]sat(16)?|sel|qd?(add|sub)"
    r"|(s|u|q|sh|uh|uq)((add|sub)(8|16)|asx|sax)"
)
_NAMES: dict[str, Kind] = {
    **dict.fromkeys(_SINGLE_LOADS, Kind.LOAD),
    **dict.fromkeys(_SINGLE_STORES, Kind.STORE),
    **dict.fromkeys(("ldrd", "strd", "ldrexd"), Kind.PAIR),
    **dict.fromkeys(("push", "pop"), Kind.MULTIPLE),
    **dict.fromkeys(("vpush", "vpop"), Kind.FLOAT_MULTIPLE),
    **dict.fromkeys(_FLOAT_MULTIPLY_ADD, Kind.FLOAT_MULTIPLY_ADD),
    **dict.fromkeys(_FLOAT, Kind.FLOAT),
    **dict.fromkeys(("vdiv", "vsqrt"), Kind.FLOAT_DIVIDE),
    "vldr": Kind.FLOAT_LOAD,
    "vstr": Kind.FLOAT_STORE,
    **dict.fromkeys(("sdiv", "udiv"), Kind.DIVIDE),
    **dict.fromkeys(("tbb", "tbh"), Kind.TABLE_BRANCH),
    **dict.fromkeys(("b", "bl", "cbz", "cbnz"), Kind.DIRECT_BRANCH),
    **dict.fromkeys(("bx", "blx", "bxns", "blxns"), Kind.REGISTER_BRANCH),
    **dict.fromkeys(("isb", "dsb", "dmb", "mrs", "msr", "cpsid", "cpsie"), Kind.SYSTEM),
    "nop": Kind.NOP,
}
_PREFIXES: tuple[tuple[tuple[str, ...], Kind], ...] = (
    (("ldm", "stm"), Kind.MULTIPLE),
    (("vldm", "vstm"), Kind.FLOAT_MULTIPLE),
    (("v",), Kind.FLOAT_MOVE),
)


def _kind(mnemonic: str, name: str, written: frozenset[int]) -> Kind:
    named = _NAMES.get(name) or next((kind for starts, kind in _PREFIXES if name.startswith(starts)), None)
    if named is not None:
        return named
    if mnemonic in ("b", "bl"):
        return Kind.DIRECT_BRANCH
    if re.fullmatch(r"it[te]{0,3}", mnemonic):
        return Kind.IT
    if PC in written:
        return Kind.REGISTER_BRANCH
    if name.startswith(_MULTIPLY):
        return Kind.MULTIPLY
    return Kind.BITS if _BITS.fullmatch(name) else Kind.ALU
