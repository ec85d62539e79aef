"""The phone: a port, a file system, and Android's programs."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import shutil
import socket
import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path

from support.adbd.command import Command
from support.adbd.faults import Faults
from support.adbd.sync import Sync
from support.adbd.wire import Connection, Stream

#: Android's own shell and tools, where Debian's packages mksh and toybox are installed.
_TOYBOX = shutil.which("toybox") if shutil.which("mksh") else None
_SHELL = str(shutil.which("mksh")) if _TOYBOX else "/bin/sh"
_FOLDERS = re.compile(r"(?<![\w./-])/(data|sys|proc|etc|system|vendor|sdcard)\b")

#: Every program that edgeprune starts on a machine goes through setsid.
_SETSID = """#!/bin/sh
# Puts the emulator before the first argument that is a program for 64-bit Arm.
path=$PATH
PATH={path}
arm() {{ [ -f "$1" ] && [ "$(head -c 20 "$1" | od -An -v -tx1 | tr -d ' \\n' | cut -c1-8,37-40)" = 7f454c46b700 ]; }}
n=$#
found=
while [ "$n" -gt 0 ]; do
    if [ -z "$found" ] && arm "$1"; then
        found=1
        set -- "$@" {arm}
    fi
    set -- "$@" "$1"
    shift
    n=$((n - 1))
done
PATH=$path
exec {setsid} "$@"
"""
_PROGRAMS = {
    "bin/getprop": "#!/bin/sh\nif [ $# = 0 ]; then cat {root}/properties; "
    'else sed -n "s/^\\[$1\\]: \\[\\(.*\\)\\]$/\\1/p" {root}/properties; fi\n',
    "bin/dumpsys": "#!/bin/sh\ncat {root}/services/$1 2>/dev/null || echo \"Can't find service: $1\"\n",
    "bin/setsid": _SETSID,
    # A full disk: `/dev/full` fails as one does.
    "bin-full/cat": '#!/bin/sh\nexec {cat} "$@" > /dev/full\n',
    "bin-full/cp": '#!/bin/sh\nexec {cp} "$1" /dev/full\n',
}  # fmt: skip


class Phone:
    """A device daemon on a port of its own on the loopback interface.

    Attributes:
        root: The folder that plays the phone's file system; `root/properties` is what getprop
            prints, `root/services/NAME` what `dumpsys NAME` does.
        faults: What goes wrong.
        pushed: Bytes of file content that arrived, over all connections.
        serial: What adb calls the phone.
    """

    def __init__(self, root: Path, features: Sequence[str] = ("shell_v2", "cmd"), arm: Sequence[str] = ()) -> None:
        """Listen.

        Args:
            root: The phone's file system.
            features: What the phone says it can do; none is a phone before Android 7.
            arm: What to put before programs for 64-bit Arm, such as `qemu-aarch64`.
        """
        self.root = root
        self.faults = Faults()
        self.pushed = 0
        self._features = features
        self._connections: list[Connection] = []
        _furnish(root, arm)
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.serial = f"127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def path(self, text: str) -> Path:
        """Where a file of the phone really is."""
        return self.root / text.lstrip("/")

    def unplug(self) -> None:
        """Break every connection; adb's server connects again by itself."""
        for connection in self._connections:
            connection.drop()
        self._connections.clear()

    def close(self) -> None:
        """End, and refuse further connections."""
        # A thread that waits for a connection keeps the port open until it is woken.
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self.unplug()

    def _accept(self) -> None:
        names = "ro.product.name=test;ro.product.model=Test_Phone;ro.product.device=testphone"
        banner = f"device::{names};features={','.join(self._features)}".encode()
        with contextlib.suppress(OSError):
            while True:
                connection = Connection(self._socket.accept()[0], self.faults, banner, self._serve)
                self._connections.append(connection)
                threading.Thread(target=connection.answer, daemon=True).start()

    def _serve(self, stream: Stream, service: str) -> None:
        name, _, argument = service.partition(":")
        kind, *options = name.split(",")
        if kind == "sync":
            Sync(stream, self.path, self.faults, self._count).serve()
        elif kind in ("shell", "exec"):
            line = _FOLDERS.sub(lambda match: f"{self.root}/{match[1]}", argument)
            Command(stream, line, self.faults, "v2" in options).run(_SHELL, self.root, self._environment())

    def _count(self, size: int) -> None:
        self.pushed += size

    def _environment(self) -> dict[str, str]:
        folders = [str(self.root / "bin"), str(self.root / "system/bin") if _TOYBOX else os.environ["PATH"]]
        if self.faults.full_shell:
            folders.insert(0, str(self.root / "bin-full"))
        return {"PATH": ":".join(folders), "HOME": "/", "TMPDIR": str(self.path("/data/local/tmp"))}


def _furnish(root: Path, arm: Sequence[str]) -> None:
    """Make the folders and Android's programs."""
    for folder in ("data/local/tmp", "bin", "bin-full", "system/bin", "services", "sys", "proc"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    (root / "properties").touch()
    texts = {name: str(shutil.which(name)) for name in ("cat", "cp", "setsid")} | {"path": os.environ["PATH"]}
    if _TOYBOX:
        for tool in subprocess.run([_TOYBOX], capture_output=True, text=True, check=True).stdout.split():
            (root / "system/bin" / tool).symlink_to(_TOYBOX)
        (root / "system/bin/sh").symlink_to(_SHELL)
        texts["setsid"] = str(root / "system/bin/setsid")
    # The emulator is not on the phone's PATH.
    emulator = [str(shutil.which(arm[0])), *arm[1:]] if arm else []
    for name, text in _PROGRAMS.items():
        (root / name).write_text(text.format(root=root, arm=shlex.join(emulator), **texts))
        (root / name).chmod(0o755)
