"""A board behind OpenSSH's server, on the loopback interface."""

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

_PATH = f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin"


@contextlib.contextmanager
def serving(folder: Path, programs: Path | None = None) -> Iterator[Path]:
    """A server that lets us in without a question; skips the test where there is none.

    Args:
        folder: An empty one, for keys and configuration; the board's caches are in its `cache`.
        programs: A folder whose programs the board finds before all others.

    Yields:
        The folder; its `bin`, to be put in front of the PATH, has an `ssh` that knows the server as `board`.
    """
    sshd = shutil.which("sshd", path=_PATH)
    if sshd is None or shutil.which("ssh") is None:
        pytest.skip("sshd is not installed (Debian package openssh-server)")
    if os.getuid() == 0 and not Path("/run/sshd").is_dir():
        pytest.skip("sshd does not start as root without the folder /run/sshd")
    for key in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / key)], check=True)
    shutil.copy(folder / "user.pub", folder / "authorized")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    public = (folder / "host.pub").read_text().split()
    (folder / "known").write_text(f"board {public[0]} {public[1]}\n")
    _configure(folder, port, programs)
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen([sshd, "-D", "-e", "-f", str(folder / "sshd.conf")], stderr=log)
    try:
        _wait(port)
        yield folder
    finally:
        server.terminate()
        server.wait(10)


def _configure(folder: Path, port: int, programs: Path | None) -> None:
    path = "" if programs is None else f" PATH={programs}:{os.environ['PATH']}"
    # Bash reads what the user has set for it, unless it believes that another one has started it.
    (folder / "sshd.conf").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder}/host\nAuthorizedKeysFile {folder}/authorized\n"
        f"PidFile none\nUsePAM no\nStrictModes no\nPasswordAuthentication no\n"
        f"SetEnv XDG_CACHE_HOME={folder}/cache SHLVL=2{path}\n"
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
