"""Passes over the graph that leave every output as it is, bit by bit."""

from __future__ import annotations

from collections.abc import Callable

from edgeprune.graph import Graph
from edgeprune.optimize.constant_channels import ConstantChannels, Removal, find, remove_constant_channels
from edgeprune.optimize.constants import fold_constants
from edgeprune.optimize.dead import remove_dead_nodes
from edgeprune.optimize.settled import settle_channels

__all__ = ["ConstantChannels", "Removal", "find", "optimize", "remove_constant_channels", "settle_channels"]

#: What every model goes through before it is planned, in this order.
PASSES: tuple[Callable[[Graph], Graph], ...] = (fold_constants, remove_dead_nodes, settle_channels)


def optimize(graph: Graph) -> Graph:
    """The graph after all passes, checked after each; any microcontroller's plan begins with it."""
    for run in PASSES:
        graph = run(graph).check()
    return graph
