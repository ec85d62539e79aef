"""Output that appears whole or not at all: written beside its place, then renamed into it."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from edgeprune.errors import UserError

_ENVIRONMENT_FAULTS = {
    errno.ENOSPC: "the disk is full; free some space or choose another folder",
    errno.EFBIG: "the file would be larger than allowed here; raise the limit or choose another folder",
    errno.EDQUOT: "your disk quota is used up; free some space or choose another folder",
    errno.EACCES: "there is no permission to write there; choose another folder",
    errno.EPERM: "there is no permission to write there; choose another folder",
    errno.EROFS: "the file system is read-only; choose another folder",
    errno.ENOTDIR: "a part of the path is a file; choose another folder",
}


def explain(error: OSError) -> str | None:
    """One sentence for a fault of the user's disk or permissions, None for any other error."""
    advice = _ENVIRONMENT_FAULTS.get(error.errno or 0)
    return None if advice is None else f"cannot write {error.filename or 'the output'}: {advice}"


@contextlib.contextmanager
def staged_folder(out: Path, marker: str) -> Iterator[Path]:
    """Give a temporary folder beside `out` that takes its place when the block ends well.

    Args:
        out: The folder to make; an older one of ours is replaced, but only at the end.
        marker: An existing folder is ours when it is empty or holds this file.

    Raises:
        UserError: `out` exists and is not ours, or cannot be written.
    """
    if out.exists() and not _replaceable(out, marker):
        raise UserError(f"{out} exists and was not made by this command; choose another folder or remove it")
    with _writing(out):
        stage = _beside(out)
        try:
            stage.chmod(0o777 & ~_umask())
            yield stage
            _swap(stage, out)
        finally:
            shutil.rmtree(stage, ignore_errors=True)


@contextlib.contextmanager
def staged_file(out: Path) -> Iterator[Path]:
    """Give a temporary file path beside `out` that replaces it when the block ends well.

    Raises:
        UserError: `out` cannot be written.
    """
    with _writing(out):
        if out.is_dir():
            raise UserError(f"{out} is a folder; give the name of a file")
        stage = _beside(out)
        try:
            yield stage / out.name
            (stage / out.name).replace(out)
        finally:
            shutil.rmtree(stage, ignore_errors=True)


def _beside(out: Path) -> Path:
    """A new temporary folder in the place where `out` will stand."""
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    except OSError as error:
        if explain(error):
            raise
        raise UserError(f"cannot write {out}: {error.strerror}; choose another folder") from None


@contextlib.contextmanager
def _writing(out: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = explain(error)
        if reason is None:
            raise
        raise UserError(f"cannot write {out}: {reason.partition(': ')[2]}") from None


def _replaceable(out: Path, marker: str) -> bool:
    return out.is_dir() and (not any(out.iterdir()) or (out / marker).is_file())


def _swap(stage: Path, out: Path) -> None:
    """Rename `stage` to `out`; what was there is removed only once the new one stands."""
    if not out.exists():
        stage.rename(out)
        return
    old = Path(tempfile.mkdtemp(prefix=f".{out.name}-old-", dir=out.parent)) / "old"
    out.rename(old)
    try:
        stage.rename(out)
    except BaseException:
        old.rename(out)
        raise
    finally:
        shutil.rmtree(old.parent, ignore_errors=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
