"""Pruning: patterns of sparsity, the analysis they need, and the training that recovers accuracy.

The package can be called: `edgeprune.prune("model.keras", "data.npz", method="channel")` is `job.prune`.
"""

from __future__ import annotations

import sys
import types
from typing import Any

from edgeprune.prune.channels.allocation import Allocation
from edgeprune.prune.channels.importance import Importance
from edgeprune.prune.channels.rules import register_rule
from edgeprune.prune.channels.site import Barrier, Passage, Site, sized
from edgeprune.prune.channels.structure import WeightAxes
from edgeprune.prune.job import prune, run_steps
from edgeprune.prune.methods.channel import ChannelPruning, prune_channels
from edgeprune.prune.options import Step, steps_of
from edgeprune.prune.pattern import Pattern, patterns
from edgeprune.prune.result import GroupReport, LayerReport, PruneReport, PruneResult
from edgeprune.prune.settings import Training

__all__ = [
    "Allocation",
    "Barrier",
    "ChannelPruning",
    "GroupReport",
    "Importance",
    "LayerReport",
    "Passage",
    "Pattern",
    "PruneReport",
    "PruneResult",
    "Site",
    "Step",
    "Training",
    "WeightAxes",
    "patterns",
    "prune",
    "prune_channels",
    "register_rule",
    "run_steps",
    "sized",
    "steps_of",
]


class _Callable(types.ModuleType):
    """The folder and the function of the API have one name, so the package itself is the function."""

    def __call__(self, *args: Any, **kwargs: Any) -> PruneResult:
        return prune(*args, **kwargs)


sys.modules[__name__].__class__ = _Callable
