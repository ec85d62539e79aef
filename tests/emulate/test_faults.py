"""Whatever is fatal is reported with the place and the registers: on the emulator and in QEMU."""

from __future__ import annotations

import contextlib
from functools import cache
from pathlib import Path

import pytest

from edgeprune.emulate import CpuFaultError
from edgeprune.emulate.boards import load_board
from edgeprune.targets import McuTarget
from emulate.fault_lines import fault_report
from emulate.firmware import build, mcu_target
from emulate.qemu import needs_qemu, qemu_board

NOWHERE = "TINY_FAULT_ADDRESS=0xF0000000"
OVERFLOW = "TINY_STACK_BYTES=9000"
HANG = ("TINY_HANG", "BOARD_WATCHDOG_SECONDS=1")


@cache
def armv6m() -> McuTarget:
    """A board without wait states around a core that knows no fault but HardFault."""
    board = mcu_target("mps2-an385")
    return board.model_copy(
        update={"name": "armv6m", "qemu": None, "cpu": board.cpu.model_copy(update={"core": "cortex-m0plus"})}
    )


def target_of(name: str) -> McuTarget:
    return armv6m() if name == "armv6m" else mcu_target(name)


class Host:
    """Asks one thing after another and hangs up."""

    def __init__(self, *asks: bytes) -> None:
        self.left, self.said = list(asks), b""

    def read(self, _seconds: float) -> bytes | None:
        return self.left.pop(0) if self.left else None

    def write(self, content: bytes) -> None:
        self.said += content

    def lines(self) -> list[str]:
        return self.said.decode("ascii").replace("\r\n", "\n").splitlines()


def talk(elf: Path, target: McuTarget, *asks: bytes) -> list[str]:
    """All that the board says; the emulator's own word on a fault adds nothing here."""
    host = Host(*asks)
    with contextlib.suppress(CpuFaultError):
        load_board(elf, target, host).run()
    return host.lines()


def after_blank(lines: list[str]) -> list[str]:
    """A report starts on a line of its own, since it may cut into one."""
    return lines[lines.index("") + 1 :]


CASES = [
    ("cortex-m4", NOWHERE, "BusFault"),
    ("mps2-an385", NOWHERE, "BusFault"),
    ("mps2-an500", NOWHERE, "BusFault"),
    ("mps2-an505", NOWHERE, "BusFault"),
    ("armv6m", NOWHERE, "HardFault"),
    ("cortex-m4", "TINY_UNDEFINED", "UsageFault"),
    ("armv6m", "TINY_UNDEFINED", "HardFault"),
]


@pytest.mark.parametrize(("name", "define", "kind"), CASES)
def test_a_fault_is_reported_with_its_place(tmp_path: Path, name: str, define: str, kind: str) -> None:
    elf = build(tmp_path / "fw", defines=(define,), target=target_of(name))
    lines = after_blank(talk(elf, target_of(name), b"ep run 1%", b"name%"))
    report = fault_report(lines, elf)
    assert (report.kind, report.function) == (kind, "misbehave")
    assert lines[3] == "m-ready"
    assert lines[4:] == lines[:4]  # the answer to what came after


@pytest.mark.parametrize("name", ["cortex-m4", "mps2-an385", "mps2-an500", "nucleo-l4r5zi", "nucleo-g0b1re", "armv6m"])
def test_a_stack_overflow_is_told_from_other_faults(tmp_path: Path, name: str) -> None:
    elf = build(tmp_path / "fw", defines=(OVERFLOW,), target=target_of(name))
    report = fault_report(after_blank(talk(elf, target_of(name), b"ep run 1%")), elf)
    assert report.kind == "stack overflow"
    assert report.registers["sp"] < target_of(name).ram.base


@pytest.mark.parametrize("name", ["cortex-m4", "armv6m"])
def test_an_assertion_names_file_and_line(tmp_path: Path, name: str) -> None:
    elf = build(tmp_path / "fw", defines=("TINY_ASSERT",), target=target_of(name))
    report = fault_report(after_blank(talk(elf, target_of(name), b"ep run 1%")), elf)
    assert (report.kind, report.function) == ("assertion", "misbehave")
    source = (tmp_path / "fw" / "ep_model.c").read_text().splitlines()
    file, line = report.detail.split(":")
    assert file == "ep_model.c"
    assert "platform_assert(" in source[int(line) - 1]


@pytest.mark.parametrize("name", ["mps2-an385", "mps2-an505", "armv6m"])
def test_a_firmware_that_hangs_is_reported_twice_and_reset(tmp_path: Path, name: str) -> None:
    elf = build(tmp_path / "fw", defines=HANG, target=target_of(name))
    lines = after_blank(talk(elf, target_of(name), b"ep run 1%", b"name%"))
    report = fault_report(lines, elf)
    assert (report.kind, report.function) == ("watchdog", "misbehave")
    assert lines[3] == "m-ready"
    assert lines[4:7] == lines[:3]  # again, before the greeting
    assert lines[7:9] == ["m-init-done", "m-ready"]
    assert lines[9].startswith("m-name-dut-[")


