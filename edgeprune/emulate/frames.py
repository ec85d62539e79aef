"""Exception entry and return: what a core pushes, pops and sets (Arm DDI0403, B1.5.6 to B1.5.8)."""

from __future__ import annotations

import struct

import unicorn
from unicorn import arm_const

from edgeprune.emulate.exceptions import HARD_FAULT, USAGE_FAULT, CfsrBit, ExceptionUnit, Fault
from edgeprune.emulate.system import HFSR_FORCED, SystemControl
from edgeprune.targets import Core as CoreFacts

_THUMB, _IT_STATE, _PADDED = 1 << 24, 0x0600_FC00, 1 << 9
_IPSR_MASK = 0x1FF
_RETURN_BASE = 0xFFFF_FFF1  # to a handler, on the main stack, without floating-point registers
_RETURN_THREAD, _RETURN_PROCESS_STACK, _RETURN_BASIC_FRAME = 1 << 3, 1 << 2, 1 << 4
_CONTROL_PROCESS_STACK, _CONTROL_FLOAT = 1 << 1, 1 << 2
_BASIC_WORDS, _FLOAT_WORDS = 8, 18  # S0 to S15, FPSCR and a reserved word come on top
_GENERAL = tuple(getattr(arm_const, f"UC_ARM_REG_R{n}") for n in (0, 1, 2, 3, 12))
_FLOAT = tuple(getattr(arm_const, f"UC_ARM_REG_S{n}") for n in range(16))
#: Cycles from an exception to the first instruction of its handler, memory at zero wait states
#: (DDI0484 3.6.1 for M0+; DDI0337 and DDI0439 3.9.1, DDI0489 and Arm 100230 say 12 for the others).
_ENTRY_CYCLES = {"cortex-m0plus": 15}
_USUAL_ENTRY_CYCLES = 12
#: Leaving one pops the same frame and refills the pipeline.
_EXIT_CYCLES = 10


