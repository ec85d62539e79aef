"""Pruning: patterns of sparsity, the analysis they need, and the training that recovers accuracy."""

from __future__ import annotations

import importlib
import pkgutil

from edgeprune.prune import methods
from edgeprune.prune.channels.importance import Norm
from edgeprune.prune.methods.channel import ChannelPruning, prune_channels
from edgeprune.prune.pattern import Pattern
from edgeprune.prune.result import GroupReport, LayerReport, PruneReport, PruneResult
from edgeprune.prune.settings import Training

__all__ = [
    "ChannelPruning",
    "GroupReport",
    "LayerReport",
    "Norm",
    "Pattern",
    "PruneReport",
    "PruneResult",
    "Training",
    "patterns",
    "prune_channels",
]


def patterns() -> dict[str, Pattern]:
    """Every pruning pattern by name, found by scanning `edgeprune.prune.methods`."""
    found = {}
    for module in pkgutil.iter_modules(methods.__path__):
        pattern = importlib.import_module(f"{methods.__name__}.{module.name}").PATTERN
        found[pattern.name] = pattern
    return found
