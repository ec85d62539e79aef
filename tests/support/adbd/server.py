"""An adb server that only a test knows."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def adb_server(home: Path) -> Iterator[dict[str, str]]:
    """Run a server.

    Args:
        home: Where its keys go.

    Yields:
        Variables of the environment with which the adb client uses it and no other.
    """
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    # Nor does it look for Android's emulators on this machine, whose ports begin above.
    private = {"ANDROID_ADB_SERVER_PORT": str(port), "HOME": str(home), "ADB_LOCAL_TRANSPORT_MAX_PORT": "1"}
    _adb("start-server", private)
    try:
        yield private
    finally:
        _adb("kill-server", private)


def _adb(command: str, private: dict[str, str]) -> None:
    subprocess.run(
        ["adb", command], env=os.environ | private, check=True, timeout=30,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