class ExceptionFrames:
    """The registers of one core, as exceptions and calls from the host change them."""

    def __init__(self, uc: unicorn.Uc, core: CoreFacts) -> None:
        self._uc = uc
        self._entry_cycles = _ENTRY_CYCLES.get(core.name, _USUAL_ENTRY_CYCLES)

    def _get(self, register: int) -> int:
        return int(self._uc.reg_read(register))

    def _set(self, register: int, value: int) -> None:
        self._uc.reg_write(register, value & 0xFFFF_FFFF)

    # -- reset and calls

    def reset(self, stack: int, entry: int) -> None:
        """Registers as after reset."""
        for register in (arm_const.UC_ARM_REG_PRIMASK, arm_const.UC_ARM_REG_FAULTMASK, arm_const.UC_ARM_REG_BASEPRI):
            self._set(register, 0)
        self._set(arm_const.UC_ARM_REG_XPSR, _THUMB)
        self._set(arm_const.UC_ARM_REG_CONTROL, 0)
        self._set(arm_const.UC_ARM_REG_SP, stack)
        self._set(arm_const.UC_ARM_REG_LR, 0xFFFF_FFFF)
        self._set(arm_const.UC_ARM_REG_PC, entry | 1)

    def prepare_call(self, function: int, come_back: int) -> None:
        """Let the next instruction be a function's first, and its return lead to `come_back`."""
        self._set(arm_const.UC_ARM_REG_SP, self._get(arm_const.UC_ARM_REG_SP) & ~7)  # the call standard wants it
        self._set(arm_const.UC_ARM_REG_LR, come_back | 1)
        self._set(arm_const.UC_ARM_REG_PC, function | 1)

    def thumb(self) -> bool:
        """Whether the core is in Thumb state, the only one it can execute in."""
        return bool(self._get(arm_const.UC_ARM_REG_XPSR) & _THUMB)

    def resume_address(self) -> int:
        """Where to go on, as unicorn wants it: with the Thumb bit, unless the state has been lost."""
        return self._get(arm_const.UC_ARM_REG_PC) & ~1 | int(self.thumb())

    def skip(self, size: int) -> None:
        """Leave out an instruction of so many bytes."""
        self._set(arm_const.UC_ARM_REG_PC, (self._get(arm_const.UC_ARM_REG_PC) & ~1) + size | 1)

    def execution_priority(self, unit: ExceptionUnit) -> int:
        """Of the code that runs now."""
        masks = (arm_const.UC_ARM_REG_PRIMASK, arm_const.UC_ARM_REG_BASEPRI, arm_const.UC_ARM_REG_FAULTMASK)
        return unit.execution_priority(*(self._get(register) for register in masks))

    # -- exceptions

    def enter(self, number: int, system: SystemControl) -> int:
        """Push a frame and go to the handler of an exception; returns the cycles that this takes.

        A frame that cannot be written is a fault of its own, which is taken instead and finds
        the stack pointer where the frame should be.
        """
        unit = system.exceptions
        link, words = self._new_link(unit)
        status = self._get(arm_const.UC_ARM_REG_XPSR)
        stack = self._get(arm_const.UC_ARM_REG_SP)
        bottom = (stack - 4 * words) & ~7
        if stack - 4 * words != bottom:
            status |= _PADDED
        values = [self._get(register) for register in (*_GENERAL, arm_const.UC_ARM_REG_LR, arm_const.UC_ARM_REG_PC)]
        frame = struct.pack("<8I", *values[:6], values[6] & ~1, status)
        if words > _BASIC_WORDS:
            frame += struct.pack("<16I", *(self._get(register) for register in _FLOAT))
            frame += struct.pack("<II", self._get(arm_const.UC_ARM_REG_FPSCR), 0)
        self._set(arm_const.UC_ARM_REG_SP, bottom)
        try:
            self._uc.mem_write(bottom, frame)
        except unicorn.UcError:
            system.record(Fault(USAGE_FAULT, CfsrBit.STKERR, None, ""), HFSR_FORCED)
            number = HARD_FAULT
        unit.active.append(number)
        self._set(arm_const.UC_ARM_REG_XPSR, _THUMB | number)
        self._set(arm_const.UC_ARM_REG_CONTROL, 0)
        self._set(arm_const.UC_ARM_REG_LR, link)
        self._set(arm_const.UC_ARM_REG_PC, self._vector(system.vectors, number) | 1)
        return self._entry_cycles

    def _new_link(self, unit: ExceptionUnit) -> tuple[int, int]:
        """The value for LR that describes the interrupted code, and the words of its frame."""
        control = self._get(arm_const.UC_ARM_REG_CONTROL)
        link = _RETURN_BASE
        if not unit.active:
            link |= _RETURN_THREAD
            link |= _RETURN_PROCESS_STACK if control & _CONTROL_PROCESS_STACK else 0
        if control & _CONTROL_FLOAT:
            return link & ~_RETURN_BASIC_FRAME, _BASIC_WORDS + _FLOAT_WORDS
        return link, _BASIC_WORDS

    def _vector(self, table: int, number: int) -> int:
        return int(struct.unpack("<I", bytes(self._uc.mem_read(table + 4 * number, 4)))[0])

    def leave(self, system: SystemControl) -> int:
        """Return from the handler that branched to its EXC_RETURN; returns the cycles that this takes."""
        link = self._get(arm_const.UC_ARM_REG_PC) | 1
        unit = system.exceptions
        if unit.active:
            unit.active.pop()
        control = 0
        self._set(arm_const.UC_ARM_REG_XPSR, _THUMB | (unit.active[-1] if unit.active else 0))
        if link & _RETURN_THREAD and link & _RETURN_PROCESS_STACK:
            control |= _CONTROL_PROCESS_STACK
        self._set(arm_const.UC_ARM_REG_CONTROL, control)
        bottom = self._get(arm_const.UC_ARM_REG_SP)
        words = _BASIC_WORDS if link & _RETURN_BASIC_FRAME else _BASIC_WORDS + _FLOAT_WORDS
        frame = struct.unpack(f"<{words}I", bytes(self._uc.mem_read(bottom, 4 * words)))
        for register, value in zip(_GENERAL, frame[:5], strict=True):
            self._set(register, value)
        status = frame[7]
        if words > _BASIC_WORDS:
            for register, value in zip(_FLOAT, frame[8:24], strict=True):
                self._set(register, value)
            self._set(arm_const.UC_ARM_REG_FPSCR, frame[24])
            self._set(arm_const.UC_ARM_REG_CONTROL, control | _CONTROL_FLOAT)
        self._set(arm_const.UC_ARM_REG_SP, bottom + 4 * words + (4 if status & _PADDED else 0))
        self._set(arm_const.UC_ARM_REG_LR, frame[5])
        self._set(arm_const.UC_ARM_REG_XPSR, status & ~_PADDED)
        self._set(arm_const.UC_ARM_REG_PC, frame[6] | 1)
        return _EXIT_CYCLES
