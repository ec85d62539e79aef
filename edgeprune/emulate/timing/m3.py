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
        "rules of Arm DDI0337, which the calibrated model of the Cortex-M4 shares; not compared with hardware: code "
        "with long multiplications may differ by some 10 % either way, other code as on the Cortex-M4",
    )

    def _multiply_cycles(self, i: Instruction) -> int:
        return _ACCUMULATE if i.name in ("mla", "mls") else _LONG.get(i.name, 1)


MODEL = CortexM3
