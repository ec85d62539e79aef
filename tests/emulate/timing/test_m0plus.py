"""Costs from the Cortex-M0+ manual's cycle table (Arm DDI0484, section 3.3)."""

from __future__ import annotations

import pytest

from emulate.timing.assembler import BASE, assemble, cycles_of, model_of

# Assembly, cycles per instruction, cycles added when it branches.
CASES = (
    ("adds r0, r1, r2", (1,), 0),
    ("uxtb r0, r1", (1,), 0),
    ("rev r0, r1", (1,), 0),
    ("ldr r0, [r1]; ldr r2, [r1]", (2, 2), 0),
    ("strb r0, [r1]; str r2, [r1]", (2, 2), 0),
    ("ldr r0, [r1]; adds r0, r0, r0", (2, 1), 0),
    ("ldmia r0!, {r1, r2, r3}", (4,), 0),
    ("stmia r0!, {r1, r2, r3}", (4,), 0),
    ("push {r4, lr}", (3,), 0),
    ("pop {r4, r5}", (3,), 0),
    ("pop {r4, pc}", (3,), 2),  # 3 + N in all, N counts PC
    ("b .", (1,), 1),
    ("beq .", (1,), 1),
    ("bl .", (1,), 2),
    ("bx lr", (1,), 1),
    ("blx r0", (1,), 1),
    ("mov pc, r0", (1,), 1),
    ("mrs r0, primask; msr primask, r0", (3, 3), 0),
    ("dmb; dsb; isb", (3, 3, 3), 0),
    ("cpsid i; cpsie i; nop", (1, 1, 1), 0),
    ("wfi", (2,), 0),
)


@pytest.mark.parametrize(("source", "cycles", "taken"), CASES)
def test_cost_follows_the_manual(source: str, cycles: tuple[int, ...], taken: int) -> None:
    code = assemble("cortex-m0plus", tuple(case[0] for case in CASES))[source]
    model = model_of("cortex-m0plus")
    assert cycles_of(model, code) == cycles
    block = model.block(code, BASE)
    assert (block.taken_cycles, block.arrival_cycles, block.mispredicted_cycles) == (taken, 0, 0)


@pytest.mark.parametrize("multiplier", [1, 32])
def test_the_multiplier_is_the_makers_choice(multiplier: int) -> None:
    code = assemble("cortex-m0plus", ("muls r0, r1, r0",))["muls r0, r1, r0"]
    assert cycles_of(model_of("cortex-m0plus", multiplier), code) == (multiplier,)
