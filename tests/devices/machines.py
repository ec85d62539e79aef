"""Every way to a machine, for tests of what all of them must do."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from edgeprune.devices.remote import store
from support.adbd.fixtures import PlugIn

_PATH = f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin"
#: Small parts, so that small files have several.
PART = 32 << 10

WAYS = ("adb", "adb of an old phone", "ssh", "local")


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "PART", PART)


@pytest.fixture(params=WAYS)
def via(request: pytest.FixtureRequest) -> str:
    """What `--via` takes, for each kind of machine."""
    if request.param == "local":
        return "local"
    if request.param == "ssh":
        host: str = request.getfixturevalue("ssh_host")
        return f"ssh:{host}"
    plug_in: PlugIn = request.getfixturevalue("plug_in")
    return f"adb:{plug_in(features=() if 'old' in request.param else ('shell_v2', 'cmd')).serial}"


@pytest.fixture(scope="session")
def ssh_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A server for ssh; gives the folder whose `bin/ssh` knows it as `board`."""
    sshd = shutil.which("sshd", path=_PATH)
    if sshd is None or shutil.which("ssh") is None:
        pytest.skip("sshd is not installed (Debian package openssh-server)")
    if os.getuid() == 0 and not Path("/run/sshd").is_dir():
        pytest.skip("sshd does not start as root without the folder /run/sshd")
    folder = tmp_path_factory.mktemp("ssh")
    for key in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / key)], check=True)
    shutil.copy(folder / "user.pub", folder / "authorized")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    public = (folder / "host.pub").read_text().split()
    (folder / "known").write_text(f"board {public[0]} {public[1]}\n")
    _configure(folder, port)
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen([sshd, "-D", "-e", "-f", str(folder / "sshd.conf")], stderr=log)
    try:
        _wait(port)
        yield folder
    finally:
        server.terminate()
        server.wait(10)


@pytest.fixture
def ssh_host(ssh_server: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """What `ssh` takes."""
    monkeypatch.setenv("PATH", f"{ssh_server / 'bin'}:{os.environ['PATH']}")
    return "board"


def _configure(folder: Path, port: int) -> None:
    # Bash reads what the user has set for it, unless it believes that another one has started it.
    (folder / "sshd.conf").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder}/host\nAuthorizedKeysFile {folder}/authorized\n"
        f"PidFile none\nUsePAM no\nStrictModes no\nPasswordAuthentication no\n"
        f"SetEnv XDG_CACHE_HOME={folder}/cache SHLVL=2\n"
    )
    (folder / "client.conf").write_text(
        f"Host board nokey\n  HostName 127.0.0.1\n  HostKeyAlias board\n  Port {port}\n"
        f"  UserKnownHostsFile {folder}/known\n  IdentitiesOnly yes\n"
        f"Host board\n  IdentityFile {folder}/user\nHost nokey\n  IdentityFile {folder}/none\n"
        f"Host stranger\n  HostName 127.0.0.1\n  Port {port}\n  UserKnownHostsFile /dev/null\n"
    )
    # ssh looks for its configuration in the home of the user database, whatever $HOME says.
    (folder / "bin").mkdir()
    (folder / "bin" / "ssh").write_text(f'#!/bin/sh\nexec {shutil.which("ssh")} -F {folder}/client.conf "$@"\n')
    (folder / "bin" / "ssh").chmod(0o755)


def _wait(port: int) -> None:
    end = time.monotonic() + 10
    while time.monotonic() < end:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise TimeoutError("sshd does not listen")
