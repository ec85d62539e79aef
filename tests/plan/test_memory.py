"""The arena: nothing overlaps, little is wasted, and the checker sees what the planner cannot."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeprune.plan.memory import ALIGNMENT, Buffer, Placement, place, verify_placement

buffers = st.lists(
    st.builds(
        lambda size, first, length: Buffer(f"b{size}", size, first, first + length),
        st.integers(1, 4000), st.integers(-1, 20), st.integers(0, 10),
    ),
    min_size=1, max_size=25,
)  # fmt: skip


def aligned(nbytes: int) -> int:
    return -(-nbytes // ALIGNMENT) * ALIGNMENT


@given(buffers)
def test_live_buffers_never_share_a_byte(found: list[Buffer]) -> None:
    placement = place(tuple(found))
    for buffer, offset in zip(placement.buffers, placement.offsets, strict=True):
        assert offset % ALIGNMENT == 0
        assert offset + buffer.nbytes <= placement.nbytes
        for other, start in zip(placement.buffers, placement.offsets, strict=True):
            if other is not buffer and buffer.overlaps_in_time(other):
                assert offset + buffer.nbytes <= start or start + other.nbytes <= offset


@given(buffers)
def test_no_smaller_than_the_busiest_moment_and_no_larger_than_all(found: list[Buffer]) -> None:
    placement = place(tuple(found))
    busiest = max(sum(aligned(b.nbytes) for b in found if b.first <= t <= b.last) for t in range(-1, 32))
    assert busiest <= placement.nbytes <= sum(aligned(b.nbytes) for b in found)


def test_a_chain_needs_two_neighbours_only() -> None:
    chain = tuple(Buffer(f"t{i}", 1024, i, i + 1) for i in range(10))
    assert place(chain).nbytes == 2048


def test_equal_input_gives_equal_output() -> None:
    chain = tuple(Buffer(f"t{i}", 8 + i % 3, i % 5, i % 5 + 2) for i in range(20))
    assert place(chain) == place(chain)


@pytest.mark.parametrize("offsets", [(0, 0), (0, 8), (4, 64), (0, 96)])
def test_the_checker_finds_faults(offsets: tuple[int, int]) -> None:
    pair = (Buffer("a", 16, 0, 1), Buffer("b", 16, 1, 2))
    with pytest.raises(AssertionError):
        verify_placement(Placement(pair, offsets, 100))
