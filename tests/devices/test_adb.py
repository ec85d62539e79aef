"""Debian's adb client with a phone that goes wrong: one sentence each, in time, and nothing lost or invented."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import socket
import struct
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from devices.machines import PART
from devices.test_machine import MARK, gone, running
from edgeprune.devices import open_machine
from edgeprune.devices.machines import adb as adb_machines
from edgeprune.devices.remote import machine as remote_machines
from edgeprune.devices.remote import store
from edgeprune.errors import DeviceError, EdgepruneError
from support.adbd import Phone
from support.adbd.fixtures import PlugIn
from support.command_line import edgeprune

SECONDS = 1.0


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A phone that is gone is not waited for long."""
    monkeypatch.setattr(remote_machines, "BACK_SECONDS", SECONDS)


@contextlib.contextmanager
def fails(message: str, seconds: float = SECONDS) -> Iterator[None]:
    """The block ends with one sentence, within its time-out and a second."""
    before = time.monotonic()
    with pytest.raises(EdgepruneError, match=message) as caught:
        yield
    assert time.monotonic() - before < seconds + 1
    assert caught.value.exit_code == 2
    assert "\n" not in str(caught.value)
    # What happened, and after that what to do.
    assert "; " in str(caught.value)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "model"
    path.write_bytes(random.Random(2).randbytes(3 * PART + 7))
    return path


def left(phone: Phone) -> list[str]:
    """What lies in the phone's folder for us, but for the cache."""
    return sorted(path.name for path in phone.path("/data/local/tmp").iterdir() if path.name != "edgeprune-cache")


def cached(phone: Phone) -> list[str]:
    folder = phone.path("/data/local/tmp/edgeprune-cache")
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


# -- the way to a phone ---------------------------------------------------------------------


def test_without_adb_it_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with fails("no adb on the PATH.*install it"), open_machine("adb:"):
        pass