def test_a_command_resets_a_board_after_a_fault(tmp_path: Path) -> None:
    elf = build(tmp_path / "fw", defines=(NOWHERE,))
    lines = talk(elf, mcu_target(), b"ep run 1%", b"ep  reset%", b"xep reset%", b"ep reset%", b"name%")
    assert sum(line.startswith("ep-fault-[") for line in lines) == 3
    assert lines[-4:] == ["m-init-done", "m-ready", "m-name-dut-[cortex-m4]", "m-ready"]


@pytest.mark.parametrize(("name", "waits"), [("mps2-an385", 200), ("armv6m", 200), ("cortex-m4", 2000)])
def test_time_goes_on_and_an_idle_board_is_not_reset(tmp_path: Path, name: str, waits: int) -> None:
    """Beyond the 24 bits of SysTick, by which a Cortex-M0+ counts, and the 32 of CYCCNT."""
    elf = build(tmp_path / "fw", defines=("BOARD_WATCHDOG_SECONDS=0",), target=target_of(name))
    lines = talk(elf, target_of(name), *[b""] * waits, b"timestamp%")  # each passes 20 ms of the board's time
    microseconds = int(lines[-2].removeprefix("m-lap-us-"))
    assert (waits - 5) * 0.02 <= microseconds / 1e6 < waits * 0.02 + 0.2
    assert lines[:2] == ["m-init-done", "m-ready"]
    assert len(lines) == 4


QEMU_BOARDS = ["mps2-an385", "mps2-an386", "mps2-an500", "mps2-an505", "mps3-an547", "netduinoplus2"]
#: Where nothing answers below RAM.  The MPS2 boards with a Cortex-M3, M4 and M7 swallow writes there in QEMU.
QEMU_GUARDED = ["mps2-an505", "mps3-an547", "netduinoplus2"]


def qemu_machine(name: str) -> str:
    qemu = mcu_target(name).qemu
    assert qemu is not None
    return qemu.machine


@needs_qemu
@pytest.mark.parametrize("name", QEMU_BOARDS)
def test_a_board_in_qemu_reports_a_fault(tmp_path: Path, name: str) -> None:
    elf = build(tmp_path / "fw", defines=(NOWHERE,), target=mcu_target(name))
    with qemu_board(qemu_machine(name), elf) as board:
        assert board.take() == ["m-init-done", "m-ready"]
        assert board.ask(b"name%") == [f"m-name-dut-[{name}]", "m-ready"]
        assert "ep-origin-[qemu]" in board.ask(b"ep origin%")
        lines = after_blank(board.ask(b"ep run 1%"))
        report = fault_report(lines, elf)
        assert (report.kind, report.function) == ("BusFault", "misbehave")
        assert report.registers["bfar"] == 0xF0000000
        assert board.ask(b"name%") == lines
        assert board.ask(b"ep reset%") == ["m-init-done", "m-ready"]


@needs_qemu  # the emulator's core does not trap a division by zero
@pytest.mark.parametrize("name", ["mps2-an385", "mps2-an505"])
def test_a_division_by_zero_is_a_fault(tmp_path: Path, name: str) -> None:
    elf = build(tmp_path / "fw", defines=("TINY_DIVISOR=0",), target=mcu_target(name))
    with qemu_board(qemu_machine(name), elf) as board:
        board.take()
        report = fault_report(after_blank(board.ask(b"ep run 1%")), elf)
        assert (report.kind, report.function) == ("UsageFault", "misbehave")
        assert report.registers["cfsr"] == 1 << 25


@needs_qemu
@pytest.mark.parametrize("name", QEMU_GUARDED)
def test_a_board_in_qemu_reports_a_stack_overflow(tmp_path: Path, name: str) -> None:
    elf = build(tmp_path / "fw", defines=(OVERFLOW,), target=mcu_target(name))
    with qemu_board(qemu_machine(name), elf) as board:
        board.take()
        assert fault_report(after_blank(board.ask(b"ep run 1%")), elf).kind == "stack overflow"


@needs_qemu
@pytest.mark.parametrize("name", ["mps2-an386", "mps3-an547"])
def test_a_board_in_qemu_is_reset_when_it_hangs(tmp_path: Path, name: str) -> None:
    elf = build(tmp_path / "fw", defines=HANG, target=mcu_target(name))
    with qemu_board(qemu_machine(name), elf) as board:
        board.take()
        lines = after_blank(board.ask(b"ep run 1%"))
        report = fault_report(lines, elf)
        assert (report.kind, report.function) == ("watchdog", "misbehave")
        assert board.take() == [*lines[:3], "m-init-done", "m-ready"]
