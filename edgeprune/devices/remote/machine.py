"""A machine behind a line."""

from __future__ import annotations

import contextlib
import hashlib
import math
import secrets
import shlex
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from edgeprune.devices.machine import READ_SECONDS, Completed, MachineFacts
from edgeprune.devices.remote.facts import SCRIPT, parse_facts
from edgeprune.devices.remote.line import Broken, Line, Silent
from edgeprune.devices.remote.store import PART, PART_SECONDS, SCRIPT_SECONDS, Store, hash_file
from edgeprune.errors import DeviceError
from edgeprune.progress import SILENT, Progress
from edgeprune.staging import staged_file

#: How often something that can be repeated is tried on a line that breaks.
_TRIES = 4
#: Seconds in which a line that broke must come back: a phone that is plugged in again takes
#: a few, one that connects over Wi-Fi up to ten.
BACK_SECONDS = 15.0
#: Services of a phone that has just started are slow.
_FACTS_SECONDS = 20.0
#: Seconds for the end of a program that took too long, and for the clean-up at the end.
_STOP_SECONDS = 0.8
_CLOSE_SECONDS = 10.0
#: What a call gets when hardly any of its time is left.
_LEAST_SECONDS = 0.3

T = TypeVar("T")


class RemoteMachine:
    """See `Machine`."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._workspace = f"{line.base}/edgeprune-{secrets.token_hex(4)}"
        self._store = Store(line, self._workspace)
        #: Whether there may be something to clean up, and whether the workspace is there.
        self._used = self._made = False

    @property
    def name(self) -> str:
        """What `--via` calls it."""
        return self._line.name

    @property
    def workspace(self) -> str:
        """Our folder on it."""
        return self._workspace

    def facts(self) -> MachineFacts:
        """See `Machine.facts`."""
        return parse_facts(self._steady(lambda: self._line.shell(SCRIPT, _FACTS_SECONDS)).out.decode(errors="replace"))

    def push(self, local: Path, name: str, progress: Progress = SILENT) -> str:
        """See `Machine.push`."""
        file = hash_file(local)
        self._use()
        self._steady(lambda: self._store.put(file, _plain(name), progress))
        return f"{self._workspace}/{name}"

    def pull(self, name: str, local: Path) -> None:
        """See `Machine.pull`."""
        path = f"{self._workspace}/{_plain(name)}"
        with staged_file(local) as stage:
            self._steady(lambda: self._fetch(name, path, stage))

    def run(self, command: Sequence[str], seconds: float) -> Completed:
        """See `Machine.run`."""
        self._use()
        program, token = Path(command[0]).name, secrets.token_hex(8)
        ended = False
        try:
            done = self._line.shell(self._start(command, seconds, token), seconds)
            ended = True
        except Broken:
            raise DeviceError(
                f"the connection to {self.name} broke while {program} ran, and its result is lost; check the cable or "
                "the network and repeat"
            ) from None
        except Silent:
            raise DeviceError(
                f"{program} did not end on {self.name} within {seconds:.3g} s; let it do less, or see whether the "
                "machine still answers"
            ) from None
        finally:
            if not ended:
                self._stop(_STOP_SECONDS, f"echo > .stopped-{token}")
        if token.encode() in done.err:
            raise DeviceError(f"{self.name} has no space for {program} to start; free some space there and repeat")
        return done

    def read(self, path: str, seconds: float = READ_SECONDS) -> str | None:
        """See `Machine.read`."""
        end = time.monotonic() + seconds
        script = f"cat {shlex.quote(path)}"
        done = self._steady(lambda: self._line.shell(script, max(_LEAST_SECONDS, end - time.monotonic())), end)
        return done.out.decode(errors="replace") if done.code == 0 else None

    def close(self) -> None:
        """End what still runs and remove the workspace, and what was left when a machine vanished days ago.

        A machine that is gone keeps ours until we come again.
        """
        if not self._used:
            return
        with contextlib.suppress(DeviceError):
            self._line.wait(_STOP_SECONDS)
        base = shlex.quote(self._line.base)
        # More than two whole days for most, more than one for Android; there, +0 is all that is a second old.
        old = f"find {base} -maxdepth 1 -name 'edgeprune-*' ! -name edgeprune-cache -mtime +1 -exec rm -rf {{}} +"
        self._stop(_CLOSE_SECONDS, "true", f"rm -rf {shlex.quote(self._workspace)}; {old}")
        self._used = self._made = False

    def _use(self) -> None:
        """Make the workspace, once: a script that comes late must not make it again."""
        if self._made:
            return
        self._used = True
        made = self._steady(lambda: self._line.shell(f"mkdir -p {shlex.quote(self._workspace)}", SCRIPT_SECONDS))
        if made.code != 0:
            raise DeviceError(
                f"no folder can be made below {self._line.base} on {self.name}; free space there or make it writable"
            )
        self._made = True

    def _start(self, command: Sequence[str], seconds: float, token: str) -> str:
        """A script that runs the program so that it can be ended with all that it starts; says `token` if it cannot.

        What runs is on record by process groups: Android's `timeout` gives the program one of its own,
        others share theirs.  It looks for the order to stop when it is on record, and the order comes
        before the record is read, so none starts unnoticed.  The machine itself ends it in time, too:
        a cable that is pulled must not leave it running.
        """
        note = f".running-{token}"
        recorded = shlex.quote(f'echo $$ >> {note} && [ ! -e .stopped-{token} ] && exec "$@"\necho {token} >&2\nexit 1')
        return (
            f"cd {shlex.quote(self._workspace)} || {{ echo {token} >&2; exit 1; }}\n"
            f't=$(command -v timeout)\n[ -z "$t" ] || t="$t -s KILL {math.ceil(seconds) + 1}"\n'
            f"$(command -v setsid) $t sh -c {recorded} sh {shlex.join(command)} </dev/null &\n"
            f"p=$!\necho $p >> {note}\nwait $p\nc=$?\n{_end_recorded(note)}\nexit $c"
        )

    def _stop(self, seconds: float, first: str, then: str = "true") -> None:
        """End every program of ours that is on record; silently, since something else is being reported."""
        script = f"cd {shlex.quote(self._workspace)} && {{ {first}; {_end_recorded('.running-*')}; }}\ncd /\n{then}"
        with contextlib.suppress(DeviceError):
            self._line.shell(script, seconds)

    def _fetch(self, name: str, path: str, stage: Path) -> None:
        quoted = shlex.quote(path)
        done = self._line.shell(f"[ -f {quoted} ] && wc -c < {quoted} && sha256sum {quoted}", SCRIPT_SECONDS)
        if done.code != 0:
            raise DeviceError(f"there is no file {name} in the workspace on {self.name}; see what made it")
        size, sha256 = done.out.decode().split()[:2]
        self._line.fetch(path, stage, PART_SECONDS * (1 + int(size) // PART))
        if hashlib.sha256(stage.read_bytes()).hexdigest() != sha256:
            raise Broken(f"{name} arrived damaged from {self.name}; try another cable or port, and repeat")

    def _steady(self, ask: Callable[[], T], end: float = math.inf) -> T:
        """Do something that can be repeated, also when the line breaks meanwhile, until that time."""
        for _ in range(_TRIES - 1):
            with contextlib.suppress(Broken):
                return ask()
            self._line.wait(min(BACK_SECONDS, max(0.0, end - time.monotonic())))
        return ask()


@contextlib.contextmanager
def opened(line: Line) -> Iterator[RemoteMachine]:
    """The machine behind a line, cleaned up when the block ends, however it ends."""
    machine = RemoteMachine(line)
    try:
        yield machine
    finally:
        machine.close()


def _end_recorded(notes: str) -> str:
    """A script that ends the process groups that these files name, and removes the files."""
    return f"for f in {notes}; do for p in $(cat $f); do kill -9 -$p; kill -9 $p; done; rm -f $f; done 2>/dev/null"


def _plain(name: str) -> str:
    """The name of a file of a workspace; anything else is our own mistake."""
    if name != Path(name).name:
        raise ValueError(f"{name!r} is not the name of a file in a workspace")
    return name
