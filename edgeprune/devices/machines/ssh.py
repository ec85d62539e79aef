"""`ssh:HOST`: a board with Linux, such as a Raspberry Pi, through the user's OpenSSH."""

from __future__ import annotations

import contextlib
import re
import shlex
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from edgeprune.devices.machine import Completed, Machine
from edgeprune.devices.process import Overdue, call
from edgeprune.devices.remote.line import Broken, Frame, Full, Silent
from edgeprune.devices.remote.machine import opened
from edgeprune.errors import DeviceError, ToolchainError, UserError

SCHEME = "ssh"

_OPEN_SECONDS = 15.0
_POLL_SECONDS = 0.5
#: What ssh itself ends with when it fails.
_OWN_FAILURE = 255


@contextlib.contextmanager
def open_machine(host: str) -> Iterator[Machine]:
    """Open a board.

    Args:
        host: What `ssh` takes: a host, USER@HOST, or a name from `~/.ssh/config`.

    Raises:
        UserError: no host is named.
        ToolchainError: there is no ssh.
        DeviceError: the board cannot be reached, or does not let us in without a question.
    """
    if not host or host.startswith("-"):
        raise UserError("name the board that ssh reaches: --via ssh:HOST or ssh:USER@HOST")
    if shutil.which("ssh") is None:
        raise ToolchainError("there is no ssh on the PATH; install OpenSSH's client and repeat")
    with tempfile.TemporaryDirectory(prefix="ep-") as sockets:
        line = SshLine(host, Path(sockets))
        try:
            line.open()
            with opened(line) as machine:
                yield machine
        finally:
            line.close()


class SshLine:
    """See `Line`."""

    def __init__(self, host: str, sockets: Path) -> None:
        self._host = host
        self._base = ""
        # One connection for all calls; it ends by itself, too, where we cannot end it.  The path of its
        # socket is short, since it may have only about a hundred bytes.
        self._options = (
            "-o", "BatchMode=yes", "-o", f"ConnectTimeout={_OPEN_SECONDS:.0f}", "-o", "ServerAliveInterval=5",
            "-o", "ControlMaster=auto", "-o", f"ControlPath={sockets}/s", "-o", "ControlPersist=60", "-T",
        )  # fmt: skip

    @property
    def name(self) -> str:
        """See `Line.name`."""
        return f"{SCHEME}:{self._host}"

    @property
    def base(self) -> str:
        """See `Line.base`."""
        return self._base

    def open(self) -> None:
        """Connect, and find the user's folder for caches: nobody else can put anything there.

        Raises:
            DeviceError: that fails.
        """
        done = self._ask(_OPEN_SECONDS)
        self._base = done.out.decode(errors="replace")

    def close(self) -> None:
        """End the connection that the calls share."""
        with contextlib.suppress(Overdue, OSError):
            call(("ssh", *self._options, "-O", "exit", self._host), _OPEN_SECONDS)

    def shell(self, script: str, seconds: float) -> Completed:
        """See `Line.shell`."""
        frame = Frame(script)
        # The login shell may be any; the script comes over its standard input to a POSIX one.
        done = frame.open(self._call("sh", seconds, frame.text.encode()))
        if done is None:
            raise Broken(f"the answer of {self.name} broke off; check the network and repeat")
        return done

    def send(self, content: bytes, path: str, seconds: float) -> None:
        """See `Line.send`."""
        done = self._call(f"LC_ALL=C cat > {shlex.quote(path)}", seconds, content)
        said = done.err.decode(errors="replace").strip()
        if "No space left on device" in said or "Disk quota exceeded" in said:
            raise Full(said)
        # The folder of the parts goes when another command has put this very file together meanwhile.
        if done.code == _OWN_FAILURE or "No such file" in said:
            raise Broken(f"the connection to {self.name} broke in a push; check the network and repeat")
        if done.code != 0:
            raise DeviceError(f"{self.name} does not take {path}: {said}; make the folder writable for you")

    def fetch(self, path: str, local: Path, seconds: float) -> None:
        """See `Line.fetch`."""
        done = self._call(f"cat {shlex.quote(path)}", seconds)
        if done.code != 0:
            raise Broken(f"the connection to {self.name} broke in a pull; check the network and repeat")
        local.write_bytes(done.out)

    def wait(self, seconds: float) -> None:
        """See `Line.wait`."""
        end = time.monotonic() + seconds
        while True:
            try:
                self._ask(max(1.0, end - time.monotonic()))
            except DeviceError:
                if time.monotonic() > end:
                    raise
            else:
                return
            time.sleep(_POLL_SECONDS)

    def _ask(self, seconds: float) -> Completed:
        """A first question, whose failure says what is wrong with the connection."""
        frame = Frame('printf %s "${XDG_CACHE_HOME:-$HOME/.cache}"')
        carried = self._call("sh", seconds, frame.text.encode())
        done = frame.open(carried)
        if done is None:
            raise DeviceError(self._why_not(carried.err.decode(errors="replace")))
        return done

    def _why_not(self, said: str) -> str:
        reason = said.strip().splitlines()[-1].strip() if said.strip() else "it says nothing"
        if "Host key verification failed" in said:
            return f"the key of {self._host} is not known or has changed; run `ssh {self._host}` once and look at it"
        if re.search(r"Permission denied \(", said):
            return f"{self._host} asks for a password; set up a key with `ssh-copy-id {self._host}` and repeat"
        return f"cannot reach {self._host} over ssh ({reason}); see whether `ssh {self._host}` works"

    def _call(self, command: str, seconds: float, stdin: bytes = b"") -> Completed:
        try:
            return call(("ssh", *self._options, self._host, command), seconds, stdin=stdin)
        except Overdue:
            raise Silent(
                f"{self._host} did not answer over ssh within {seconds:.3g} s; see whether `ssh {self._host}` works"
            ) from None
