"""Reading something again and again on a machine while a program runs there.

The machine itself samples: questions from here would wake its radio and its other cores.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence


def sampled(command: Sequence[str], sample: str, log: str, seconds: float) -> list[str]:
    """The command in a shell that meanwhile samples; it ends with the command's exit code and output.

    Args:
        command: Program and arguments.
        sample: A shell command that prints one sample as one line; its errors are not shown.
        log: The file on the machine that receives the samples.
        seconds: Between two samples; the first is taken at once.
    """
    script = (
        f'"$@" & pid=$!; : > {shlex.quote(log)}; while kill -0 $pid 2>/dev/null; do '
        f"{{ {sample}; }} 2>/dev/null >> {shlex.quote(log)}; sleep {seconds:g}; done; wait $pid"
    )
    return ["sh", "-c", script, "sh", *command]
