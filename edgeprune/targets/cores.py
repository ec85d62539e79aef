"""What Arm's cores have and lack, by name; the facts that several stages ask for."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Extension(enum.Enum):
    """What a core may have beyond the instructions that all share."""

    DSP = "DSP extension"
    FPU = "floating-point unit"
    HELIUM = "Helium vectors"
    NEON = "Neon vectors"
    DOT_PRODUCT = "dot product instructions"


@dataclass(frozen=True)
class Core:
    """One Arm core.

    Attributes:
        name: As compilers call it, for example `cortex-m4`.
        architecture: `armv6-m`, `armv7-m`, `armv7e-m`, `armv8-m.main`, `armv8.1-m.main`, or for
            application processors `armv8-a` or `armv8.2-a`.
        dsp: Whether it has the DSP extension (SMLAD and friends).
        helium: Whether it has vector instructions (MVE).
        cycle_counter: Whether its trace unit counts cycles (DWT CYCCNT); where not,
            firmware counts by SysTick.
        neon: Whether it has the 64-bit architecture's vector instructions.
        dot_product: Whether these multiply and add four pairs of bytes per lane (SDOT).
    """

    name: str
    architecture: str
    dsp: bool
    helium: bool
    cycle_counter: bool
    neon: bool = False
    dot_product: bool = False

    @property
    def configurable_faults(self) -> bool:
        """Whether it tells faults apart (CFSR, MMFAR, BFAR); Armv6-M knows HardFault only."""
        return self.architecture != "armv6-m"


def _application(name: str, dot_product: bool) -> Core:
    """A 64-bit core of phones and single-board computers."""
    architecture = "armv8.2-a" if dot_product else "armv8-a"
    return Core(name, architecture, dsp=False, helium=False, cycle_counter=False, neon=True, dot_product=dot_product)


CORES: dict[str, Core] = {
    core.name: core
    for core in (
        Core("cortex-m0plus", "armv6-m", dsp=False, helium=False, cycle_counter=False),
        Core("cortex-m3", "armv7-m", dsp=False, helium=False, cycle_counter=True),
        Core("cortex-m4", "armv7e-m", dsp=True, helium=False, cycle_counter=True),
        Core("cortex-m7", "armv7e-m", dsp=True, helium=False, cycle_counter=True),
        Core("cortex-m33", "armv8-m.main", dsp=True, helium=False, cycle_counter=True),
        Core("cortex-m55", "armv8.1-m.main", dsp=True, helium=True, cycle_counter=True),
        _application("cortex-a53", dot_product=False),
        _application("cortex-a72", dot_product=False),
        _application("cortex-a73", dot_product=False),
        _application("cortex-a55", dot_product=True),
        _application("cortex-a75", dot_product=True),
        _application("cortex-a76", dot_product=True),
        _application("cortex-a77", dot_product=True),
        _application("cortex-a78", dot_product=True),
        _application("cortex-x1", dot_product=True),
    )
}
