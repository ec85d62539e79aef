"""The flash model on programs so small that its stalls can be counted by hand."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from edgeprune.emulate import Core, Image
from edgeprune.emulate.image import Segment
from edgeprune.targets import CacheShape, FlashTiming, McuTarget, load_target

FLASH, RAM = 0x0800_0000, 0x2000_0000
CODE = FLASH + 0x100
NOP, BACK = "00bf", "7047"
ONE_LINE = CacheShape(sets=1, ways=1, line_bytes=16)
ROOMY = CacheShape(sets=1, ways=16, line_bytes=16)


def timing(**changes: object) -> FlashTiming:
    plain = FlashTiming(wait_states=5, word_bytes=16, prefetch=False, shared_port=False, source="a test")
    return plain.model_copy(update=changes)


def cycles(code: str, flash: FlashTiming | None, *, calls: int = 1) -> list[int]:
    """Cycles of successive calls of `code` on a Cortex-M4 behind that flash."""
    generic = load_target("cortex-m4")
    assert isinstance(generic, McuTarget)
    target = generic.model_copy(update={"flash": generic.flash.model_copy(update={"timing": flash})})
    vectors = struct.pack("<II", RAM + 0x1000, CODE | 1)
    segments = (Segment(FLASH, vectors), Segment(CODE, bytes.fromhex(code)))
    core = Core(Image(Path("program"), segments, (("work", CODE),), ()), target)
    found = []
    for _ in range(calls):
        start = core.cycles
        core.call("work", RAM)
        found.append(core.cycles - start)
    return found


def test_every_new_flash_word_costs_the_wait_states() -> None:
    code = NOP * 23 + BACK  # 48 bytes: three words of flash
    (ideal,) = cycles(code, None)
    assert ideal == 24
    assert cycles(code, timing()) == [ideal + 3 * 5]


def test_a_cache_remembers_the_words_that_fit() -> None:
    code = NOP * 23 + BACK
    first, second = cycles(code, timing(instruction_cache=ROOMY), calls=2)
    assert (first, second) == (24 + 15, 24)
    # One line holds one of three words: it is always another one.
    assert cycles(code, timing(instruction_cache=ONE_LINE), calls=2) == [24 + 15] * 2


def test_a_line_is_filled_word_by_word_unless_the_chip_fills_it_whole() -> None:
    code = NOP * 15 + BACK  # 32 bytes
    shape = CacheShape(sets=1, ways=4, line_bytes=32)
    assert cycles(code, timing(instruction_cache=shape)) == [16 + 10]
    whole = shape.model_copy(update={"fills_line": True})
    assert cycles(code, timing(instruction_cache=whole)) == [16 + 5]


def test_prefetch_hides_what_the_code_takes_to_run() -> None:
    code = NOP * 23 + BACK
    # Eight cycles of code a word; the next word arrives six cycles after the one before was there.
    assert cycles(code, timing(prefetch=True)) == [24 + 5]
    # With ten wait states it arrives after eleven, three too late; twice.
    assert cycles(code, timing(prefetch=True, wait_states=10)) == [24 + 10 + 2 * 3]


def test_constants_wait_too_and_a_data_cache_keeps_them() -> None:
    # ldr r1, [pc, #20] twice from the same word of flash, then from another; the code is one word.
    code = "0549 0449 0349 7047 00bf 00bf 00bf 00bf" + "78563412" * 8
    (ideal,) = cycles(code, None)
    without = cycles(code, timing(), calls=2)
    assert without == [ideal + 5 + 3 * 5, ideal + 3 * 5]  # the code is in the fetch buffer still
    cached = cycles(code, timing(data_cache=ROOMY, instruction_cache=ROOMY), calls=2)
    assert cached[0] < without[0]
    assert cached[1] == ideal


@pytest.mark.parametrize(("offset", "extra"), [(0, 0), (1, 2), (2, 1), (3, 2)])
def test_an_unaligned_word_takes_more_accesses(offset: int, extra: int) -> None:
    code = f"0068 {BACK}"  # ldr r0, [r0]
    generic = load_target("cortex-m4")
    assert isinstance(generic, McuTarget)
    segments = (Segment(FLASH, struct.pack("<II", RAM + 0x1000, CODE | 1)), Segment(CODE, bytes.fromhex(code)))
    core = Core(Image(Path("program"), segments, (("work", CODE),), ()), generic, memory_model=True)
    core.write(RAM, b"\x01\x02\x03\x04\x05\x06\x07\x08")
    start = core.cycles
    assert core.call("work", RAM + offset) == int.from_bytes(bytes(range(1 + offset, 5 + offset)), "little")
    assert core.cycles - start == 3 + extra


def test_loads_inside_an_it_block_do_not_disturb_what_follows() -> None:
    # cmp r0, r0; itt eq; ldreq r1, [r0]; ldreq r2, [r0, #4]; cmp r0, #0 (not equal); b to the next block:
    # adds r1, #5; mov r0, r1; bx lr.  A stale IT state would leave the addition out.
    code = "8042 04bf 0168 4268 0028 ffe7 0531 0846 7047"
    generic = load_target("cortex-m4")
    assert isinstance(generic, McuTarget)
    segments = (Segment(FLASH, struct.pack("<II", RAM + 0x1000, CODE | 1)), Segment(CODE, bytes.fromhex(code)))
    for memory_model in (False, True):
        image = Image(Path("program"), segments, (("work", CODE),), ())
        core = Core(image, generic, memory_model=memory_model)
        core.write(RAM, struct.pack("<II", 100, 200))
        assert core.call("work", RAM) == 105
