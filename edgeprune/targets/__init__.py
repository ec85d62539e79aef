"""Target profiles: what a board or phone is, as data."""

from edgeprune.targets.cores import CORES, Core, Extension
from edgeprune.targets.profile import (
    CacheShape,
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
    "CacheShape",
    "Core",
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
