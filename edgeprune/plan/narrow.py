"""The plan of a model without its constant channels: never worse than the plan with all of them.

Some kernels need a multiple of channels, or are faster with one, so that leaving out a single
channel can cost time.  Few roundings are worth a try, and planning each takes little.
"""

from __future__ import annotations

import contextlib
import math

from edgeprune.errors import DoesNotFit
from edgeprune.graph import Graph
from edgeprune.optimize import Removal, remove_constant_channels
from edgeprune.plan.plan import Plan, make_plan
from edgeprune.plan.select import FIRMWARE_FLASH, FIRMWARE_RAM, Objective
from edgeprune.targets import CompiledTarget

#: Layers are left a multiple of so many channels; the last stands for all channels that they have.
_MULTIPLES = (1, 2, 4, 8, 16, 1 << 30)


def make_narrow_plan(
    graph: Graph,
    target: CompiledTarget,
    objective: Objective = Objective.BALANCED,
    kernels: frozenset[str] = frozenset(),
) -> tuple[Plan, tuple[Removal, ...]]:
    """As `make_plan`, without channels that are constant or unread, where the objective gains by that.

    Args:
        graph: What to run.
        target: What to run it on.
        objective: What the plan is to be good at.
        kernels: Labels of kernels that are taken wherever they can run, whatever they cost.

    Returns:
        The plan, and what went from each layer.

    Raises:
        UnsupportedError: as `make_plan`.
        DoesNotFit: as `make_plan`.
    """
    plans: list[tuple[Plan, tuple[Removal, ...]]] = []
    tried: set[tuple[tuple[int, ...], ...]] = set()
    for multiple in _MULTIPLES:
        narrow, removals = remove_constant_channels(graph, multiple)
        shapes = tuple(tensor.shape for tensor in narrow.tensors)
        if shapes not in tried:
            tried.add(shapes)
            with contextlib.suppress(DoesNotFit):
                plans.append((make_plan(narrow, target, objective, kernels), removals))
        if narrow is graph:
            break
    if not plans:
        return make_plan(graph, target, objective, kernels), ()  # which says by how much it does not fit
    return min(plans, key=lambda found: _cost(found[0]))


def _cost(plan: Plan) -> float:
    """Logarithm of the product that the objective minimises."""
    options = [layer.choice.option for layer in plan.layers if layer.choice]
    code: dict[object, int] = {option.kernel.name: option.kernel.code_bytes for option in options}
    code.update({option.code.definitions: option.code.definition_bytes for option in options})
    flash = FIRMWARE_FLASH + sum(code.values()) + sum(option.table_bytes for option in options)
    cycles, ram = sum(option.cycles for option in options), FIRMWARE_RAM + plan.arena_bytes
    a, b, c = plan.objective.exponents
    return a * math.log(cycles + 1) + b * math.log(flash) + c * math.log(ram)
