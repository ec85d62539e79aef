"""Processors of targets, and what kernels may use of them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from edgeprune.targets.cores import CORES, Core, Extension


class Section(BaseModel):
    """A part of a profile, as strict as all of them."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class McuCpu(Section):
    """Processor of a microcontroller.

    Attributes:
        core: A key of `CORES`.
        fpu: Floating-point unit as compilers name it; None where the chip has none.
        clock_hz: Frequency that the firmware sets up and counts in.
        multiplier_cycles: Of a 32-bit multiplication; a Cortex-M0+ is made with 1 or 32.
    """

    core: Literal["cortex-m0plus", "cortex-m3", "cortex-m4", "cortex-m7", "cortex-m33", "cortex-m55"]
    fpu: Literal["fpv4-sp-d16", "fpv5-sp-d16", "fpv5-d16"] | None = None
    clock_hz: Annotated[int, Field(gt=0)]
    multiplier_cycles: Literal[1, 32] = 1

    @property
    def facts(self) -> Core:
        """What the core has and lacks."""
        return CORES[self.core]

    @property
    def has_dsp(self) -> bool:
        """Whether the core has the DSP extension (SMLAD and friends)."""
        return self.facts.dsp

    @property
    def extensions(self) -> frozenset[Extension]:
        """What kernels may use; Helium only where the chip has its floating-point part too."""
        helium = self.facts.helium and self.fpu is not None
        present = {Extension.DSP: self.facts.dsp, Extension.FPU: self.fpu is not None, Extension.HELIUM: helium}
        return frozenset(extension for extension, has in present.items() if has)


class ApplicationCpu(Section):
    """Processor of a phone or a single-board computer, with the 64-bit Arm architecture.

    A program for it runs on every such core, whichever it is compiled for: extensions that not
    all have are looked for when it starts.

    Attributes:
        core: As compilers call it; one that `CORES` lacks counts as having what all of them have.
    """

    core: str

    @property
    def facts(self) -> Core:
        """What the core has and lacks."""
        return CORES.get(self.core, CORES["cortex-a53"])

    @property
    def extensions(self) -> frozenset[Extension]:
        """What kernels may use."""
        more = {Extension.DOT_PRODUCT} if self.facts.dot_product else set()
        return frozenset({Extension.NEON, Extension.FPU} | more)


#: What kernels are chosen for.
Cpu = McuCpu | ApplicationCpu
