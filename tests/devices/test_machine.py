"""What every way to a machine must do."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import threading
import time
from pathlib import Path

import psutil
import pytest

from devices.machines import PART
from edgeprune.devices import machine_schemes, open_machine
from edgeprune.errors import DeviceError, UserError

#: Held by command lines of programs that must be gone at the end of a test.
MARK = "86399.5"


def running(mark: str = MARK) -> list[psutil.Process]:
    """Programs that tests started on machines, which are all this computer."""
    return [p for p in psutil.process_iter(["cmdline"]) if mark in (p.info["cmdline"] or ())]


def gone(mark: str = MARK) -> bool:
    """Whether they end; the system needs a moment for that."""
    end = time.monotonic() + 5
    while running(mark) and time.monotonic() < end:
        time.sleep(0.02)
    return not running(mark)


class Heard:
    """Progress, as numbers."""

    def __init__(self) -> None:
        self.totals: list[int | None] = []
        self.steps = 0

    def start(self, task: str, total: int | None) -> None:
        self.totals.append(total)

    def advance(self, steps: int = 1, note: str = "") -> None:
        self.steps += steps

    def finish(self) -> None:
        pass


def test_the_ways_are_found() -> None:
    assert machine_schemes() == ("adb", "local", "ssh")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [("pigeon:3", "no way 'pigeon:3'"), ("local:3", "takes nothing"), ("ssh:", "ssh:HOST"), ("ssh:-v", "ssh:HOST")],
)
def test_a_wrong_way_is_the_users(wrong: str, message: str) -> None:
    with pytest.raises(UserError, match=message), open_machine(wrong):
        pass


def test_files_go_there_and_back_unchanged(via: str, tmp_path: Path) -> None:
    content = random.Random(1).randbytes(2 * PART + 5)
    (tmp_path / "model").write_bytes(content)
    (tmp_path / "empty").write_bytes(b"")
    with open_machine(via) as machine:
        assert machine.push(tmp_path / "model", "m.tflite") == f"{machine.workspace}/m.tflite"
        machine.push(tmp_path / "empty", "empty")
        machine.pull("m.tflite", tmp_path / "back" / "model")
        machine.pull("empty", tmp_path / "back" / "empty")
    assert (tmp_path / "back" / "model").read_bytes() == content
    assert (tmp_path / "back" / "empty").read_bytes() == b""


def test_programs_run_as_they_are_and_keep_their_output_apart(via: str, tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.write_text('#!/bin/sh\nfor a; do printf "%s|" "$a"; done\nprintf "no\\0newline" >&2\nexit 7\n')
    arguments = ["two words", "$HOME", "a'b\"c", "*", "", "line\nline", "-n"]
    with open_machine(via) as machine:
        path = machine.push(program, "program")
        for command in (path, "./program"):
            done = machine.run([command, *arguments], 10)
            assert done.code == 7
            assert done.out.decode() == "".join(f"{argument}|" for argument in arguments)
            assert done.err == b"no\0newline"


def test_bytes_of_a_program_come_unchanged(via: str) -> None:
    with open_machine(via) as machine:
        done = machine.run(["sh", "-c", r"printf '\0\r\n\377\n\n'; printf '\r\n' >&2"], 10)
    assert (done.out, done.err, done.code) == (b"\0\r\n\xff\n\n", b"\r\n", 0)


def test_exit_codes_are_the_programs_own(via: str) -> None:
    with open_machine(via) as machine:
        assert machine.run(["sh", "-c", "kill -11 $$"], 10).code == 139
        assert machine.run(["./nothing"], 10).code == 127
        # It has no input, and must not wait for any.
        assert machine.run(["cat"], 10).code == 0


def test_a_program_that_takes_too_long_is_ended_with_all_that_it_started(via: str) -> None:
    with open_machine(via) as machine:
        machine.run(["true"], 10)
        before = time.monotonic()
        with pytest.raises(DeviceError, match="did not end"):
            machine.run(["sh", "-c", f"sleep {MARK} & sleep {MARK}"], 0.5)
        assert time.monotonic() - before < 0.5 + 1
        assert gone()


def test_what_a_program_leaves_running_ends_with_it(via: str) -> None:
    with open_machine(via) as machine:
        done = machine.run(["sh", "-c", f"sleep {MARK} >/dev/null 2>&1 & echo done"], 10)
        assert (done.code, done.out) == (0, b"done\n")
        assert gone()


def test_nothing_is_left_behind_when_the_user_interrupts(via: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    timer = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # what runs in the background ignores it
    try:
        with pytest.raises(KeyboardInterrupt), open_machine(via) as machine:
            machine.push(tmp_path / "file", "file")
            workspace = Path(machine.workspace).name
            timer.start()
            machine.run(["sleep", MARK], 60)
    finally:
        signal.signal(signal.SIGINT, before)
    assert gone()
    assert not list(tmp_path.rglob(workspace))
    assert not Path(machine.workspace).exists()


def test_small_files_are_read_and_others_are_none(via: str) -> None:
    with open_machine(via) as machine:
        assert machine.read("/dev/null") == ""
        assert machine.read("/sys/no/such/file") is None
        assert machine.read("/sys") is None


def test_a_file_that_is_missing_here_or_there(via: str, tmp_path: Path) -> None:
    with open_machine(via) as machine:
        with pytest.raises(DeviceError, match="no file nothing in the workspace"):
            machine.pull("nothing", tmp_path / "back")
        assert not list(tmp_path.glob("*back*"))
        with pytest.raises(UserError, match=r"nothing.*: No such file"):
            machine.push(tmp_path / "nothing", "nothing")


def test_progress_counts_the_parts(phone: object, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(bytes(2 * PART + 1))
    heard = Heard()
    with open_machine("adb:") as machine:
        machine.push(tmp_path / "file", "file", heard)
        assert (heard.totals, heard.steps) == ([3], 3)
        machine.push(tmp_path / "file", "again", heard)
        assert (heard.totals, heard.steps) == ([3, 3], 3)


def test_this_computer_knows_itself() -> None:
    with open_machine("local") as machine:
        facts = machine.facts()
    assert len(facts.cores) >= (os.cpu_count() or 1)
    assert facts.abi == subprocess.run(["uname", "-m"], capture_output=True, text=True, check=True).stdout.strip()
    assert facts.system


def test_a_board_without_our_key_or_known_to_nobody(ssh_host: str) -> None:
    with pytest.raises(DeviceError, match="nokey asks for a password; set up a key"), open_machine("ssh:nokey"):
        pass
    with pytest.raises(DeviceError, match="key of stranger is not known"), open_machine("ssh:stranger"):
        pass


def test_a_board_that_is_not_there(ssh_host: str) -> None:
    with pytest.raises(DeviceError, match=r"cannot reach 127\.0\.0\.9 over ssh"), open_machine("ssh:127.0.0.9"):
        pass


def test_a_board_that_is_lost_while_a_program_runs(ssh_host: str, ssh_server: Path) -> None:
    with open_machine("ssh:board") as machine:
        machine.run(["true"], 10)
        timer = threading.Timer(0.5, end_sessions, (ssh_server,))
        timer.start()
        with pytest.raises(DeviceError, match="connection to ssh:board broke while sleep ran, and its result is lost"):
            machine.run(["sleep", MARK], 30)
        # It is connected again for what can be repeated.
        assert machine.read("/dev/null") == ""
    assert gone()
    assert not Path(machine.workspace).exists()


def end_sessions(ssh_server: Path) -> None:
    """Kill every connection of the server."""
    for process in psutil.process_iter(["cmdline"]):
        if str(ssh_server / "sshd.conf") in (process.info["cmdline"] or ()):
            for child in process.children():
                child.kill()
