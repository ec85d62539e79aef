from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from emulate.firmware import build


@pytest.fixture(scope="session")
def release_elf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("firmware") / "release")


@pytest.fixture(scope="session")
def profile_elf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("firmware") / "profile", defines=("EP_PROFILE=1",))


@pytest.fixture(scope="session", params=["zig", "gcc"])
def any_elf(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    if request.param == "gcc" and shutil.which("arm-none-eabi-gcc") is None:
        pytest.skip("arm-none-eabi-gcc is not installed")
    folder = tmp_path_factory.mktemp("firmware") / request.param
    return build(folder, compiler=request.param, keep=("memmove", "memset", "memcpy", "memcmp", "strlen", "strcmp"))
