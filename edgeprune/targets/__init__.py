"""Target profiles: what a board or phone is, as data."""

from edgeprune.targets.profile import HostTarget, McuTarget, PhoneTarget, Target, list_targets, load_target

__all__ = ["HostTarget", "McuTarget", "PhoneTarget", "Target", "list_targets", "load_target"]
