"""Exceptions as the architecture defines them, on small programs of every core."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from edgeprune.emulate import Core, CpuFaultError, Image, StopReason
from edgeprune.emulate.exceptions import CfsrBit
from edgeprune.emulate.image import Segment
from edgeprune.targets import McuTarget, load_target

FLASH, RAM = 0x0800_0000, 0x2000_0000
STACK = RAM + 0x1000
CODE, HANDLER = FLASH + 0x400, FLASH + 0x800
CFSR, HFSR, MMFAR, BFAR = 0xE000_ED28, 0xE000_ED2C, 0xE000_ED34, 0xE000_ED38
CORES = ("cortex-m0plus", "cortex-m3", "cortex-m4", "cortex-m7", "cortex-m33")
ARMV7 = CORES[1:]


def target(core: str) -> McuTarget:
    generic = load_target("cortex-m4")
    assert isinstance(generic, McuTarget)
    fpu = "fpv4-sp-d16" if core == "cortex-m4" else None
    return generic.model_copy(update={"cpu": generic.cpu.model_copy(update={"core": core, "fpu": fpu})})


def program(core: str, code: str, handlers: dict[int, str] | None = None, stack: int = STACK) -> Core:
    """A core with `code` at reset and each handler in a place of its own."""
    vectors = [stack, CODE | 1] + [HANDLER + 0x40 * number | 1 for number in range(2, 64)]
    segments = [Segment(FLASH, struct.pack("<64I", *vectors)), Segment(CODE, bytes.fromhex(code))]
    for number, text in (handlers or {}).items():
        segments.append(Segment(HANDLER + 0x40 * number, bytes.fromhex(text)))
    return Core(Image(Path("program"), tuple(segments), (), ()), target(core))


def word(core: Core, address: int) -> int:
    return struct.unpack("<I", core.read(address, 4))[0]


# movs r4, #N; b .: a handler that says that it was here and stays.
def stay(mark: int) -> str:
    return f"{mark:02x}24 fee7"


# movs r4, #N; bx lr
def come_back(mark: int) -> str:
    return f"{mark:02x}24 7047"


@pytest.mark.parametrize("core", CORES)
def test_svc_pushes_a_frame_and_comes_back(core: str) -> None:
    # movs r0, #1; movs r1, #2; svc 0; movs r5, #9; b .
    emulated = program(core, "0120 0221 00df 0925 fee7", {11: come_back(7)})
    before = emulated.cycles
    emulated.run(budget=200)
    assert emulated.register(4) == 7
    assert emulated.register(5) == 9
    assert emulated.register(13) == STACK
    # What the handler found on the stack: r0 to r3, r12, lr, the next instruction, xPSR in Thumb state.
    frame = struct.unpack("<8I", emulated.read(STACK - 32, 32))
    assert frame[:2] == (1, 2)
    assert frame[5:7] == (0xFFFF_FFFF, CODE + 6)
    assert frame[7] == 1 << 24
    entry = 15 if core == "cortex-m0plus" else 12
    assert emulated.cycles - before > entry + 10


@pytest.mark.parametrize("core", CORES)
def test_a_misaligned_stack_is_padded_and_restored(core: str) -> None:
    # sub sp, #4; svc 0; movs r5, #9; b .
    emulated = program(core, "81b0 00df 0925 fee7", {11: come_back(7)})
    emulated.run(budget=200)
    assert emulated.register(5) == 9
    assert emulated.register(13) == STACK - 4
    assert word(emulated, STACK - 40 + 28) & 1 << 9  # the padding bit in the stacked xPSR


def test_floating_point_registers_survive_a_handler() -> None:
    # vmov.f32 s1, #1.0; svc 0; vmov r5, s1; b .
    code = "f7ee 000a" + "00df" + "10ee905a" + "fee7"
    # handler: vmov.f32 s1, #2.0; bx lr
    emulated = program("cortex-m4", code, {11: "f0ee 000a 7047"})
    emulated.run(budget=300)
    assert emulated.register(5) == 0x3F80_0000
    assert emulated.register(13) == STACK


FAULTS = [
    ("0868", {1: 0x4800_0000}, CfsrBit.PRECISERR | CfsrBit.BFARVALID, BFAR, 0x4800_0000),  # ldr r0, [r1]
    ("0860", {1: 0x4800_0000}, CfsrBit.PRECISERR | CfsrBit.BFARVALID, BFAR, 0x4800_0000),  # str r0, [r1]
    ("00de", {}, CfsrBit.UNDEFINSTR, None, 0),  # udf #0
    ("0847", {1: RAM}, CfsrBit.INVSTATE, None, 0),  # bx r1, even
    ("0847", {1: 0x4000_0001}, CfsrBit.IACCVIOL, None, 0),  # bx r1, a device
    ("0847", {1: 0x1000_0001}, CfsrBit.IBUSERR, None, 0),  # bx r1, no memory
]


def fault_program(
    core: str, instruction: str, registers: dict[int, int], handlers: dict[int, str], enable: bool
) -> Core:
    """ldr r1, =value; optionally SHCSR = all three; then the faulting instruction."""
    value = registers.get(1, 0)
    # ldr r1, [pc, #20]; ldr r2, [pc, #24]; ldr r3, [pc, #24]; str r3, [r2]; INSTRUCTION; b .
    store = "1360" if enable else "00bf"
    code = "0549 064a 064b" + store + instruction + "fee7" * 3
    code = code.replace(" ", "")
    code += "00bf" * ((24 - len(code) // 2) // 2)
    literals = struct.pack("<III", value, 0xE000_ED24, 0x7 << 16).hex()
    return program(core, code + literals, handlers)


@pytest.mark.parametrize("core", ARMV7)
@pytest.mark.parametrize(("instruction", "registers", "status", "where", "address"), FAULTS)
def test_a_fault_escalates_to_hard_fault(
    core: str, instruction: str, registers: dict[int, int], status: CfsrBit, where: int | None, address: int
) -> None:
    emulated = fault_program(core, instruction, registers, {3: stay(3)}, enable=False)
    emulated.run(budget=300)
    assert emulated.register(4) == 3
    assert emulated.system.read(CFSR - 0xE000_0000) == status
    assert emulated.system.read(HFSR - 0xE000_0000) == 1 << 30
    if where is not None:
        assert emulated.system.read(where - 0xE000_0000) == address


@pytest.mark.parametrize("core", ARMV7)
@pytest.mark.parametrize(("instruction", "registers", "status", "where", "address"), FAULTS)
def test_an_enabled_fault_enters_its_own_handler(
    core: str, instruction: str, registers: dict[int, int], status: CfsrBit, where: int | None, address: int
) -> None:
    emulated = fault_program(core, instruction, registers, {4: stay(4), 5: stay(5), 6: stay(6)}, enable=True)
    emulated.run(budget=300)
    expected = 4 if status & CfsrBit.IACCVIOL else 5 if status < CfsrBit.UNDEFINSTR else 6
    assert emulated.register(4) == expected
    assert emulated.system.read(HFSR - 0xE000_0000) == 0


def test_armv6_knows_hard_fault_only() -> None:
    emulated = fault_program("cortex-m0plus", "00de", {}, {3: stay(3), 6: stay(6)}, enable=True)
    emulated.run(budget=300)
    assert emulated.register(4) == 3
    assert emulated.system.read(CFSR - 0xE000_0000) == 0


@pytest.mark.parametrize("core", ["cortex-m0plus"])
def test_armv6_faults_on_unaligned_words_and_on_armv7_code(core: str) -> None:
    for instruction, registers in (("0868", {1: RAM + 1}), ("4ff00000", {})):
        emulated = fault_program(core, instruction, registers, {3: stay(3)}, enable=False)
        emulated.run(budget=300)
        assert emulated.register(4) == 3


@pytest.mark.parametrize("core", CORES)
def test_a_fault_while_a_fault_is_handled_locks_the_core_up(core: str) -> None:
    emulated = program(core, "00de", {3: "00de"})
    with pytest.raises(CpuFaultError, match="locked up"):
        emulated.run(budget=1000)


@pytest.mark.parametrize("core", ARMV7)
def test_a_frame_that_cannot_be_written_leaves_the_stack_pointer_where_it_would_be(core: str) -> None:
    emulated = program(core, "00de", {3: stay(3)}, stack=RAM + 8)
    emulated.run(budget=300)
    assert emulated.register(4) == 3
    assert emulated.register(13) == RAM + 8 - 32
    assert emulated.system.read(CFSR - 0xE000_0000) & CfsrBit.STKERR


# ldr r1, =0xE000E010; movs r0, #RELOAD; str r0, [r1, #4]; str r0, [r1, #8]; movs r0, #7; str r0, [r1]; then
# adds r6, #1; b back to it.
def systick_program(core: str, body: str = "0136 fde7") -> Core:
    code = ("0449 6320 4860 8860 0720 0860" + body).replace(" ", "")
    code += "00bf" * ((20 - len(code) // 2) // 2)
    # adds r4, #1; bx lr
    return program(core, code + struct.pack("<I", 0xE000_E010).hex(), {15: "0134 7047"})


@pytest.mark.parametrize("core", CORES)
def test_systick_interrupts_once_a_period(core: str) -> None:
    emulated = systick_program(core)
    start = emulated.cycles
    emulated.run(budget=100_000)
    periods = (emulated.cycles - start) // 100  # reload 99
    assert abs(emulated.register(4) - periods) <= 1
    assert emulated.register(13) == STACK


@pytest.mark.parametrize("core", CORES)
def test_a_masked_interrupt_waits(core: str) -> None:
    # cpsid i; movs r6, #200; subs r6, #1; bne; mov r7, r4; cpsie i; nop; b .
    emulated = systick_program(core, "72b6 c826 013e fdd1 2746 62b6 00bf fee7")
    emulated.run(budget=5000)
    assert emulated.register(7) == 0
    assert emulated.register(4) > 10


@pytest.mark.parametrize("core", CORES)
def test_sleep_lasts_until_the_next_interrupt(core: str) -> None:
    # wfi; adds r6, #1; b back
    emulated = systick_program(core, "30bf 0136 fce7")
    emulated.run(budget=100_000)
    assert abs(emulated.register(4) - 1000) <= 2
    assert abs(emulated.register(6) - emulated.register(4)) <= 1


@pytest.mark.parametrize("core", CORES)
def test_sleep_without_anything_to_wake_halts(core: str) -> None:
    emulated = program(core, "30bf 0136 fee7")
    assert emulated.run() is StopReason.HALTED


@pytest.mark.parametrize("core", CORES)
def test_an_interrupt_is_taken_when_it_is_enabled(core: str) -> None:
    # ldr r1, =0xE000E100; nop...; movs r0, #32; str r0, [r1]; b .
    code = "0249 2020 0860 fee7 00bf 00bf" + struct.pack("<I", 0xE000_E100).hex()
    emulated = program(core, code, {16 + 5: come_back(21)})
    emulated.pend(5)
    emulated.run(until=CODE + 4)
    assert emulated.register(4) == 0
    emulated.run(budget=200)
    assert emulated.register(4) == 21
    assert not emulated.system.exceptions.active


@pytest.mark.parametrize("core", ARMV7)
def test_the_more_urgent_interrupt_comes_first_and_pre_empts(core: str) -> None:
    emulated = program(core, "fee7", {16: "0124 2546 fee7", 17: "0226 7047"})
    for number, priority in ((16, 0x80), (17, 0x40)):
        emulated.system.exceptions.enable(number)
        emulated.system.exceptions.set_priority(number, priority)
    emulated.pend(0)
    emulated.run(budget=100)
    assert (emulated.register(4), emulated.register(6)) == (1, 0)
    emulated.pend(1)
    emulated.run(budget=100)
    assert emulated.register(6) == 2
    assert emulated.system.exceptions.active == [16]


@pytest.mark.parametrize("core", CORES)
def test_a_reset_starts_again_and_keeps_memory(core: str) -> None:
    # ldr r1, =RAM; ldr r0, [r1]; adds r0, #1; str r0, [r1]; ldr r2, =AIRCR; ldr r3, =key;
    # cmp r0, #3; beq .+4; str r3, [r2]; b .
    code = "0549 0868 0130 0860 044a 054b 0328 00d0 1360 fee7".replace(" ", "")
    code += "00bf" * ((24 - len(code) // 2) // 2)
    code += struct.pack("<III", RAM, 0xE000_ED0C, 0x05FA_0004).hex()
    emulated = program(core, code)
    resets: list[int] = []
    emulated.on_reset(lambda: resets.append(word(emulated, RAM)))
    emulated.run(budget=1000)
    assert resets == [1, 2]
    assert word(emulated, RAM) == 3


def test_only_a_cortex_m7_locks_its_counter() -> None:
    for core in ("cortex-m4", "cortex-m7"):
        emulated = program(core, "fee7")
        control = emulated.system
        control.write(0xEDFC, 1 << 24)
        control.write(0x1000, 1)
        emulated.run(budget=100)
        assert (control.read(0x1004) > 0) == (core == "cortex-m4")
        control.write(0x1FB0, 0xC5AC_CE55)
        control.write(0x1000, 1)
        emulated.run(budget=100)
        assert control.read(0x1004) > 0


def test_a_core_that_only_qemu_has_is_refused() -> None:
    with pytest.raises(Exception, match="use --via qemu"):
        program("cortex-m55", "fee7")
