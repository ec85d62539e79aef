"""LiteRT's library for 64-bit Arm Linux: the user's, or fetched once with pip or uv and kept."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from edgeprune.build.program_file import processor_of
from edgeprune.errors import ToolchainError, UserError
from edgeprune.progress import SILENT, Progress
from edgeprune.resources import cache_folder, firmware_templates_folder

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

#: Names a library that the user has, instead of the one that is fetched.
VARIABLE = "EDGEPRUNE_LITERT_LIBRARY"
_NAME = "libLiteRt.so"
_FETCH_SECONDS, _TRY_SECONDS = 600, 60


class _Source(BaseModel):
    """`firmware_templates/litert/library.toml`."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    version: str
    python: str
    platform: str
    sha256: str


@dataclass(frozen=True)
class LiteRtLibrary:
    """A libLiteRt.so for 64-bit Arm Linux.

    Attributes:
        path: The file.
        version: Of LiteRT; `of the user` where it was not fetched here, since it does not tell.
    """

    path: Path
    version: str


def litert_library(given: Path | None = None, progress: Progress = SILENT) -> LiteRtLibrary:
    """The library: `given`, else what the variable EDGEPRUNE_LITERT_LIBRARY names, else fetched once.

    Args:
        given: The user's own.
        progress: Is told of a download.

    Raises:
        UserError: the user's file is not such a library.
        ToolchainError: it is not in the cache and cannot be fetched.
    """
    named = given or (Path(value) if (value := os.environ.get(VARIABLE)) else None)
    if named is not None:
        _check(named)
        return LiteRtLibrary(named, "of the user")
    source = _Source.model_validate(
        tomllib.loads((firmware_templates_folder() / "litert" / "library.toml").read_text(encoding="utf-8"))
    )
    path = cache_folder("litert") / f"{source.version}-{source.sha256[:16]}" / _NAME
    if not path.is_file():
        progress.start(f"fetching LiteRT {source.version} for Arm", None)
        _fetch(source, path)
        progress.finish()
    return LiteRtLibrary(path, source.version)


def _check(path: Path) -> None:
    try:
        machine = processor_of(path)
    except OSError as error:
        raise UserError(f"cannot read {path} as LiteRT's library: {error}; give a {_NAME} for 64-bit Arm") from None
    if machine is None:
        raise UserError(f"{path} is no library; give a {_NAME} for 64-bit Arm")
    if machine != "EM_AARCH64":
        raise UserError(f"{path} is a library for {machine}; give a {_NAME} for 64-bit Arm")


def _fetch(source: _Source, path: Path) -> None:
    """Have an installer of Python packages unpack the wheel, whose digest it checks, and keep the library."""
    installer = next(_installers(), None)
    if installer is None:
        raise ToolchainError(
            f"neither pip nor uv is here to fetch LiteRT for Arm; install one, or set {VARIABLE} to a {_NAME}"
        )
    with tempfile.TemporaryDirectory(dir=cache_folder("litert")) as scratch:
        wanted, target = Path(scratch, "wanted.txt"), Path(scratch, "packages")
        wanted.write_text(f"ai-edge-litert=={source.version} --hash=sha256:{source.sha256}\n", encoding="utf-8")
        command = (
            *installer, "--quiet", "--no-deps", "--only-binary", ":all:", "--require-hashes",
            "--python-version", source.python, "--target", str(target), "-r", str(wanted),
            *_platform(installer, source),
        )  # fmt: skip
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=_FETCH_SECONDS, check=False)
        except subprocess.TimeoutExpired:
            raise ToolchainError(f"LiteRT for Arm did not arrive within {_FETCH_SECONDS} s; {_advice()}") from None
        found = target / "ai_edge_litert" / _NAME
        if done.returncode != 0 or not found.is_file():
            reason = (done.stderr.strip().splitlines() or ["it holds no such library"])[-1]
            raise ToolchainError(f"cannot fetch LiteRT {source.version} for Arm: {reason}; {_advice()}")
        staged = Path(scratch, path.parent.name)
        staged.mkdir()
        shutil.move(found, staged / _NAME)
        if not path.parent.exists():  # another process may have been faster
            staged.rename(path.parent)


def _advice() -> str:
    return f"connect to the network once, or set {VARIABLE} to a {_NAME} for 64-bit Arm"


def _platform(installer: tuple[str, ...], source: _Source) -> tuple[str, str]:
    """How the installer names the platform: as wheels do, or in the way of uv, by glibc versions that it knows."""
    if "uv" in Path(installer[0]).name:
        return "--python-platform", "aarch64-manylinux_2_28"
    return "--platform", source.platform


def _installers() -> Iterator[tuple[str, ...]]:
    """The commands that install packages here; an environment made by uv has no pip of its own."""
    uv = shutil.which("uv", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))
    pythons = [sys.executable, *filter(None, (shutil.which(name) for name in ("python3", "python")))]
    wheels = sorted((Path(__file__).parents[2] / ".ci" / "pip").glob("pip-*.whl"))  # in a checkout
    for command in [
        *([(uv, "pip")] if uv else []),
        *((python, "-m", "pip") for python in pythons),
        *((sys.executable, str(wheel / "pip")) for wheel in wheels),
    ]:
        try:
            tried = subprocess.run([*command, "--version"], capture_output=True, timeout=_TRY_SECONDS, check=False)
        except (OSError, subprocess.TimeoutExpired):
            continue
        if tried.returncode == 0:
            yield (*command, "install")
