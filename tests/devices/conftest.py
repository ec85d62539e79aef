from __future__ import annotations

from pathlib import Path

import pytest

from emulate.firmware import build


@pytest.fixture(scope="session")
def release_elf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("firmware") / "release")


@pytest.fixture(scope="session")
def profile_elf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("firmware") / "profile", defines=("EP_PROFILE=1",))
