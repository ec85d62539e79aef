"""Costs that follow from the published rules of the Cortex-M7 (sources in its module)."""

from __future__ import annotations

import pytest

from emulate.timing.assembler import BASE, assemble, cycles_of, model_of

STAGES = (
    ("add.w r0, r1, r2; add.w r3, r4, r5", (1, 0)),
    ("add.w r0, r1, r2; and.w r3, r0, r4", (1, 0)),  # the early sum reaches the late operation
    ("and.w r0, r1, r2; and.w r3, r0, r4", (1, 1)),
    ("movw r0, #1; movt r0, #2", (1, 0)),
    ("add.w r0, r1, r2; ldr r3, [r0]", (1, 1)),
    ("and.w r0, r1, r2; ldr r3, [r0]", (1, 2)),  # addresses are wanted a stage earlier
    ("and.w r0, r1, r2; add.w r3, r4, r0, lsl #2", (1, 2)),  # so is what is shifted
    ("and.w r0, r1, r2; add.w r3, r0, r4, lsl #2", (1, 1)),
    ("and.w r0, r1, r2; rev r3, r0", (1, 2)),
    ("and.w r0, r1, r2; ssat r3, #8, r0", (1, 2)),
    ("ssat r0, #8, r1; and.w r2, r0, r3", (1, 2)),
    ("uxtb r0, r1; and.w r2, r0, r3", (1, 1)),
    ("ldr r0, [r1]; and.w r2, r0, r3", (1, 1)),
    ("ldrb r0, [r1]; and.w r2, r0, r3", (1, 2)),
    ("ldr r0, [r1]; ldr r2, [r0]", (1, 2)),
    ("ldr r0, [r1]; mul r2, r0, r3", (1, 2)),
    ("ldr r0, [r1]; mla r2, r3, r4, r0", (1, 0)),  # accumulators are wanted a stage later
    ("ldrb r0, [r1]; mla r2, r3, r4, r0", (1, 1)),
    ("ldr r0, [r1], #4; ldr r2, [r1], #4", (1, 1)),
    ("mul r0, r1, r2; and.w r3, r0, r4", (1, 2)),
    ("smlad r0, r1, r2, r0; smlad r0, r3, r4, r0", (1, 1)),
    ("ldrb r0, [r1]; str r0, [r2]", (1, 0)),  # stored values are wanted last
    ("cmp r0, #0; it eq; moveq r0, r1", (1, 0, 1)),
    ("push {r4, r5, r6, lr}; sub sp, #8", (2, 1)),
)
UNITS = (
    ("mul r0, r1, r2; mul r3, r4, r5", (1, 1)),
    ("mul r0, r1, r2; and.w r3, r4, r5", (1, 0)),
    ("mul r0, r1, r2; str r3, [r4]", (1, 1)),
    ("str r0, [r1]; str r2, [r1, #4]", (1, 1)),
    ("str r0, [r1]; ldr r2, [r3]", (1, 0)),
    ("ldr r0, [r1]; ldr r2, [r1, #4]", (1, 0)),
    ("ldr r0, [r1]; ldr r2, [r1, #8]", (1, 1)),  # the same bank
    ("ldr r0, [r1]; ldr r2, [r3, #8]", (1, 0)),  # may be another one
    ("uxtb r0, r1; uxtb r2, r3", (1, 1)),
    ("uxtb r0, r1; ands r2, r3", (1, 0)),
    ("ands r2, r3; uxtb r0, r1", (1, 1)),
    ("add.w r0, r1, r2, lsl #2; add.w r3, r4, r5, lsl #2", (1, 1)),
    ("eor.w r0, r1, #0x1fc0; add.w r3, r4, r5, lsl #2", (1, 1)),  # a shifted constant
    ("eor.w r0, r1, #0x1b1b1b1b; add.w r3, r4, r5, lsl #2", (1, 0)),  # a pattern
    ("sdiv r0, r1, r2; and.w r3, r4, r5", (7, 1)),
    ("ldmia r0!, {r1, r2, r3, r4, r5}; and.w r6, r7, r8", (3, 1)),
    ("ldrd r0, r1, [r2]; and.w r3, r4, r5", (1, 1)),
    ("isb; and.w r3, r4, r5", (3, 1)),
)
FLOATS = (
    ("vadd.f32 s0, s1, s2; vadd.f32 s3, s4, s5", (1, 1)),
    ("vadd.f32 s0, s1, s2; vadd.f32 s3, s0, s5", (1, 3)),
    ("vadd.f32 s0, s1, s2; vstr s0, [r0]", (1, 1)),
    ("vadd.f32 s0, s1, s2; and.w r3, r4, r5", (1, 0)),
    ("vfma.f32 s0, s1, s2; vfma.f32 s0, s3, s4", (1, 3)),
    ("vfma.f32 s0, s1, s2; vfma.f32 s3, s0, s4", (1, 5)),
    ("vfma.f32 s0, s1, s2; vadd.f32 s3, s4, s5", (1, 4)),
    ("vfma.f32 s0, s1, s2; vldr s3, [r0]", (1, 1)),
    ("vldr s0, [r0]; vldr s1, [r0, #4]", (1, 0)),
    ("vldr s0, [r0]; vadd.f32 s1, s0, s2", (1, 1)),
    ("vdiv.f32 s0, s1, s2", (16,)),
    ("vsqrt.f32 s0, s1", (14,)),
    ("vmul.f64 d0, d1, d2", (5,)),
    ("vfma.f64 d0, d1, d2", (8,)),
    ("vadd.f64 d0, d1, d2; vmov.f32 s4, s1", (2, 3)),  # S1 is half of D0
    ("vmov r0, s0; and.w r1, r0, r2", (1, 1)),
    ("vcmp.f32 s0, s1; vmrs apsr_nzcv, fpscr", (1, 1)),
    ("vadd.f32 s0, s1, s2; vmaxnm.f32 s3, s0, s4", (1, 3)),
)
SLOTS = (
    # Cycles of the block, and what a misprediction adds.
    ("cmp r0, #1; bne .", 1, 8),
    ("cmp r0, #1; add r1, r2; add r3, r4; add r5, r6; add r7, r8; add r9, r10; bne .", 4, 6),
    ("cbz r0, 7f", 1, 8),
    ("b .", 1, 0),
    ("bl .", 1, 0),
    ("bx lr", 1, 0),
)
SOURCES = tuple(case[0] for case in STAGES + UNITS + FLOATS + SLOTS)


@pytest.mark.parametrize(("source", "cycles"), STAGES + UNITS + FLOATS)
def test_stages_and_units(source: str, cycles: tuple[int, ...]) -> None:
    assert cycles_of(model_of("cortex-m7"), assemble("cortex-m7", SOURCES)[source]) == cycles


@pytest.mark.parametrize(("source", "cycles", "mispredicted"), SLOTS)
def test_branches_are_predicted(source: str, cycles: int, mispredicted: int) -> None:
    block = model_of("cortex-m7").block(assemble("cortex-m7", SOURCES)[source], BASE)
    assert (block.cycles, block.taken_cycles, block.mispredicted_cycles) == (cycles, 0, mispredicted)


def test_a_table_branch_is_not_predicted() -> None:
    code = assemble("cortex-m7", ("tbb [pc, r0]",))["tbb [pc, r0]"]
    block = model_of("cortex-m7").block(code, BASE)
    assert (block.cycles, block.taken_cycles) == (2, 8)
