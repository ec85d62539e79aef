"""What unicorn says of an instruction that failed, as the fault that the architecture defines."""

from __future__ import annotations

from dataclasses import dataclass

import unicorn

from edgeprune.emulate.exceptions import BUS_FAULT, HARD_FAULT, MEM_MANAGE, USAGE_FAULT, CfsrBit, Fault

#: Fetching from peripherals and device memory is forbidden by the default memory map (DDI0403 B3.1).
_NEVER_EXECUTED = ((0x4000_0000, 0x6000_0000), (0xA000_0000, 0x1_0000_0000))
_READS = (unicorn.UC_ERR_READ_UNMAPPED, unicorn.UC_ERR_READ_PROT)
_WRITES = (unicorn.UC_ERR_WRITE_UNMAPPED, unicorn.UC_ERR_WRITE_PROT)
_FETCHES = (unicorn.UC_ERR_FETCH_UNMAPPED, unicorn.UC_ERR_FETCH_PROT)


@dataclass(frozen=True)
class Trouble:
    """Something that the core must take as an exception.

    Attributes:
        pc: Address of the instruction at fault, or of the next one after SVC.
        fault: What it is.
        trap: unicorn's number where it reported a trap; None for an error.
    """

    pc: int
    fault: Fault
    trap: int | None = None


def fault_of_access(error: int, pc: int, access: tuple[int, int] | None, thumb: bool) -> Trouble:
    """The fault behind an error that unicorn returned; `access` is the kind and address of the last bad one."""
    address = None if access is None else access[1]
    where = "" if address is None else f" 0x{address:08x}"
    precise = CfsrBit.PRECISERR | CfsrBit.BFARVALID
    if error in _READS:
        return Trouble(pc, Fault(BUS_FAULT, precise, address, f"read from{where}, where no memory is,"))
    if error in _WRITES:
        return Trouble(pc, Fault(BUS_FAULT, precise, address, f"tried to write to{where}, where it cannot,"))
    if error in _FETCHES:
        if any(first <= pc < end for first, end in _NEVER_EXECUTED):
            return Trouble(pc, Fault(MEM_MANAGE, CfsrBit.IACCVIOL, None, "tried to fetch an instruction from a device"))
        return Trouble(pc, Fault(BUS_FAULT, CfsrBit.IBUSERR, None, "tried to fetch an instruction from no memory"))
    if not thumb:
        return Trouble(pc, Fault(USAGE_FAULT, CfsrBit.INVSTATE, None, "branched to an even address"))
    return Trouble(pc, Fault(USAGE_FAULT, CfsrBit.UNDEFINSTR, None, "met an invalid instruction"))


_TRAP_FETCH = 3
_TRAPS = {
    2: Fault(HARD_FAULT, CfsrBit(0), None, "raised SVC"),
    4: Fault(USAGE_FAULT, CfsrBit.UNALIGNED, None, "accessed a word at an address that is not a multiple of its size"),
    7: Fault(HARD_FAULT, CfsrBit(0), None, "raised BKPT"),
    17: Fault(USAGE_FAULT, CfsrBit.NOCP, None, "used a coprocessor that the core does not have"),
    18: Fault(USAGE_FAULT, CfsrBit.INVSTATE, None, "branched to an even address"),
    19: Fault(USAGE_FAULT, CfsrBit.STKOF, None, "moved its stack below its limit"),
}


def fault_of_trap(number: int, pc: int) -> Trouble:
    """The fault behind a trap that unicorn reported by its number."""
    if number == _TRAP_FETCH:
        return fault_of_access(unicorn.UC_ERR_FETCH_PROT, pc, None, thumb=True)
    unknown = Fault(USAGE_FAULT, CfsrBit.UNDEFINSTR, None, f"raised the exception {number}")
    return Trouble(pc, _TRAPS.get(number, unknown), number)
