"""Exit codes: 0 done, 1 failed on its merits, 2 the user's fault, 70 a bug, 130 interrupted."""

from __future__ import annotations

import errno
import functools
import os
import signal
import sys
import traceback
from collections.abc import Callable
from types import FrameType
from typing import ParamSpec

import typer

import edgeprune
from edgeprune.errors import EdgepruneError
from edgeprune.staging import explain

_USER, _BUG, _INTERRUPTED, _TERMINATED = 2, 70, 130, 143

P = ParamSpec("P")


def guarded(command: Callable[P, None]) -> Callable[P, None]:
    """The command with every way it can end turned into its exit code and one sentence."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        signal.signal(signal.SIGTERM, _terminate)
        try:
            command(*args, **kwargs)
            sys.stdout.flush()
        except EdgepruneError as error:
            _fail(str(error), error.exit_code, error.details)
        except KeyboardInterrupt:
            _fail("interrupted; training continues from its checkpoint when you repeat the command", _INTERRUPTED)
        except OSError as error:
            _system_fault(error)
        except (typer.Exit, typer.Abort, SystemExit):
            raise
        except Exception:
            _bug()

    return run


def _system_fault(error: OSError) -> None:
    """A full disk or a missing permission is the environment's fault, a closed pipe nobody's, the rest ours."""
    if error.errno == errno.EPIPE:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python complains at exit
        raise typer.Exit(0)
    reason = explain(error)
    if reason is None:
        _bug()
    _fail(str(reason), _USER)


def _fail(message: str, code: int, details: tuple[str, ...] = ()) -> None:
    sys.stderr.write("\n".join([f"edgeprune: {message}", *(f"  {line}" for line in details), ""]))
    raise typer.Exit(code)


def _bug() -> None:
    traceback.print_exc()
    _fail(f"this is a bug in edgeprune {edgeprune.__version__}; please report it with the lines above", _BUG)


def _terminate(_number: int, _frame: FrameType | None) -> None:
    """End through the `finally` clauses, so that nothing half-written stays."""
    raise SystemExit(_TERMINATED)
