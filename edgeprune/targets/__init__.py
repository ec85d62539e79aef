"""Target profiles: what a board or phone is, as data."""

from edgeprune.targets.cores import CORES, Core, Extension
from edgeprune.targets.profile import (
    ApplicationCpu,
    CacheShape,
    CompiledTarget,
    Cpu,
    FlashTiming,
    HostTarget,
    McuCpu,
    McuTarget,
    PhoneTarget,
    Target,
    list_targets,
    load_target,
)

__all__ = [
    "CORES",
    "ApplicationCpu",
    "CacheShape",
    "CompiledTarget",
    "Core",
    "Cpu",
    "Extension",
    "FlashTiming",
    "HostTarget",
    "McuCpu",
    "McuTarget",
    "PhoneTarget",
    "Target",
    "list_targets",
    "load_target",
]
