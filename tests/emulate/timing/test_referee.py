"""The Cortex-M4 model against an independent simulator, where its folder is at hand."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulate.timing.assembler import BASE, model_of

#: Not part of the project: a folder beside the checkout, or the one that the variable names.
FOLDER = os.environ.get("EP_REFEREE") or Path(__file__).parents[4] / "shared" / "tools"
REFEREE = Path(FOLDER) / "m4sim.py"
#: What a Cortex-M4 does not have (Armv8-M, FPv5) the two sort into different families.
NEWER = ("bxns", "blxns", "lda", "stl", "vmaxnm", "vminnm", "vrint", "vcvta", "vcvtm", "vcvtn", "vcvtp")


@pytest.fixture(scope="module")
def referee() -> Any:
    if not REFEREE.is_file():
        pytest.skip(f"there is no referee at {REFEREE}")
    spec = importlib.util.spec_from_file_location("m4sim", REFEREE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Timing()


# Half of the encodings have 32 bits, which in random halfwords would be one in eight.
NARROW = st.integers(0, 0xE7FF).map(lambda halfword: halfword.to_bytes(2, "little"))
WIDE = st.tuples(st.integers(0xE800, 0xFFFF), st.integers(0, 0xFFFF)).map(
    lambda halfwords: b"".join(halfword.to_bytes(2, "little") for halfword in halfwords)
)
BLOCKS = st.lists(st.one_of(NARROW, WIDE), min_size=1, max_size=12).map(b"".join)


@settings(max_examples=2000, deadline=None)
@given(code=BLOCKS, unaligned=st.booleans())
def test_random_blocks_cost_the_same(referee: Any, code: bytes, unaligned: bool) -> None:
    address = BASE + 2 * unaligned
    model = model_of("cortex-m4")
    if any(cost.text.startswith(NEWER) for cost in model.explain(code, address)):
        return
    ours = model.block(code, address)
    instructions, cycles, taken, wide, _call, holds_it = referee.block(code, address)
    assert (ours.instructions, ours.cycles, ours.taken_cycles) == (instructions, cycles, taken)
    assert (ours.arrival_cycles, ours.holds_it) == (wide, bool(holds_it))
