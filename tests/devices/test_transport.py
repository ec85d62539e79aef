from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest
import serial

from edgeprune.devices import BoardClient, FirmwareFault, open_transport, schemes
from edgeprune.devices.serial_line import open_port
from edgeprune.emulate import load_image
from edgeprune.errors import DeviceError, UserError
from emulate.firmware import build, mcu_target


def children() -> set[int]:
    """Emulated boards that this process has started and that still run."""
    found = psutil.Process().children()
    return {child.pid for child in found if "edgeprune.emulate" in child.cmdline()}


def test_the_ways_are_found() -> None:
    assert set(schemes()) >= {"emulator", "serial"}


@pytest.mark.parametrize(
    ("via", "message"),
    [("pigeon:3", "no way 'pigeon:3'"), ("emulator:3", "takes nothing"), ("serial:", "name the serial port")],
)
def test_a_wrong_way_is_the_users(release_elf: Path, via: str, message: str) -> None:
    with pytest.raises(UserError, match=message), open_transport(via, release_elf, mcu_target()):
        pass


def test_a_target_without_emulation_is_refused(release_elf: Path) -> None:
    target = mcu_target().model_copy(update={"emulated": False})
    with pytest.raises(UserError, match="cannot be emulated"), open_transport("emulator", release_elf, target):
        pass


def test_the_emulator_and_a_serial_port_are_one_way(release_elf: Path) -> None:
    with open_transport("emulator", release_elf, mcu_target()) as line:
        assert len(children()) == 1
        assert BoardClient(line).identify().model == "tiny"
        path = line.name
        # Another program cannot get in between.
        with (
            pytest.raises(DeviceError, match="another program has"),
            open_transport(f"serial:{path}", release_elf, mcu_target()),
        ):
            pass
    assert not children()


@pytest.mark.parametrize("raised", [RuntimeError, KeyboardInterrupt])
def test_the_emulator_is_gone_however_the_block_ends(release_elf: Path, raised: type[BaseException]) -> None:
    with pytest.raises(raised), open_transport("emulator", release_elf, mcu_target()) as line:
        BoardClient(line)
        raise raised
    assert not children()


def test_an_emulator_that_cannot_start_says_why(tmp_path: Path) -> None:
    with (
        pytest.raises(DeviceError, match=r"missing\.elf cannot be read"),
        open_transport("emulator", tmp_path / "missing.elf", mcu_target()),
    ):
        pass
    assert not children()


def test_the_emulator_does_not_outlive_a_parent_that_is_killed(release_elf: Path, tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(
        "import sys, time\n"
        "from pathlib import Path\n"
        "from edgeprune.devices import open_transport\n"
        "from edgeprune.targets import load_target\n"
        "with open_transport('emulator', Path(sys.argv[1]), load_target('cortex-m4')) as line:\n"
        "    print(line.name, flush=True)\n"
        "    time.sleep(60)\n"
    )
    command = [sys.executable, str(script), str(release_elf)]
    parent = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    path = Path(parent.stdout.readline().strip())
    assert path.exists()
    parent.send_signal(signal.SIGKILL)
    parent.communicate()
    deadline = time.monotonic() + 20
    while path.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not path.exists()


def test_a_missing_port_is_named_with_those_present() -> None:
    with (
        pytest.raises(DeviceError, match="no serial port /dev/ttyNOTHING; ports present:"),
        open_port("/dev/ttyNOTHING", 115200),
    ):
        pass


def test_a_file_that_is_no_port(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DeviceError, match="cannot open the serial port"), open_port(str(tmp_path / "file"), 115200):
        pass


def test_a_line_that_is_unplugged_breaks_with_a_sentence() -> None:
    master, slave = os.openpty()
    with open_port(os.ttyname(slave), 115200) as line:
        assert line.read(0.05) == b""
        os.write(master, b"hello")
        assert line.read(5) == b"hello"
        os.close(master)
        with pytest.raises(DeviceError, match="broke"):
            line.read(5)
        with pytest.raises(DeviceError, match="broke"):
            line.write(b"x")
    os.close(slave)


def test_a_port_without_permission_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: object, **_options: object) -> None:
        raise serial.SerialException(errno.EACCES, "could not open port: permission denied")

    monkeypatch.setattr(serial, "Serial", refuse)  # a test that runs as root may open everything
    with (
        pytest.raises(DeviceError, match="no permission for the serial port /dev/ttyX; add yourself to the group"),
        open_port("/dev/ttyX", 115200),
    ):
        pass


def test_a_port_that_another_program_has_is_named() -> None:
    master, slave = os.openpty()
    path = os.ttyname(slave)
    with (
        open_port(path, 115200),
        pytest.raises(DeviceError, match=f"another program has the serial port {path} open; close it"),
        open_port(path, 115200),
    ):
        pass
    os.close(master)
    os.close(slave)


def test_a_board_that_is_unplugged_in_the_middle_of_an_inference(release_elf: Path) -> None:
    with (
        pytest.raises(DeviceError, match="broke"),
        open_transport("emulator", release_elf, mcu_target()) as line,
    ):
        client = BoardClient(line)
        (child,) = children()
        threading.Timer(0.5, os.kill, (child, signal.SIGKILL)).start()
        client.infer(1_000_000_000)


def test_a_board_that_takes_nothing_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edgeprune.devices.serial_line._WRITE_SECONDS", 0.3)
    master, slave = os.openpty()
    with open_port(os.ttyname(slave), 115200) as line, pytest.raises(DeviceError, match="took no bytes"):
        line.write(b"x" * 1_000_000)
    os.close(master)
    os.close(slave)


def test_firmware_that_faults_says_so_and_can_be_reset(tmp_path: Path) -> None:
    elf = build(tmp_path / "fault", defines=("TINY_FAULT_ADDRESS=0x90000000",))
    with open_transport("emulator", elf, mcu_target()) as line:
        client = BoardClient(line, describe=load_image(elf).describe)
        with pytest.raises(FirmwareFault, match=r"Fault at 0x\w{8} \(misbehave\+\d+\).* address 0x90000000") as caught:
            client.run(1)
        assert caught.value.report.registers.bfar == 0x9000_0000
        # The board waits in its post-mortem loop; a new client starts it again.
        assert BoardClient(line).identify().model == "tiny"
    assert not children()


def test_bytes_pass_unchanged_through_a_serial_port() -> None:
    master, slave = os.openpty()
    with open_port(os.ttyname(slave), 115200) as line:
        every = bytes(range(256))
        os.write(master, every)
        got = b""
        while len(got) < 256:
            got += line.read(5)
        assert got == every
        line.write(every)
        assert os.read(master, 1000) == every
    os.close(master)
    os.close(slave)
