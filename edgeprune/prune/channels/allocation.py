"""How many channels each group keeps, so that a model keeps within its budgets."""

from __future__ import annotations

import enum
import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from edgeprune.prune.channels.budget import Budget
from edgeprune.prune.channels.importance import Evidence, Importance, Scores, choose
from edgeprune.prune.channels.quantities import Measure
from edgeprune.prune.channels.structure import Group, Keep, Structure

_STEPS = 400  # granularity of the search for the fraction that meets a budget
_REACH = 4  # how many steps are looked ahead
_NOTHING_SAVED = 1e9  # price of a loss that saves nothing
_MOVES = 48  # how many steps a group takes at most from whole to nothing when channels go one step at a time


class Allocation(enum.Enum):
    """How the loss of channels is spread over the groups.

    Attributes:
        UNIFORM: Every group loses the same fraction.
        GLOBAL: All channels stand in one ranking by importance.
        COST: They stand in one ranking by importance per amount saved, so that the groups that cost
            most lose most.
    """

    UNIFORM = "uniform"
    GLOBAL = "global"
    COST = "cost"


@dataclass(frozen=True)
class Rounding:
    """Which numbers of channels are allowed.

    Attributes:
        multiple: Groups of at least two multiples keep a multiple of this, because SIMD kernels work on
            several channels at once.
        minimum: Channels that every group keeps at least.
        fixed: Numbers of channels that are decided already, by number of the group.
    """

    multiple: int
    minimum: int = 1
    fixed: Mapping[int, int] = field(default_factory=dict)

    def unit(self, group: Group) -> int:
        """The step in which this group loses channels."""
        return self.multiple if group.size >= 2 * self.multiple else 1

    def least(self, group: Group) -> int:
        """The fewest channels that this group may keep."""
        unit = self.unit(group)
        return min(group.size, -(-max(self.minimum, 1) // unit) * unit)


@dataclass(frozen=True)
class Limit:
    """A budget with the measure of what it limits."""

    budget: Budget
    measure: Measure
    amount: float

    def holds(self, sizes: Sequence[int]) -> bool:
        """Whether a model of these sizes keeps within the budget."""
        return self.measure(sizes) <= self.amount * (1 + 1e-9)


def limit(budget: Budget, measure: Measure, groups: Sequence[Group]) -> Limit:
    """The budget of a model with these removable groups."""
    return Limit(budget, measure, budget.limit(measure([group.size for group in groups])))


def for_fraction(groups: Sequence[Group], fraction: float, rounding: Rounding) -> tuple[int, ...]:
    """Channels that stay in each group when `fraction` (0 to 1) of them goes."""
    sizes = []
    for number, group in enumerate(groups):
        unit = rounding.unit(group)
        exact = int(np.floor(group.size * (1.0 - fraction) / unit + 0.5)) * unit
        free = min(group.size, max(rounding.least(group), exact))
        sizes.append(rounding.fixed.get(number, free))
    return tuple(sizes)


def keep_fraction(
    model: Any, structure: Structure, fraction: float, importance: Importance = Importance.L1, multiple: int = 1
) -> Keep:
    """The decision that takes the least important `fraction` (0 to below 1) of every group's channels, without data."""
    sizes = for_fraction(structure.removable, fraction, Rounding(multiple))
    return choose(structure, Evidence.of(model.layers), sizes, importance)


def allocate(
    groups: Sequence[Group],
    limits: Sequence[Limit],
    allocation: Allocation,
    scores: Sequence[Scores],
    saving: Measure,
    rounding: Rounding,
) -> tuple[int, ...]:
    """Channels that stay in each group so that all limits hold, with as little lost as the allocation knows.

    Args:
        groups: The removable groups.
        limits: All of them must hold.
        allocation: How the loss is spread.
        scores: Importance of the channels of each group.
        saving: What COST relates importance to.
        rounding: Which numbers are allowed.

    Raises:
        UserError: A budget is out of reach; says the smallest amount that is not.
    """
    least = for_fraction(groups, 1.0, rounding)
    whole = [group.size for group in groups]
    for held in limits:
        if not held.holds(least):
            raise held.budget.out_of_reach(held.measure(whole), held.measure(least))
    if allocation is Allocation.UNIFORM:
        sizes = _uniform(groups, limits, rounding)
    else:
        constant = saving if allocation is Allocation.COST else None
        sizes = _ranked(groups, limits, scores, constant, rounding)
    return _give_back(groups, limits, sizes, rounding)


def _uniform(groups: Sequence[Group], limits: Sequence[Limit], rounding: Rounding) -> tuple[int, ...]:
    """The sizes of the smallest fraction that meets the limits, by bisection over `_STEPS` fractions."""
    low, high = 0, _STEPS
    while low < high:
        middle = (low + high) // 2
        sizes = for_fraction(groups, middle / _STEPS, rounding)
        if all(held.holds(sizes) for held in limits):
            high = middle
        else:
            low = middle + 1
    return for_fraction(groups, low / _STEPS, rounding)


def _ranked(
    groups: Sequence[Group],
    limits: Sequence[Limit],
    scores: Sequence[Scores],
    saving: Measure | None,
    rounding: Rounding,
) -> tuple[int, ...]:
    """Take channels away one step at a time, each time where least is lost (per amount saved).

    The loss of a group is -log(importance that stays / all of its importance), once for each layer
    that makes it: relative, so that groups compare, and growing beyond any bound as a group empties,
    so that none collapses.  The removal that is cheapest now is found in a heap of earlier prices,
    each made anew when it comes to the top.
    """
    sizes = [rounding.fixed.get(number, group.size) for number, group in enumerate(groups)]
    remaining = [np.concatenate([[0.0], np.cumsum(np.sort(s)[::-1])]) for s in scores]  # by channels that stay

    def price(number: int, fewer: int, before: float) -> float:
        """What it costs to leave a group so few channels, per amount saved of `before`."""
        left, layers = remaining[number], max(1, len(groups[number].producers))
        loss = layers * float(np.log(max(left[sizes[number]], 1e-30) / max(left[fewer], 1e-30)))
        if saving is None:
            return loss / (sizes[number] - fewer)
        saved = before - saving([*sizes[:number], fewer, *sizes[number + 1 :]])
        return loss / saved if saved > 0 else loss * _NOTHING_SAVED

    def best(number: int) -> tuple[float, int, int]:
        """Lowest price of a group's next steps, its number, and the channels that it has after them."""
        before = saving(sizes) if saving is not None else 0.0
        steps = _next(groups[number], sizes[number], rounding)
        return min((price(number, fewer, before), number, fewer) for fewer in steps)

    def can(number: int) -> bool:
        return number not in rounding.fixed and sizes[number] > rounding.least(groups[number])

    heap = [best(number) for number in range(len(groups)) if can(number)]
    heapq.heapify(heap)
    while heap and not all(held.holds(sizes) for held in limits):
        _, number, _ = heapq.heappop(heap)
        now = best(number)
        if heap and now[0] > heap[0][0]:
            heapq.heappush(heap, now)
            continue
        sizes[number] = now[2]
        if can(number):
            heapq.heappush(heap, best(number))
    return tuple(sizes)


def _next(group: Group, size: int, rounding: Rounding) -> list[int]:
    """Channels that a group of `size` may have after its next steps.

    Several are looked at because a kernel's cycles are a staircase: one step alone may save nothing.
    """
    least, unit = rounding.least(group), rounding.unit(group)
    stride = unit * max(1, round(group.size / unit / _MOVES))
    reach = range((size - 1) // stride, (size - 1) // stride - _REACH, -1)
    return sorted({max(least, count * stride) for count in reach})


def _give_back(
    groups: Sequence[Group], limits: Sequence[Limit], sizes: tuple[int, ...], rounding: Rounding
) -> tuple[int, ...]:
    """Grow the groups that lost most, one step at a time, while the limits hold: rounding may have overshot."""
    current, growing = list(sizes), True
    while growing:
        growing = False
        for i in sorted(range(len(groups)), key=lambda i: current[i] / groups[i].size):
            tried = [*current]
            tried[i] = min(groups[i].size, current[i] + rounding.unit(groups[i]))
            if i not in rounding.fixed and tried[i] > current[i] and all(held.holds(tried) for held in limits):
                current, growing = tried, True
                break
    return tuple(current)
