"""Places buffers with known lifetimes into one arena, as tightly as a greedy search can.

Offline memory planning as in TensorFlow Lite Micro's greedy planner (Lee and Pisarchyk,
"Efficient Memory Management for Deep Neural Net Inference", arXiv 2001.03288), tried in
several orders of which the best is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

#: Every buffer starts at a multiple of this, so that kernels may use it as any C type.
ALIGNMENT = 8


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


def place(buffers: tuple[Buffer, ...]) -> Placement:
    """Place the buffers; the result depends on nothing but them."""
    orders: tuple[Callable[[Buffer], tuple[int, ...]], ...] = (
        lambda b: (-b.nbytes, b.first),
        lambda b: (-b.nbytes * (b.last - b.first + 1), b.first),
        lambda b: (b.first, -b.nbytes),
        lambda b: (-(b.last - b.first), -b.nbytes, b.first),
    )
    candidates = [_place_in_order(buffers, order) for order in orders]
    best = min(candidates, key=lambda placement: placement.nbytes)
    verify_placement(best)
    return best


def _place_in_order(buffers: tuple[Buffer, ...], order: Callable[[Buffer], tuple[int, ...]]) -> Placement:
    offsets: dict[int, int] = {}
    for index in sorted(range(len(buffers)), key=lambda i: (*order(buffers[i]), i)):
        buffer = buffers[index]
        occupied = [
            (offset, offset + _aligned(buffers[other].nbytes))
            for other, offset in offsets.items()
            if buffer.overlaps_in_time(buffers[other])
        ]
        offsets[index] = _best_gap(sorted(occupied), _aligned(buffer.nbytes))
    end = max((offsets[i] + _aligned(b.nbytes) for i, b in enumerate(buffers)), default=0)
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


def _aligned(nbytes: int) -> int:
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
