"""What holds for every timing model, whatever the bytes."""

from __future__ import annotations

import importlib

import capstone
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeprune.emulate.timing import timed_cores, timing_model
from edgeprune.emulate.timing.instruction import Decoder, Kind
from edgeprune.errors import TargetError
from edgeprune.targets import CORES
from edgeprune.targets.profile import McuCpu
from emulate.timing.assembler import BASE, ZIG_CPU, assemble, model_of

HALFWORDS = st.lists(st.integers(0, 0xFFFF), min_size=1, max_size=24)


def code_of(halfwords: list[int]) -> bytes:
    return b"".join(halfword.to_bytes(2, "little") for halfword in halfwords)


def test_cores_are_found_by_their_modules() -> None:
    assert set(timed_cores()) == set(ZIG_CPU)
    for core in timed_cores():
        module = importlib.import_module(f"edgeprune.emulate.timing.{core.removeprefix('cortex-')}")
        assert type(model_of(core)) is module.MODEL


def test_a_core_without_a_model_is_named() -> None:
    (untimed,) = {name for name, core in CORES.items() if not core.neon} - set(timed_cores())
    with pytest.raises(TargetError, match=f"no timing model of {untimed}, only of cortex-m0plus"):
        timing_model(McuCpu.model_validate({"core": untimed, "clock_hz": 1}))


@pytest.mark.parametrize("core", sorted(ZIG_CPU))
def test_trust_is_one_sentence(core: str) -> None:
    trust = model_of(core).trust
    assert trust.error_class == ("calibrated" if core == "cortex-m4" else "modelled")
    assert len(trust.text) < 300
    assert not trust.text.endswith(".")


@pytest.mark.parametrize("core", sorted(ZIG_CPU))
@given(halfwords=HALFWORDS, unaligned=st.booleans())
def test_any_bytes_have_a_cost(core: str, halfwords: list[int], unaligned: bool) -> None:
    code, address = code_of(halfwords), BASE + 2 * unaligned
    model = model_of(core)
    block, lines = model.block(code, address), model.explain(code, address)
    assert block.instructions == len(lines)
    assert block.cycles == sum(line.cycles for line in lines)
    assert min(line.cycles for line in lines) >= 0
    assert min(block.taken_cycles, block.arrival_cycles, block.mispredicted_cycles) >= 0
    # Two instructions issue at once at best, and only on two of the cores any do; elsewhere only an IT is free.
    least = -(-block.instructions // 2)
    if core not in ("cortex-m7", "cortex-m33"):
        least = block.instructions - sum(line.text.startswith("it") for line in lines)
    assert block.cycles >= least


@given(halfwords=HALFWORDS)
def test_every_byte_belongs_to_one_instruction(halfwords: list[int]) -> None:
    code = code_of(halfwords)
    position = BASE
    for instruction in Decoder().decode(code, BASE):
        assert instruction.address == position
        first = halfwords[(position - BASE) // 2]
        assert instruction.size == (4 if first >= 0xE800 else 2)
        position += instruction.size
    # The last one may be cut off in the middle.
    assert position - BASE in (len(code), len(code) + 2)


@pytest.mark.parametrize("core", sorted(ZIG_CPU))
def test_an_unknown_encoding_counts_as_one_instruction(core: str) -> None:
    code = bytes.fromhex("ffb6 0138")  # no instruction; subs r0, #1
    lines = model_of(core).explain(code, BASE)
    assert [line.cycles for line in lines] == [1, 1]
    assert lines[0].text == ".inst b6ff"


def test_predication_reaches_as_far_as_the_it_says() -> None:
    code = bytes.fromhex("06bf 0130 0131 0132")  # itte eq; adds x3 encodings
    kinds = [(i.kind, i.predicated, i.sets_flags) for i in Decoder().decode(code + bytes.fromhex("0133"), BASE)]
    # Within an IT the 16-bit encoding of ADDS is an ADD that leaves the flags alone.
    assert kinds == [(Kind.IT, False, False), *[(Kind.ALU, True, False)] * 3, (Kind.ALU, False, True)]


ACCESSES = (
    # What is read and written, flags apart; capstone alone leaves some of it out.
    ("smlal r3, r4, r1, r0", "r0 r1 r3 r4", "r3 r4"),
    ("smlald r3, r4, r1, r0", "r0 r1 r3 r4", "r3 r4"),
    ("umaal r3, r4, r1, r0", "r0 r1 r3 r4", "r3 r4"),
    ("smlad r3, r1, r0, r2", "r0 r1 r2", "r3"),
    ("smull r3, r4, r1, r0", "r0 r1", "r3 r4"),
    ("ssat r3, #8, r0, asr #3", "r0", "r3"),
    ("usat16 r3, #8, r0", "r0", "r3"),
    ("sxtab16 r3, r1, r0, ror #8", "r0 r1", "r3"),
    ("pkhtb r3, r1, r0, asr #16", "r0 r1", "r3"),
    ("bfi r3, r0, #1, #4", "r0 r3", "r3"),
    ("movt r3, #1", "r3", "r3"),
    ("strd r3, r4, [r0], #8", "r0 r3 r4", "r0"),
    ("ldmia r0!, {r3, r4}", "r0", "r0 r3 r4"),
    ("pop {r3, r4}", "sp", "r3 r4 sp"),
    ("vldmia r0!, {s1, s2}", "r0", "r0 s1 s2"),
    ("vpush {d8, d9}", "d8 d9 sp", "sp"),
    ("vfma.f32 s0, s1, s2", "s0 s1 s2", "s0"),
)


@pytest.mark.parametrize(("source", "read", "written"), ACCESSES)
def test_registers_are_complete(source: str, read: str, written: str) -> None:
    names = capstone.Cs(capstone.CS_ARCH_ARM, capstone.CS_MODE_THUMB)
    (i,) = Decoder().decode(assemble("cortex-m7", tuple(case[0] for case in ACCESSES))[source], BASE)
    assert sorted(names.reg_name(register) for register in i.read) == read.split()
    assert sorted(names.reg_name(register) for register in i.written) == written.split()
