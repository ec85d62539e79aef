"""The end of a process that plays a board."""

from __future__ import annotations

import subprocess

_STOP_SECONDS = 5.0


def end_child(child: subprocess.Popen[bytes]) -> None:
    """Have the process end, by force if it does not; close its pipes."""
    child.terminate()
    try:
        child.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
    for stream in (child.stdin, child.stdout):
        if stream is not None:
            stream.close()
