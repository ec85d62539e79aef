"""Target profiles: what a board or phone is, as data."""

from edgeprune.targets.cores import CORES, Core, Extension
from edgeprune.targets.cpus import ApplicationCpu, Cpu, McuCpu
from edgeprune.targets.profile import (
    CacheShape,
    CompiledTarget,
    FlashTiming,
    HostTarget,
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
