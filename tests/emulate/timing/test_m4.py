"""Costs worked out by hand from the Cortex-M4 manual (Arm DDI0439), section by section."""

from __future__ import annotations

import pytest

from edgeprune.emulate.timing import timing_model
from edgeprune.targets.profile import McuCpu

MODEL = timing_model(McuCpu(core="cortex-m4", clock_hz=120_000_000))

# Assembly, its encoding at an address divisible by 4, cycles, cycles added when it branches.
DATA_PROCESSING = [
    ("adds r0, r1, r2", "8818", 1, 0),
    ("mul r0, r1, r2", "01fb02f0", 1, 0),
    ("smlad r0, r1, r2, r3", "21fb0230", 1, 0),
    ("smull r0, r1, r2, r3", "82fb0301", 1, 0),
    ("smmulr r0, r1, r2", "51fb12f0", 1, 0),
    ("sdiv r0, r1, r2", "91fbf2f0", 7, 0),
    ("isb", "bff36f8f", 4, 0),
    ("dsb", "bff34f8f", 2, 0),
    ("mrs r0, primask", "eff31080", 2, 0),
]
LOADS_AND_STORES = [
    ("ldr r0, [r1]", "0868", 2, 0),
    ("three independent ldr: N + 1", "08684a688b68", 4, 0),
    ("ldr r1, [r0]; ldr r2, [r1]: no overlap", "01680a68", 4, 0),
    ("str r0, [r1]; str r2, [r1, #4]", "08604a60", 2, 0),
    ("ldr r0, [r1]; str r0, [r2]", "08681060", 3, 0),
    ("ldrd r0, r1, [r2]", "d2e90001", 3, 0),
    ("push {r4, r5, r6, lr}: 1 + 4", "70b5", 5, 0),
    ("ldmia r0!, {r1, r2, r3}: 1 + 3", "0ec8", 4, 0),
    ("stmia r0!, {r1, r2, r3}: 1 + 3", "0ec0", 4, 0),
    ("adds r0, r0, #4; ldr r1, [r0]: address late", "04300168", 4, 0),
    ("adds r2, r2, #4; ldr r1, [r0]", "04320168", 3, 0),
]
BRANCHES = [
    ("b .", "fee7", 1, 1),
    ("bne .", "fed1", 1, 1),
    ("bl .+16", "00f006f8", 1, 1),
    ("cbz r0, .+8", "10b1", 1, 1),
    ("bx lr", "7047", 1, 2),
    ("mov pc, r0", "8746", 1, 2),
    ("ldr pc, [r0]", "d0f800f0", 2, 3),
    ("pop {r4, r5, r6, pc}", "70bd", 5, 3),
    ("tbb [pc, r0]", "dfe800f0", 3, 3),
]
FLOATING_POINT = [
    ("vadd.f32 s0, s1, s2", "30ee810a", 1, 0),
    ("vmla.f32 s0, s1, s2", "00ee810a", 3, 0),
    ("vfma.f32 s0, s1, s2", "a0ee810a", 3, 0),
    ("vdiv.f32 s0, s1, s2", "80ee810a", 14, 0),
    ("vsqrt.f32 s0, s1", "b1eee00a", 14, 0),
    ("vadd s0; vadd s3, s0, s1: result late", "30ee810a70ee201a", 3, 0),
    ("vadd s0; vadd s3, s4, s5", "30ee810a72ee221a", 2, 0),
    ("vadd s0; vstr s0: result late", "30ee810a80ed000a", 4, 0),
    ("vldr s0, [r0]", "90ed000a", 2, 0),
    ("vldr d0, [r0]", "90ed000b", 3, 0),
    ("vstr s0, [r0]", "80ed000a", 2, 0),
    ("vldmia r0!, {s0-s3}: 1 + 4", "b0ec040a", 5, 0),
    ("vpush {d8, d9}: 1 + 4", "2ded048b", 5, 0),
    ("vmov s0, r0", "00ee100a", 1, 0),
    ("vmov r0, r1, d0", "51ec100b", 2, 0),
]
FETCH = [
    ("adds; it eq; moveq: the IT folds onto 16 bits", "013008bf1146", 2, 0),
    ("mul; it eq; moveq: not onto 32 bits", "01fb02f008bf1146", 3, 0),
    ("three aligned wide instructions", "01fb02f001fb02f301fb02f4", 3, 0),
    ("nop; two unaligned wide instructions", "00bf01fb02f001fb02f3", 3, 0),
    ("nop; three unaligned wide instructions: fetch falls behind", "00bf01fb02f001fb02f301fb02f4", 5, 0),
]


@pytest.mark.parametrize(
    ("text", "code", "cycles", "taken"), DATA_PROCESSING + LOADS_AND_STORES + BRANCHES + FLOATING_POINT + FETCH
)
def test_cost_follows_the_manual(text: str, code: str, cycles: int, taken: int) -> None:
    cost = MODEL.block(bytes.fromhex(code), 0x0800_0000)
    assert (cost.cycles, cost.taken_cycles) == (cycles, taken), text


@pytest.mark.parametrize(("address", "cycles"), [(0x0800_0000, 0), (0x0800_0002, 1)])
def test_arriving_at_an_unaligned_wide_instruction_takes_a_cycle(address: int, cycles: int) -> None:
    assert MODEL.block(bytes.fromhex("01fb02f0"), address).arrival_cycles == cycles


def test_it_is_noticed() -> None:
    assert MODEL.block(bytes.fromhex("013008bf1146"), 0x0800_0000).holds_it
    assert not MODEL.block(bytes.fromhex("01301146"), 0x0800_0000).holds_it


def test_only_this_model_claims_to_be_calibrated() -> None:
    assert MODEL.trust.error_class == "calibrated"
