"""`local`: this computer, for those who work on the board itself."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from edgeprune.devices.machine import READ_SECONDS, Completed, Machine, MachineFacts
from edgeprune.devices.process import Overdue, call
from edgeprune.devices.remote.facts import SCRIPT, parse_facts
from edgeprune.errors import DeviceError, UserError
from edgeprune.progress import SILENT, Progress
from edgeprune.staging import staged_file

SCHEME = "local"

_FACTS_SECONDS = 20.0
_NOT_EXECUTABLE, _NOT_FOUND = 126, 127


@contextlib.contextmanager
def open_machine(argument: str) -> Iterator[Machine]:
    """Open this computer.

    Raises:
        UserError: there is something behind `local`.
    """
    if argument:
        raise UserError(f"--via local takes nothing behind it, not {argument!r}")
    with tempfile.TemporaryDirectory(prefix="edgeprune-") as folder:
        yield LocalMachine(Path(folder))


class LocalMachine:
    """See `Machine`."""

    name = SCHEME

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def workspace(self) -> str:
        """See `Machine.workspace`."""
        return str(self._folder)

    def facts(self) -> MachineFacts:
        """See `Machine.facts`."""
        try:
            done = call(("/bin/sh", "-c", SCRIPT), _FACTS_SECONDS)
        except Overdue:
            raise DeviceError(f"this computer did not describe itself within {_FACTS_SECONDS:.0f} s; repeat") from None
        return parse_facts(done.out.decode(errors="replace"))

    def push(self, local: Path, name: str, progress: Progress = SILENT) -> str:
        """See `Machine.push`."""
        path = self._folder / name
        progress.start(f"copy {name}", 1)
        try:
            shutil.copyfile(local, path)
        except OSError as error:
            raise UserError(f"cannot copy {local} to {path}: {error.strerror}; check both") from None
        path.chmod(0o755)
        progress.finish()
        return str(path)

    def pull(self, name: str, local: Path) -> None:
        """See `Machine.pull`."""
        path = self._folder / name
        if not path.is_file():
            raise DeviceError(f"there is no file {name} in the workspace on {self.name}; see what made it")
        with staged_file(local) as stage:
            shutil.copyfile(path, stage)

    def run(self, command: Sequence[str], seconds: float) -> Completed:
        """See `Machine.run`."""
        try:
            return call(command, seconds, folder=self._folder, whole_group=True)
        except Overdue:
            program = Path(command[0]).name
            raise DeviceError(f"{program} did not end within {seconds:.3g} s; let it do less") from None
        except OSError as error:
            # As a shell on another machine would have it.
            code = _NOT_FOUND if isinstance(error, FileNotFoundError) else _NOT_EXECUTABLE
            return Completed(code, b"", f"{command[0]}: {error.strerror}\n".encode())

    def read(self, path: str, seconds: float = READ_SECONDS) -> str | None:
        """See `Machine.read`."""
        try:
            done = call(("/bin/cat", path), seconds)
        except Overdue:
            raise DeviceError(f"{path} could not be read within {seconds:.3g} s; repeat") from None
        return done.out.decode(errors="replace") if done.code == 0 else None
