"""What sets the Cortex-M3 apart from the Cortex-M4 (Arm DDI0337, section 3.3.1), and what does not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulate.timing.assembler import BASE, assemble, cycles_of, model_of

CASES = (
    ("mul r0, r1, r2", (1,)),
    ("mla r0, r1, r2, r3", (2,)),
    ("mls r0, r1, r2, r3", (2,)),
    ("smull r0, r1, r2, r3", (4,)),  # 3 to 5
    ("umull r0, r1, r2, r3", (4,)),
    ("smlal r0, r1, r2, r3", (6,)),  # 4 to 7
    ("umlal r0, r1, r2, r3", (6,)),
    ("sdiv r0, r1, r2", (7,)),  # 2 to 12
    ("ldr r0, [r1]; ldr r2, [r1, #4]; str r0, [r3]", (2, 1, 1)),
    ("adds r0, r0, #4; ldr r1, [r0]", (1, 3)),
)


@pytest.mark.parametrize(("source", "cycles"), CASES)
def test_cost_follows_the_manual(source: str, cycles: tuple[int, ...]) -> None:
    code = assemble("cortex-m3", tuple(case[0] for case in CASES))[source]
    assert cycles_of(model_of("cortex-m3"), code) == cycles


@given(st.lists(st.integers(0, 0xE7FF), min_size=1, max_size=12))
def test_16_bit_code_costs_the_same_as_on_the_m4(halfwords: list[int]) -> None:
    # All that differs are 32-bit multiplications.
    code = b"".join(halfword.to_bytes(2, "little") for halfword in halfwords)
    assert model_of("cortex-m3").block(code, BASE) == model_of("cortex-m4").block(code, BASE)
