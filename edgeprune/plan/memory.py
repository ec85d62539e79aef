"""Places buffers with known lifetimes into one arena, as tightly as a greedy search can.

Offline memory planning as in TensorFlow Lite Micro's greedy planner (Lee and Pisarchyk,
"Efficient Memory Management for Deep Neural Net Inference", arXiv 2001.03288), tried in
several orders of which the best is kept; where that exceeds the lower bound, a search over
further orders follows.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

#: Every buffer starts at a multiple of this, so that kernels may use it as any C type.
ALIGNMENT = 8
#: Orders that the search tries beyond the fixed ones.
_TRIALS = 300


@dataclass(frozen=True)
class Buffer:
    """A stretch of memory that one tensor, or one kernel's scratch, needs for a while.

    Attributes:
        name: For messages.
        nbytes: Its size.
        first, last: Positions of the first and last layer during which its content
            matters; -1 is before the first layer.
    """

    name: str
    nbytes: int
    first: int
    last: int

    def overlaps_in_time(self, other: Buffer) -> bool:
        """Whether both are needed during some layer."""
        return self.first <= other.last and other.first <= self.last


@dataclass(frozen=True)
class Placement:
    """Offsets of all buffers, in their order, and the arena's size in bytes."""

    buffers: tuple[Buffer, ...]
    offsets: tuple[int, ...]
    nbytes: int


def lower_bound(buffers: tuple[Buffer, ...]) -> int:
    """Bytes that are alive at the busiest moment, below which no placement can be."""
    moments = {buffer.first for buffer in buffers}
    return max((sum(aligned(b.nbytes) for b in buffers if b.first <= t <= b.last) for t in moments), default=0)


def place(buffers: tuple[Buffer, ...], thorough: bool = True) -> Placement:
    """Place the buffers; the result depends on nothing but the arguments.

    Args:
        buffers: What to place.
        thorough: Whether to search where the usual orders miss the lower bound; memory must be worth the time.
    """
    keys: tuple[Callable[[Buffer], tuple[int, ...]], ...] = (
        lambda b: (-b.nbytes, b.first),
        lambda b: (-b.nbytes * (b.last - b.first + 1), b.first),
        lambda b: (b.first, -b.nbytes),
        lambda b: (-(b.last - b.first), -b.nbytes, b.first),
    )
    orders = [sorted(range(len(buffers)), key=lambda i, key=key: (*key(buffers[i]), i)) for key in keys]  # type: ignore[misc]
    order, best = min(((o, _place_in_order(buffers, o)) for o in orders), key=lambda found: found[1].nbytes)
    if thorough:
        best = _search(buffers, order, best)
    verify_placement(best)
    return best


def _search(buffers: tuple[Buffer, ...], order: list[int], best: Placement) -> Placement:
    """Exchange two buffers of the order at a time and keep what is no worse, until the bound is met."""
    bound, numbers = lower_bound(buffers), random.Random(len(buffers))
    for _ in range(_TRIALS):
        if best.nbytes <= bound:
            break
        trial = order.copy()
        i, k = numbers.randrange(len(order)), numbers.randrange(len(order))
        trial[i], trial[k] = trial[k], trial[i]
        found = _place_in_order(buffers, trial)
        if found.nbytes <= best.nbytes:
            order, best = trial, found
    return best


def _place_in_order(buffers: tuple[Buffer, ...], order: Sequence[int]) -> Placement:
    offsets: dict[int, int] = {}
    for index in order:
        buffer = buffers[index]
        occupied = [
            (offset, offset + aligned(buffers[other].nbytes))
            for other, offset in offsets.items()
            if buffer.overlaps_in_time(buffers[other])
        ]
        offsets[index] = _best_gap(sorted(occupied), aligned(buffer.nbytes))
    end = max((offsets[i] + aligned(b.nbytes) for i, b in enumerate(buffers)), default=0)
    return Placement(buffers, tuple(offsets[i] for i in range(len(buffers))), end)


def _best_gap(occupied: Iterable[tuple[int, int]], nbytes: int) -> int:
    """Offset of the smallest gap that holds `nbytes`, or the end of what is occupied."""
    best: tuple[int, int] | None = None
    end = 0
    for start, stop in occupied:
        if start - end >= nbytes and (best is None or start - end < best[0]):
            best = (start - end, end)
        end = max(end, stop)
    return best[1] if best else end


def aligned(nbytes: int) -> int:
    """The size rounded up to the alignment."""
    return -(-nbytes // ALIGNMENT) * ALIGNMENT


def verify_placement(placement: Placement) -> None:
    """Check by comparing all pairs that no two live buffers share a byte.

    Independent of how the offsets were found.

    Raises:
        AssertionError: a bug of the planner.
    """
    spans = list(zip(placement.buffers, placement.offsets, strict=True))
    for index, (buffer, offset) in enumerate(spans):
        if offset % ALIGNMENT or offset < 0 or offset + buffer.nbytes > placement.nbytes:
            raise AssertionError(f"{buffer.name} at {offset} is misaligned or outside {placement.nbytes} B")
        for other, start in spans[:index]:
            apart = offset >= start + other.nbytes or start >= offset + buffer.nbytes
            if not apart and buffer.overlaps_in_time(other):
                raise AssertionError(f"{buffer.name} at {offset} overwrites {other.name} at {start}")
