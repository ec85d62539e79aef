"""Makes the environment that edgeprune runs in, from a bare clone and a bare Python.

Uses nothing but the standard library, and no more of it than Debian's `python3` has
without `python3-venv`: pip comes from the wheel in `.ci/pip/`, every package from
`requirements.lock`, checked by its hash.  Runs on any Python 3, so that a wrong version
gets a sentence instead of a syntax error.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent
_ENVIRONMENT = _ROOT / ".venv"
_STAMP = _ENVIRONMENT / "edgeprune-installed"
_LOCK = _ROOT / "requirements.lock"
_SUPPORTED = ((3, 12), (3, 11), (3, 10))
_NEEDED = ("typer", "pydantic", "tensorflow", "unicorn")
_USER, _INTERRUPTED = 2, 130


def ready() -> bool:
    """Whether this Python has the packages that edgeprune needs."""
    return all(importlib.util.find_spec(name) for name in _NEEDED)


def enter(*arguments: str) -> None:
    """Make the environment where needed, then become its Python with these arguments.

    Ends the process with exit code 2 and one sentence where that is impossible.
    """
    if not _LOCK.is_file():
        _fail("its packages are not installed in this Python; install edgeprune with `pip install edgeprune`")
    try:
        with _only_one():
            if not _up_to_date():
                _install()
    except KeyboardInterrupt:
        _fail("interrupted while installing packages; repeat the command to continue", _INTERRUPTED)
    except OSError as error:
        _fail(
            f"cannot write {error.filename or _ENVIRONMENT}: {error.strerror}; free space or clone into another folder"
        )
    python = str(_python())
    os.execv(python, [python, *arguments])


def _python() -> Path:
    return _ENVIRONMENT / "bin" / "python"


def _digest() -> str:
    return hashlib.sha256(_LOCK.read_bytes()).hexdigest()


def _up_to_date() -> bool:
    with contextlib.suppress(OSError):
        return _python().exists() and _STAMP.read_text(encoding="utf-8") == _digest()
    return False


@contextlib.contextmanager
def _only_one() -> Iterator[None]:
    """Two first starts at once: the second waits for the first."""
    import fcntl

    with (_ROOT / ".venv.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _install() -> None:
    base = _supported_python()
    _say(f"first start: installing packages into {_ENVIRONMENT}; this downloads about 1 GB and happens once")
    if _ENVIRONMENT.exists():
        shutil.rmtree(_ENVIRONMENT)
    if base == sys.executable:
        venv.create(_ENVIRONMENT, with_pip=False, symlinks=True)
    else:
        _run([base, "-m", "venv", "--without-pip", str(_ENVIRONMENT)])
    pip = [str(_python()), str(_pip_wheel() / "pip"), "install", "--disable-pip-version-check", "--no-input"]
    _run([*pip, "--require-hashes", "-r", str(_LOCK)])
    _link_checkout()
    _STAMP.write_text(_digest(), encoding="utf-8")


def _link_checkout() -> None:
    """Make `import edgeprune` and the short command find this clone, without a build step."""
    for packages in _ENVIRONMENT.glob("lib/python*/site-packages"):
        (packages / "edgeprune.pth").write_text(f"{_ROOT}\n", encoding="utf-8")
    command = _ENVIRONMENT / "bin" / "edgeprune"
    command.write_text('#!/bin/sh\nexec "$(dirname "$0")/python" -m edgeprune "$@"\n', encoding="utf-8")
    command.chmod(0o755)


def _supported_python() -> str:
    """This Python where its version will do, else another one on the PATH."""
    if sys.version_info[:2] in _SUPPORTED:
        return sys.executable
    for major, minor in _SUPPORTED:
        found = shutil.which(f"python{major}.{minor}")
        if found:
            return found
    here = ".".join(str(part) for part in sys.version_info[:2])
    _fail(f"this is Python {here}, and TensorFlow needs 3.10, 3.11 or 3.12; install one of them and repeat the command")
    raise AssertionError  # not reached: _fail ends the process


def _pip_wheel() -> Path:
    """The wheel that pip runs from, checked against the digest beside it."""
    folder = _ROOT / ".ci" / "pip"
    wheel = next(folder.glob("pip-*.whl"))
    wanted = (folder / "SHA256").read_text(encoding="utf-8").split()[0]
    if hashlib.sha256(wheel.read_bytes()).hexdigest() != wanted:
        _fail(f"{wheel} is damaged; clone the repository again")
    return wheel


def _run(command: list[str]) -> None:
    """Run a step of the installation; its output is no result and goes to stderr."""
    done = subprocess.run(command, stdout=sys.stderr, check=False)
    if done.returncode != 0:
        _fail("the packages could not be installed; see the lines above, check the network, and repeat the command")


def _say(text: str) -> None:
    sys.stderr.write(f"edgeprune: {text}\n")
    sys.stderr.flush()


def _fail(text: str, code: int = _USER) -> None:
    _say(text)
    raise SystemExit(code)
