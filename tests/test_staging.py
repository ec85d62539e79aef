"""Output appears whole or not at all, whatever happens meanwhile."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from edgeprune.errors import UserError
from edgeprune.staging import staged_file, staged_folder


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_a_folder_appears_at_the_end(tmp_path) -> None:
    with staged_folder(tmp_path / "out", "mark") as stage:
        (stage / "mark").write_text("1")
        assert not (tmp_path / "out").exists()
    assert files(tmp_path) == ["out", "out/mark"]


@pytest.mark.parametrize("fault", [RuntimeError, KeyboardInterrupt])
def test_nothing_stays_after_a_fault(tmp_path, fault: type[BaseException]) -> None:
    with pytest.raises(fault), staged_folder(tmp_path / "out", "mark") as stage:
        (stage / "half").write_text("1")
        raise fault
    assert files(tmp_path) == []


def test_an_older_folder_is_replaced_whole(tmp_path) -> None:
    for number in (1, 2):
        with staged_folder(tmp_path / "out", "mark") as stage:
            (stage / "mark").write_text("x")
            (stage / str(number)).write_text("x")
    assert files(tmp_path) == ["out", "out/2", "out/mark"]


def test_an_older_folder_survives_a_fault(tmp_path) -> None:
    with staged_folder(tmp_path / "out", "mark") as stage:
        (stage / "mark").write_text("old")
    with pytest.raises(RuntimeError), staged_folder(tmp_path / "out", "mark"):
        raise RuntimeError
    assert (tmp_path / "out" / "mark").read_text() == "old"


def test_a_foreign_folder_is_refused(tmp_path) -> None:
    (tmp_path / "precious").write_text("1")
    with pytest.raises(UserError, match="choose another folder"), staged_folder(tmp_path, "mark"):
        pytest.fail("must not get here")
    assert files(tmp_path) == ["precious"]


def test_a_file_in_the_place_is_refused(tmp_path) -> None:
    (tmp_path / "out").write_text("1")
    with pytest.raises(UserError), staged_folder(tmp_path / "out", "mark"):
        pytest.fail("must not get here")


def test_a_file_is_replaced_at_the_end(tmp_path) -> None:
    (tmp_path / "o").write_text("old")
    with pytest.raises(RuntimeError), staged_file(tmp_path / "o") as stage:
        stage.write_text("half")
        raise RuntimeError
    assert (tmp_path / "o").read_text() == "old"
    with staged_file(tmp_path / "o") as stage:
        stage.write_text("new")
    assert (tmp_path / "o").read_text() == "new"
    assert files(tmp_path) == ["o"]


@pytest.mark.parametrize(("number", "advice"), [(errno.ENOSPC, "disk is full"), (errno.EROFS, "read-only")])
def test_a_full_or_read_only_disk_is_one_sentence(tmp_path, number: int, advice: str) -> None:
    with pytest.raises(UserError, match=advice), staged_folder(tmp_path / "out", "mark"):
        raise OSError(number, os.strerror(number), "x")
    assert files(tmp_path) == []


def test_other_system_errors_stay_what_they_are(tmp_path) -> None:
    with pytest.raises(OSError, match="Bad file"), staged_folder(tmp_path / "out", "mark"):
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))


@pytest.mark.skipif(os.getuid() == 0, reason="root may write anywhere")
def test_no_permission(tmp_path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(UserError, match="no permission"), staged_folder(tmp_path / "out", "mark"):
        pytest.fail("must not get here")
