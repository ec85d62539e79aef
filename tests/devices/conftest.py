from __future__ import annotations

from pathlib import Path

import pytest

from devices.machines import small_parts, ssh_host, ssh_server, via
from emulate.firmware import build
from support.adbd.fixtures import adb_environment, phone, plug_in

__all__ = ["adb_environment", "phone", "plug_in", "small_parts", "ssh_host", "ssh_server", "via"]


@pytest.fixture(scope="session")
def release_elf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("firmware") / "release")


@pytest.fixture(scope="session")
def profile_elf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("firmware") / "profile", defines=("EP_PROFILE=1",))
