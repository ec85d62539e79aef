"""The emulated board as a process: what comes out of it, how it ends, who may open its line."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import serial

from emulate.chips import compile_firmware
from emulate.firmware import mcu_target

READY = b"m-ready\r\n"
_SECONDS = 20


@contextmanager
def served(*arguments: str) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    command = [sys.executable, "-m", "edgeprune.emulate", *arguments]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        assert process.stdout is not None
        yield process, process.stdout.readline().decode().strip()
    finally:
        process.kill()
        process.communicate()


def ask(port: serial.Serial, command: bytes) -> bytes:
    port.write(command + b"%")
    return port.read_until(READY)


def test_clients_come_and_go(release_elf: Path) -> None:
    with served(str(release_elf)) as (_, path):
        for _ in range(4):
            with serial.Serial(path, timeout=_SECONDS) as port:
                # The greeting of the start is not in the way of the first reply.
                assert ask(port, b"name") == b"m-name-dut-[cortex-m4]\r\n" + READY


def test_a_client_that_leaves_in_the_middle_of_a_reply_blocks_nobody(release_elf: Path) -> None:
    with served(str(release_elf)) as (_, path):
        with serial.Serial(path, timeout=_SECONDS) as port:
            port.write(b"help%" * 200)  # more than a terminal buffers
            port.read(1)
        with serial.Serial(path, timeout=_SECONDS) as port:
            port.write(b"%sync%")
            assert port.read_until(b"sync]").endswith(b"sync]")
            port.read_until(READY)
            assert ask(port, b"name") == b"m-name-dut-[cortex-m4]\r\n" + READY


def test_a_client_that_reads_slowly_loses_nothing(release_elf: Path) -> None:
    with served(str(release_elf)) as (_, path), serial.Serial(path, timeout=_SECONDS) as port:
        port.write(b"help%" * 50)
        time.sleep(0.3)
        replies = [port.read_until(READY) for _ in range(50)]
        assert len(set(replies)) == 1


def test_a_plain_client_gets_no_echo_and_no_translation(release_elf: Path) -> None:
    with served(str(release_elf)) as (_, path):
        descriptor = os.open(path, os.O_RDWR | os.O_NOCTTY)
        try:
            assert not termios.tcgetattr(descriptor)[3] & (termios.ECHO | termios.ICANON)
            os.write(descriptor, b"name%")
            said = b""
            while not said.endswith(READY):
                said += os.read(descriptor, 100)
            assert said == b"m-name-dut-[cortex-m4]\r\n" + READY
        finally:
            os.close(descriptor)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
@pytest.mark.parametrize("busy", [False, True])
def test_a_signal_ends_the_board_cleanly(release_elf: Path, number: signal.Signals, busy: bool) -> None:
    with served(str(release_elf)) as (process, path):
        with serial.Serial(path, timeout=_SECONDS) as port:
            if busy:
                port.write(b"infer 1000000000 0%")
                port.read_until(b"m-infer-start")
            process.send_signal(number)
            assert process.wait(_SECONDS) == 0
        assert process.stderr is not None
        assert process.stderr.read() == b""


def test_standard_input_matters_only_when_asked(release_elf: Path) -> None:
    for option, ends in (((), False), (("--stop-with-stdin",), True)):
        with served(str(release_elf), *option) as (process, path):
            assert process.stdin is not None
            process.stdin.close()
            process.stdin = None
            if ends:
                assert process.wait(_SECONDS) == 0
            else:
                with serial.Serial(path, timeout=_SECONDS) as port:
                    assert READY in ask(port, b"name")


def test_a_built_folder_and_a_dumped_profile_are_taken(release_elf: Path, tmp_path: Path) -> None:
    profile = tmp_path / "board.json"
    profile.write_text(mcu_target().model_copy(update={"name": "mine"}).model_dump_json())
    with served(str(release_elf.parent), "--target", str(profile)) as (_, path):
        assert Path(path).exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("/nowhere/firmware.elf",), b"cannot be read"),
        ((__file__,), b"not an ELF file"),
        ((__file__, "--target", "phone-a76"), b"cannot be emulated"),
        ((__file__, "--target", "nothing"), b"there is no target"),
        ((__file__, "--target", "/nowhere/x.json"), b"not a dumped target profile"),
    ],
)
def test_what_cannot_be_served_is_one_sentence(arguments: tuple[str, ...], message: bytes) -> None:
    done = subprocess.run([sys.executable, "-m", "edgeprune.emulate", *arguments], capture_output=True, check=False)
    assert done.returncode == 2
    assert done.stdout == b""
    assert message in done.stderr
    assert done.stderr.count(b"\n") == 1


MISUSE = """
#include <stdint.h>
extern uint32_t stack_top[];
void start(void) {
    *(volatile uint32_t *)0x40021008 = 3; /* RCC_CFGR.SW: the PLL, which nobody switched on */
    for (;;) { }
}
__attribute__((section(".vectors"), used)) const void *const vectors[] = {stack_top, start};
"""


def test_firmware_that_the_chips_manual_forbids_ends_with_one_sentence(tmp_path: Path) -> None:
    base = mcu_target()
    target = base.model_copy(update={
        "platform": "stm32l4",
        "uart": base.uart.model_copy(update={"base": 0x4000_8000, "tx": "PG7", "rx": "PG8"}),
    })  # fmt: skip
    profile = tmp_path / "board.json"
    profile.write_text(target.model_dump_json())
    elf = compile_firmware(tmp_path, {"main.c": MISUSE}, cpu="cortex_m4", flash=target.flash.base, ram=target.ram.base)
    command = [sys.executable, "-m", "edgeprune.emulate", str(elf), "--target", str(profile)]
    done = subprocess.run(command, capture_output=True, timeout=_SECONDS, check=False)
    assert done.returncode == 2
    assert done.stdout == b""
    assert done.stderr == b"RCC_CFGR.SW selects the PLL, which is off; switch it on first\n"