def test_adb_of_an_sdk_is_found(phone: Phone, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    tools = tmp_path / "sdk" / "platform-tools"
    tools.mkdir(parents=True)
    (tools / "adb").symlink_to(str(shutil.which("adb")))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("ANDROID_HOME", str(tmp_path / "sdk"))
    with open_machine("adb:") as machine:
        assert machine.name == f"adb:{phone.serial}"


def test_one_phone_needs_no_serial_and_several_do(plug_in: PlugIn, monkeypatch: pytest.MonkeyPatch) -> None:
    with fails("there is no phone; plug one in"), open_machine("adb:"):
        pass
    first = plug_in()
    refused = plug_in(connect=False)
    refused.faults.unauthorised = True
    with open_machine("adb:") as machine:
        assert machine.name == f"adb:{first.serial}"
    second = plug_in()
    ways = " or ".join(sorted(f"adb:{phone.serial}" for phone in (first, second)))
    with fails(f"there are 2 phones; say which one is meant with {ways}"), open_machine("adb:"):
        pass
    with open_machine(f"adb:{second.serial}") as machine:
        assert machine.name == f"adb:{second.serial}"
    monkeypatch.setenv("ANDROID_SERIAL", second.serial)
    with open_machine("adb:") as machine:
        assert machine.name == f"adb:{second.serial}"


def test_a_phone_that_is_not_there_is_named_with_those_that_are(phone: Phone) -> None:
    with fails(f"there is no phone R58N30; phones present: {phone.serial}"), open_machine("adb:R58N30"):
        pass


def test_a_phone_on_the_network_is_connected(plug_in: PlugIn) -> None:
    phone = plug_in(connect=False)
    with open_machine(f"adb:{phone.serial}") as machine:
        assert machine.run(["echo", "here"], 5).out == b"here\n"


def test_a_phone_that_does_not_trust_us_says_what_to_confirm(plug_in: PlugIn) -> None:
    phone = plug_in(connect=False)
    phone.faults.unauthorised = True
    with fails("does not trust this computer; unlock it, allow"), open_machine(f"adb:{phone.serial}"):
        pass


def test_a_phone_that_is_offline_says_so(phone: Phone) -> None:
    phone.faults.offline = True
    phone.unplug()
    with fails("is offline; plug it in again"), open_machine(f"adb:{phone.serial}"):
        pass


def test_an_adb_server_that_hangs_is_noticed(adb_environment: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adb_machines, "LIST_SECONDS", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("ANDROID_ADB_SERVER_PORT", str(silent.getsockname()[1]))
        with fails(r"adb devices got no answer within 0\.5 s; ", 0.5), open_machine("adb:R58N30"):
            pass


def test_a_server_that_is_none_is_noticed(adb_environment: object, monkeypatch: pytest.MonkeyPatch) -> None:
    def hang_up() -> None:
        with contextlib.suppress(OSError):
            while True:
                other.accept()[0].close()

    with socket.create_server(("127.0.0.1", 0)) as other:
        threading.Thread(target=hang_up, daemon=True).start()
        monkeypatch.setenv("ANDROID_ADB_SERVER_PORT", str(other.getsockname()[1]))
        with fails(r"adb cannot list phones \(.+\); end its server", 10), open_machine("adb:R58N30"):
            pass
        assert edgeprune("devices").code == 0
        other.shutdown(socket.SHUT_RDWR)


# -- files ----------------------------------------------------------------------------------


def test_a_file_that_the_phone_knows_is_not_sent_again(phone: Phone, model: Path, tmp_path: Path) -> None:
    size = model.stat().st_size
    for name in ("a", "b"):
        with open_machine("adb:") as machine:
            machine.push(model, name)
            machine.push(model, name)
            machine.push(model, "c")
            machine.pull(name, tmp_path / name)
        assert (tmp_path / name).read_bytes() == model.read_bytes()
    assert phone.pushed == size
    assert left(phone) == []


def test_a_push_that_breaks_goes_on_when_the_phone_is_back(phone: Phone, model: Path, tmp_path: Path) -> None:
    phone.faults.drop_push_after, phone.faults.drop_push_times = 2 * PART + 1, 1
    with open_machine("adb:") as machine:
        machine.push(model, "m")
        machine.pull("m", tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == model.read_bytes()
    assert phone.faults.drop_push_times == 0
    assert phone.pushed <= model.stat().st_size + PART


def test_a_push_that_keeps_breaking_resumes_in_the_next_run(phone: Phone, model: Path, tmp_path: Path) -> None:
    phone.faults.drop_push_after, phone.faults.drop_push_times = 2 * PART + 1, 100
    with fails("connection to adb:.* broke in a push; check the cable", 10), open_machine("adb:") as machine:
        machine.push(model, "m")
    phone.faults.drop_push_times, before = 0, phone.pushed
    with open_machine("adb:") as machine:
        machine.push(model, "m")
        machine.pull("m", tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == model.read_bytes()
    # Two parts had arrived whole.
    assert phone.pushed - before == model.stat().st_size - 2 * PART
    assert left(phone) == []


def test_a_phone_that_does_not_come_back(phone: Phone, model: Path) -> None:
    with open_machine("adb:") as machine:
        machine.push(model, "m")
        phone.faults.offline = True
        phone.unplug()
        with fails("is offline; plug it in again", 0.5):
            machine.read("/sys/x", 0.5)
        with fails("is offline; plug it in again"):
            machine.pull("m", model.with_name("back"))
        phone.close()


def test_two_commands_push_one_file_at_a_time(phone: Phone, model: Path, tmp_path: Path) -> None:
    def push(number: int) -> bytes:
        with open_machine("adb:") as machine:
            machine.push(model, "m")
            machine.pull("m", tmp_path / f"back{number}")
        return (tmp_path / f"back{number}").read_bytes()

    with ThreadPoolExecutor() as pool:
        assert set(pool.map(push, range(3))) == {model.read_bytes()}
    assert left(phone) == []


def test_a_part_that_arrives_damaged_is_sent_again(phone: Phone, model: Path, tmp_path: Path) -> None:
    phone.faults.garble_push = 1
    with open_machine("adb:") as machine:
        machine.push(model, "m")
        machine.pull("m", tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == model.read_bytes()


def test_a_file_that_only_arrives_damaged_is_refused(phone: Phone, model: Path) -> None:
    phone.faults.garble_push = 10**6
    with fails(r"m arrived damaged on adb:.* 3 times; try another cable", 10), open_machine("adb:") as machine:
        machine.push(model, "m")
    assert left(phone) == cached(phone) == []


def test_a_pull_that_arrives_damaged_leaves_no_file(phone: Phone, model: Path, tmp_path: Path) -> None:
    with open_machine("adb:") as machine:
        machine.push(model, "m")
        phone.faults.garble_pull = True
        with fails("m arrived damaged from adb:.*; try another cable"):
            machine.pull("m", tmp_path / "back" / "m")
    assert list((tmp_path / "back").iterdir()) == []


def test_a_cached_file_that_was_damaged_is_sent_again(phone: Phone, model: Path, tmp_path: Path) -> None:
    with open_machine("adb:") as machine:
        machine.push(model, "m")
    (name,) = cached(phone)
    with phone.path(f"/data/local/tmp/edgeprune-cache/{name}").open("r+b") as file:
        file.write(b"damage")
    with open_machine("adb:") as machine:
        machine.push(model, "m")
        machine.pull("m", tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == model.read_bytes()


@pytest.mark.parametrize("where", ["full_push", "full_shell"])
def test_a_full_phone_says_how_much_is_needed_and_keeps_nothing(phone: Phone, model: Path, where: str) -> None:
    setattr(phone.faults, where, True)
    with fails(r"no space for m \(98,311 B.*where [\d,]+ KB are free; free some", 3), open_machine("adb:") as machine:
        machine.push(model, "m")
    assert left(phone) == cached(phone) == []


def test_the_cache_keeps_what_was_used_last(phone: Phone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "CACHE_KIB", 100)
    names = []
    with open_machine("adb:") as machine:
        for number in range(3):
            (tmp_path / "file").write_bytes(bytes([number]) * 45_000)
            machine.push(tmp_path / "file", str(number))
            names += [name for name in cached(phone) if name not in names]
            # The age of files is told in seconds by some phones.
            for age, name in enumerate(reversed(names)):
                path = phone.path(f"/data/local/tmp/edgeprune-cache/{name}")
                if path.exists():
                    os.utime(path, (time.time() - 10 * age - 10,) * 2)
        assert cached(phone) == sorted(names[1:])
        assert machine.run(["ls"], 5).out.split() == [b"0", b"1", b"2"]


def test_what_was_left_long_ago_is_removed(phone: Phone, model: Path) -> None:
    old, new = (phone.path(f"/data/local/tmp/edgeprune-{name}") for name in ("00000000", "11111111"))
    for folder in (old, new):
        (folder / "x").mkdir(parents=True)
    os.utime(old, (time.time() - 3 * 86400,) * 2)
    os.utime(new, (time.time() - 3600,) * 2)
    with open_machine("adb:") as machine:
        machine.push(model, "m")
    assert left(phone) == [new.name]


# -- programs -------------------------------------------------------------------------------


def test_a_phone_that_is_unplugged_while_a_program_runs(phone: Phone) -> None:
    phone.faults.drop_run = "edgeprune-drop"
    # adb itself ends with exit code 0 then.
    with fails("connection to adb:.* broke while sh ran, and its result is lost", 5), open_machine("adb:") as machine:
        machine.run(["sh", "-c", f": edgeprune-drop; echo result; sleep {MARK}"], 5)
    assert gone()
    assert left(phone) == []


@pytest.mark.parametrize("fault", ["truncate_run", "garble_run"])
def test_output_without_its_end_is_no_result(phone: Phone, fault: str) -> None:
    setattr(phone.faults, fault, "edgeprune-cut")
    with open_machine("adb:") as machine, fails("broke while sh ran", 5):
        machine.run(["sh", "-c", ": edgeprune-cut; echo result"], 5)


def test_an_old_phone_keeps_nothing_of_what_was_cut_short(plug_in: PlugIn) -> None:
    phone = plug_in(features=())
    with open_machine("adb:") as machine:
        phone.faults.drop_run = "edgeprune-drop"
        for mark, message in (("edgeprune-late", "did not end"), ("edgeprune-drop", "broke while sh ran")):
            with fails(message, 1):
                machine.run(["sh", "-c", f": {mark}; echo error >&2; echo result; sleep {MARK}"], 1)
    assert gone()
    assert left(phone) == []


def test_a_phone_that_takes_no_folder_has_run_nothing(phone: Phone) -> None:
    folder = phone.path("/data/local/tmp")
    folder.rmdir()
    folder.write_text("")
    with open_machine("adb:") as machine, fails("no folder can be made below /data/local/tmp on adb:", 5):
        machine.run(["true"], 5)


def test_an_exit_code_that_is_not_the_programs_is_noticed(phone: Phone) -> None:
    phone.faults.exit_code = 0
    with open_machine("adb:") as machine, fails("adb reports exit code 0 and the phone's shell 3", 5):
        machine.run(["sh", "-c", "exit 3"], 5)


def test_a_phone_that_falls_silent_in_a_run(phone: Phone) -> None:
    with open_machine("adb:") as machine:
        machine.run(["true"], 5)
        phone.faults.silent_run = "edgeprune-silent"
        with fails(r"sh did not end on adb:.* within 0\.5 s; ", 0.5):
            machine.run(["sh", "-c", f": edgeprune-silent; sleep {MARK}"], 0.5)
        with fails(rf"adb shell got no answer from {phone.serial} within 0\.5 s; ", 0.5):
            machine.read("/sys/x", 0.5)
        phone.faults.silent_run, phone.faults.silent = None, False
    for process in running():
        process.kill()


def test_a_phone_that_falls_silent_before_a_push(phone: Phone, model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "SCRIPT_SECONDS", 0.5)
    with open_machine("adb:") as machine:
        machine.run(["true"], 5)
        phone.faults.silent = True
        with fails(r"got no answer from .* within 0\.51 s; ", 0.5):
            machine.push(model, "m")
        phone.faults.silent = False


def test_programs_for_arm_go_through_the_emulator(plug_in: PlugIn, tmp_path: Path) -> None:
    if shutil.which("qemu-aarch64") is None:
        pytest.skip("qemu-aarch64 is not installed (Debian package qemu-user)")
    phone = plug_in(arm=("qemu-aarch64", "-cpu", "cortex-a76"))
    (tmp_path / "arm").write_bytes(arm_program())
    with open_machine(f"adb:{phone.serial}") as machine:
        path = machine.push(tmp_path / "arm", "arm")
        for command in ([path], ["./arm"], ["env", "X=1", "nice", "./arm", "an argument"]):
            done = machine.run(command, 10)
            assert (done.code, done.out) == (7, b"Arm\n")


def arm_program() -> bytes:
    """An ELF file for 64-bit Arm that writes `Arm` and ends with code 7."""
    base = 0x400000
    code = struct.pack(
        "<9I",
        0xD2800020,  # mov x0, #1
        0x10000101,  # adr x1, text
        0xD2800082,  # mov x2, #4
        0xD2800808,  # mov x8, #64 (write)
        0xD4000001,  # svc #0
        0xD28000E0,  # mov x0, #7
        0xD2800BA8,  # mov x8, #93 (exit)
        0xD4000001,  # svc #0
        0xD503201F,  # nop
    )
    body = code + b"Arm\n"
    start = 64 + 56
    header = b"\x7fELF\x02\x01\x01" + bytes(9)
    header += struct.pack("<HHIQQQIHHHHHH", 2, 183, 1, base + start, 64, 0, 0, 64, 56, 1, 64, 0, 0)
    segment = struct.pack("<IIQQQQQQ", 1, 5, 0, base, base, start + len(body), start + len(body), 0x1000)
    return header + segment + body


# -- edgeprune devices ----------------------------------------------------------------------


def test_phones_are_listed_with_what_they_are_or_what_to_do(plug_in: PlugIn) -> None:
    phone, refused = plug_in(), plug_in(connect=False)
    (phone.root / "properties").write_text("[ro.product.model]: [Pixel 8]\n[ro.build.version.release]: [14]\n")
    (phone.root / "services" / "battery").write_text("  USB powered: true\n  level: 83\n  scale: 100\n")
    refused.faults.unauthorised = True
    with contextlib.suppress(DeviceError), open_machine(f"adb:{refused.serial}"):
        pass
    table = edgeprune("devices")
    assert table.code == 0
    for text in (f"adb:{phone.serial}", "Pixel 8", "Android 14", "83 %, charging", "does not trust this computer"):
        assert text in table.out
    listed = [row for row in json.loads(edgeprune("devices", "--json").out) if row["kind"] == "phone"]
    assert {row["via"]: row["facts"] and row["facts"]["system"] for row in listed} == {
        f"adb:{phone.serial}": "Android 14",
        f"adb:{refused.serial}": None,
    }
    assert [bool(row["advice"]) for row in sorted(listed, key=lambda row: row["facts"] is None)] == [False, True]


def test_devices_are_listed_without_adb(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("ANDROID_HOME", raising=False)
    table = edgeprune("devices")
    assert (table.code, "there is no adb on the PATH" in table.out) == (0, True)
    assert edgeprune("devices", "--json").out.startswith("[")
