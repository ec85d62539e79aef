"""Every way to a machine, for tests of what all of them must do."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from edgeprune.devices.remote import store
from support.adbd.fixtures import PlugIn
from support.sshd import serving

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
    with serving(tmp_path_factory.mktemp("ssh")) as folder:
        yield folder


@pytest.fixture
def ssh_host(ssh_server: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """What `ssh` takes."""
    monkeypatch.setenv("PATH", f"{ssh_server / 'bin'}:{os.environ['PATH']}")
    return "board"
