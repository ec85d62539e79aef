"""What the Cortex-M cores have and lack, by name; the facts that several stages ask for."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Extension(enum.Enum):
    """What a core may have beyond the instructions that all share."""

    DSP = "DSP extension"
    FPU = "floating-point unit"
    HELIUM = "Helium vectors"


@dataclass(frozen=True)
class Core:
    """One Arm Cortex-M core.

    Attributes:
        name: As compilers call it, for example `cortex-m4`.
        architecture: `armv6-m`, `armv7-m`, `armv7e-m`, `armv8-m.main` or `armv8.1-m.main`.
        dsp: Whether it has the DSP extension (SMLAD and friends).
        helium: Whether it has vector instructions (MVE).
        cycle_counter: Whether its trace unit counts cycles (DWT CYCCNT); where not,
            firmware counts by SysTick.
    """

    name: str
    architecture: str
    dsp: bool
    helium: bool
    cycle_counter: bool

    @property
    def configurable_faults(self) -> bool:
        """Whether it tells faults apart (CFSR, MMFAR, BFAR); Armv6-M knows HardFault only."""
        return self.architecture != "armv6-m"


CORES: dict[str, Core] = {
    core.name: core
    for core in (
        Core("cortex-m0plus", "armv6-m", dsp=False, helium=False, cycle_counter=False),
        Core("cortex-m3", "armv7-m", dsp=False, helium=False, cycle_counter=True),
        Core("cortex-m4", "armv7e-m", dsp=True, helium=False, cycle_counter=True),
        Core("cortex-m7", "armv7e-m", dsp=True, helium=False, cycle_counter=True),
        Core("cortex-m33", "armv8-m.main", dsp=True, helium=False, cycle_counter=True),
        Core("cortex-m55", "armv8.1-m.main", dsp=True, helium=True, cycle_counter=True),
    )
}
