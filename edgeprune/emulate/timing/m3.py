"""Cortex-M3: the shared pipeline with a slower multiplier and no parallel arithmetic."""

from __future__ import annotations

from edgeprune.emulate.timing.armv7m import ArmV7MTiming
from edgeprune.emulate.timing.instruction import Instruction
from edgeprune.emulate.timing.model import Trust

#: MLA and MLS (Arm DDI0337 3.3.1).
_ACCUMULATE = 2
#: SMULL and UMULL take 3 to 5 cycles, SMLAL and UMLAL 4 to 7, by the size of their operands
#: (DDI0337 3.3.1); the middle of each range, rounded up.
_LONG = {"smull": 4, "umull": 4, "smlal": 6, "umlal": 6}


class CortexM3(ArmV7MTiming):
    """Prices blocks for a Cortex-M3 (Arm DDI0337)."""

    trust = Trust(
        "modelled",
        "the Cortex-M4's rules with the multiplier of Arm DDI0337; not compared with hardware itself; its speed "
        "relative to the Cortex-M4 is within 4 % of CoreMark's on like code, so expect the hardware to be up to "
        "10 % slower",
    )

    def _multiply_cycles(self, i: Instruction) -> int:
        return _ACCUMULATE if i.name in ("mla", "mls") else _LONG.get(i.name, 1)


MODEL = CortexM3
