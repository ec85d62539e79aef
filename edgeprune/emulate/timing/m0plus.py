"""Cortex-M0+: two stages, one instruction at a time, no effects between neighbours."""

from __future__ import annotations

from edgeprune.emulate.timing.instruction import Instruction, Kind
from edgeprune.emulate.timing.model import Prices, TimingModel, Trust

#: Cycles when nothing branches (Arm DDI0484 3.3, table 3-1); the kinds left out take 1.
_CYCLES = {Kind.LOAD: 2, Kind.STORE: 2, Kind.SYSTEM: 3}
#: Added by a branch: B, BX and a write to PC take 2 cycles in all, BL 3, POP of PC 3 + N.
_TAKEN = 1
_TAKEN_LINK = 2
_TAKEN_LOADED = 2
_NAMED = {"cpsid": 1, "cpsie": 1, "wfe": 2, "wfi": 2}


class CortexM0Plus(TimingModel):
    """Prices blocks for a Cortex-M0+ (Arm DDI0484).

    The multiplier is the maker's choice: `multiplier_cycles` of the profile.
    """

    trust = Trust(
        "modelled",
        "the cycle table of Arm DDI0484 3.3; not compared with hardware itself; its speed relative to the Cortex-M4 is "
        "within 6 % of CoreMark's on like code, so expect the hardware to be up to 10 % slower",
    )

    def _price(self, block: tuple[Instruction, ...]) -> Prices:
        taken = 0
        for i in block:
            taken = _taken_cycles(i) or taken
        return Prices(tuple(self._cycles(i) for i in block), taken)

    def _cycles(self, i: Instruction) -> int:
        if i.kind is Kind.MULTIPLY:
            return self._cpu.multiplier_cycles
        if i.kind is Kind.MULTIPLE:
            return 1 + i.words
        return _NAMED.get(i.name) or _CYCLES.get(i.kind, 1)


def _taken_cycles(i: Instruction) -> int:
    if i.loads_pc:
        return _TAKEN_LOADED
    if i.kind is Kind.DIRECT_BRANCH:
        return _TAKEN_LINK if i.name == "bl" else _TAKEN
    return _TAKEN if i.kind is Kind.REGISTER_BRANCH else 0


MODEL = CortexM0Plus
