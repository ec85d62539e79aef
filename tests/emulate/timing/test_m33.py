"""Costs that follow from the measured rules of the Cortex-M33 (sources in its module)."""

from __future__ import annotations

import pytest

from emulate.timing.assembler import BASE, assemble, cycles_of, model_of

RESULTS = (
    ("ldr r0, [r1]; adds r2, #1", (1, 1)),
    ("ldr r0, [r1]; adds r2, r0, r2", (1, 2)),
    ("ldr r0, [r1]; adds r3, #1; adds r2, r0, r2", (1, 1, 1)),
    ("ldr r0, [r1]; ldr r2, [r0]", (1, 2)),
    ("ldr r0, [r1], #4; ldr r2, [r1], #4", (1, 1)),  # the base is ready before the loaded value
    ("ldr r0, [r1]; mla r3, r0, r4, r5", (1, 2)),
    ("ldr r0, [r1]; mla r3, r4, r5, r0", (1, 1)),  # wanted a stage later
    ("ldr r0, [r1]; uxtab r3, r0, r2", (1, 2)),
    ("ldr r0, [r1]; str r0, [r2]", (1, 1)),
    ("ldr r0, [r1]; str r2, [r0]", (1, 2)),
    ("mul r0, r1, r2; add.w r3, r0, r3", (1, 2)),
    ("smlad r0, r1, r2, r0; smlad r0, r3, r4, r0", (1, 1)),
    ("smlal r0, r1, r2, r3; smlal r0, r1, r4, r5", (1, 1)),
    ("uxtab r0, r1, r2; uxtab r0, r0, r3", (1, 1)),
    ("add.w r0, r1, r2, lsl #2; add.w r3, r0, r3", (1, 2)),
    ("lsl.w r0, r1, #2; add.w r3, r0, r3", (1, 1)),
    ("muls r0, r1, r0", (2,)),
    ("adds.w r0, r1, #0x1fc0", (2,)),
    ("add.w r0, r1, #0x1fc0", (1,)),
    ("adds.w r0, r1, r2, lsl #2; adc.w r3, r4, r5", (1, 2)),
    ("sdiv r0, r1, r2", (7,)),
    ("ldrd r0, r1, [r2]", (2,)),
    ("ldmia r0!, {r1, r2, r3, r4}", (4,)),
    ("push {r4, r5, lr}; sub sp, #8", (3, 1)),
    ("vfma.f32 s0, s1, s2; vfma.f32 s0, s3, s4", (1, 3)),
    ("vfma.f32 s0, s1, s2; adds r0, #1; adds r1, #1; vfma.f32 s0, s3, s4", (1, 1, 1, 1)),
    ("vldr d0, [r0]; vadd.f32 s2, s1, s3", (2, 2)),  # S1 is half of D0
)
SECOND_SLOT = (
    ("adds r0, #1; nop", (1, 0)),
    ("nop; nop; nop", (1, 0, 1)),
    ("nop.w; nop", (1, 1)),
    ("adds r0, #1; adds r1, #1", (1, 1)),
    ("cmp r0, #0; it eq; moveq r0, r1", (1, 0, 1)),
)
BRANCHES = (
    ("b .", (1,), 1),
    ("cmp r0, #1; bne .", (1, 0), 2),  # shares the cycle, waits for the flags when taken
    ("cmp r0, #1; mov r2, r3; bne .", (1, 1, 0), 1),
    ("cmp.w r0, #1; bne .", (1, 1), 1),
    ("cmp r0, #1; bne.w .", (1, 1), 1),
    ("movs r0, #1; cbz r0, 7f", (1, 0), 2),
    ("ldmia r6!, {r0, r1}; b .", (2, 0), 1),
    ("bl .", (1,), 1),
    ("bx lr", (1,), 1),
    ("pop {r4, pc}", (2,), 2),
    ("tbb [pc, r0]", (2,), 2),
    ("bxns lr", (1,), 1),
)
SOURCES = tuple(case[0] for case in RESULTS + SECOND_SLOT + BRANCHES)


@pytest.mark.parametrize(("source", "cycles"), RESULTS + SECOND_SLOT)
def test_results_and_slots(source: str, cycles: tuple[int, ...]) -> None:
    assert cycles_of(model_of("cortex-m33"), assemble("cortex-m33", SOURCES)[source]) == cycles


@pytest.mark.parametrize(("source", "cycles", "taken"), BRANCHES)
def test_branches(source: str, cycles: tuple[int, ...], taken: int) -> None:
    code, model = assemble("cortex-m33", SOURCES)[source], model_of("cortex-m33")
    assert (cycles_of(model, code), model.block(code, BASE).taken_cycles) == (cycles, taken)


def test_security_and_acquire_instructions_are_known() -> None:
    sources = ("sg", "tt r0, r1", "ttat r0, r1", "ldaex r0, [r1]", "stlexb r0, r1, [r2]", "stl r0, [r1]", "blxns r1")
    for source, code in assemble("cortex-m33", sources).items():
        (line,) = model_of("cortex-m33").explain(code, BASE)
        assert line.text.split()[0] == source.split()[0]


@pytest.mark.parametrize(("address", "cycles"), [(BASE, 0), (BASE + 2, 1)])
def test_arriving_at_an_unaligned_wide_instruction_takes_a_cycle(address: int, cycles: int) -> None:
    assert model_of("cortex-m33").block(bytes.fromhex("01fb02f0"), address).arrival_cycles == cycles
