"""What basic blocks cost, per core: one module each, found by the core's name.

A module `NAME.py` stands for the core `cortex-NAME` and holds `MODEL`, a subclass of
`TimingModel`.  Prices are static: the emulator asks once per block, and its counter adds
what depends on the run (branches taken, branches mispredicted, memory).
"""

from __future__ import annotations

import importlib
import pkgutil

from edgeprune.emulate.timing.model import BlockCost, InstructionCost, TimingModel, Trust
from edgeprune.errors import TargetError
from edgeprune.targets import McuCpu

__all__ = ["BlockCost", "InstructionCost", "TimingModel", "Trust", "timed_cores", "timing_model"]

_PREFIX = "cortex-"


def timed_cores() -> tuple[str, ...]:
    """Names of the cores that have a timing model, sorted."""
    names = (module.name for module in pkgutil.iter_modules(__path__))
    return tuple(sorted(_PREFIX + name for name in names if name[0] == "m" and name[1].isdigit()))


def timing_model(cpu: McuCpu) -> TimingModel:
    """The timing model of a processor.

    Raises:
        TargetError: there is none for its core.
    """
    if cpu.core not in timed_cores():
        raise TargetError(
            f"there is no timing model of {cpu.core}, only of {', '.join(timed_cores())}; "
            "QEMU runs its firmware and counts instructions, without cycles"
        )
    module = importlib.import_module(f"{__name__}.{cpu.core.removeprefix(_PREFIX)}")
    model: TimingModel = module.MODEL(cpu)
    return model
