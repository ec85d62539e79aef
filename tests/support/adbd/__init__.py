"""A phone for tests: the device side of the adb protocol over TCP, in front of a folder.

Debian's own adb client connects to it.  A folder plays the phone's file system: paths such
as `/data/local/tmp/x` and `/sys/class/x` are looked up below it, in file transfers and, by
rewriting the command line, in commands, which a real shell runs.  Android's own programs
come first on the PATH.  `Faults` says what goes wrong.
"""

from support.adbd.faults import Faults
from support.adbd.phone import Phone
from support.adbd.server import adb_server

__all__ = ["Faults", "Phone", "adb_server"]
