"""Cortex-M4: the shared pipeline with a multiplier that always takes one cycle."""

from __future__ import annotations

from edgeprune.emulate.timing.armv7m import ArmV7MTiming
from edgeprune.emulate.timing.model import Trust


class CortexM4(ArmV7MTiming):
    """Prices blocks for a Cortex-M4, with or without its floating-point unit (Arm DDI0439)."""

    trust = Trust(
        "calibrated",
        "rules of Arm DDI0439, compared with the published results of 13 MLPerf Tiny images on an STM32L4R5 with its "
        "flash model: -0.3 to -4.6 % on 12 of them, -8.8 % on one, so expect the hardware to be up to 5 % slower",
    )


MODEL = CortexM4
