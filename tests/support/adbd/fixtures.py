"""Phones as fixtures; a `conftest.py` takes them by importing them."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from support.adbd.phone import Phone
from support.adbd.server import adb_server

PlugIn = Callable[..., Phone]


@pytest.fixture(scope="session")
def adb_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Variables of the environment that lead the adb client to a server of this test run."""
    if shutil.which("adb") is None:
        pytest.skip("adb is not installed (Debian package adb)")
    with adb_server(tmp_path_factory.mktemp("adb")) as private:
        yield private


@pytest.fixture
def plug_in(adb_environment: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PlugIn]:
    """Plugs phones in, until the test ends; adb knows none at its start."""
    for name, value in adb_environment.items():
        monkeypatch.setenv(name, value)
    for name in ("ANDROID_SERIAL", "ANDROID_HOME", "ANDROID_SDK_ROOT"):
        monkeypatch.delenv(name, raising=False)
    phones: list[Phone] = []
    # Tests change the environment.
    adb, environment = str(shutil.which("adb")), os.environ | adb_environment

    def tell(*arguments: str) -> None:
        subprocess.run([adb, *arguments], env=environment, check=False, timeout=30, capture_output=True)

    def plug(features: Sequence[str] = ("shell_v2", "cmd"), arm: Sequence[str] = (), connect: bool = True) -> Phone:
        phone = Phone(tmp_path / f"phone{len(phones)}", features, arm)
        phones.append(phone)
        if connect:
            tell("connect", phone.serial)
        return phone

    yield plug
    for phone in phones:
        phone.close()
        # So that the server does not try to connect again for ever.
        tell("disconnect", phone.serial)


@pytest.fixture
def phone(plug_in: PlugIn) -> Phone:
    """A phone, plugged in."""
    return plug_in()
