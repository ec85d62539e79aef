"""When results are ready: what the models of pipelines with several stages share."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from capstone import arm

from edgeprune.emulate.timing.instruction import Instruction, is_double

#: Stands for the condition flags, which capstone does not list for every instruction.
FLAGS = -1
#: Of registers that the block has not written: earlier than any stage could want them.
_LONG_AGO = -16


@dataclass
class Scoreboard:
    """The cycle from which each register can be used, and the instruction that wrote it last.

    A block starts at cycle 0 with everything ready.  Double registers count as their two
    halves, so that S0 waits for D0.
    """

    _ready: dict[int, int] = field(default_factory=dict)
    _writer: dict[int, Instruction] = field(default_factory=dict)

    def ready(self, register: int) -> int:
        """First cycle in which an ordinary use of the register does not wait."""
        return self._ready.get(register, _LONG_AGO)

    def writer(self, register: int) -> Instruction | None:
        """The instruction of this block that wrote the register last."""
        return self._writer.get(register)

    def write(self, i: Instruction, registers: Iterable[int], ready: int) -> None:
        """Note that `i` writes the registers, and when they are ready."""
        for register in halves(registers):
            self._ready[register] = ready
            self._writer[register] = i


def halves(registers: Iterable[int]) -> frozenset[int]:
    """The registers, doubles split into their two singles where these exist (D0 to D15)."""
    found: set[int] = set()
    for register in registers:
        number = register - arm.ARM_REG_D0
        if is_double(register) and number < 16:
            found |= {arm.ARM_REG_S0 + 2 * number, arm.ARM_REG_S0 + 2 * number + 1}
        else:
            found.add(register)
    return frozenset(found)
