"""Files on their way to a machine: in parts, so that a broken push resumes.

They are kept in a cache there under their SHA-256, so that none is sent twice.  On the machine,
the cache holds a file `SHA256` per whole file, and a folder `SHA256.SIZE` with parts of that size,
`0000`, `0001`, ..., per file that is on its way.
"""

from __future__ import annotations

import hashlib
import itertools
import re
import shlex
from dataclasses import dataclass
from pathlib import Path

from edgeprune.devices.machine import Completed
from edgeprune.devices.remote.line import Full, Line
from edgeprune.errors import DeviceError
from edgeprune.progress import Progress

#: Bytes: few enough that little is lost with a broken part, enough that the calls cost little.
PART = 4 << 20
#: Seconds for one part, which is 70 KB/s, and for a script that copies or hashes files.
PART_SECONDS = 60.0
SCRIPT_SECONDS = 60.0
#: What the cache may hold; files that were not used for longest go first.
CACHE_KIB = 256 << 10
#: How often a file may arrive damaged.
_TRIES = 3
_NO_SPACE = re.compile(rb"No space left on device|Disk quota exceeded")
_NO_PROGRAM = 127


@dataclass(frozen=True)
class LocalFile:
    """A file of this computer, hashed.

    Attributes:
        path: Where it lies.
        size: Bytes.
        sha256: Of the whole, hexadecimal.
        parts: SHA-256 of each part.
    """

    path: Path
    size: int
    sha256: str
    parts: tuple[str, ...]

    def part(self, index: int) -> bytes:
        """The content of a part."""
        with self.path.open("rb") as file:
            file.seek(index * PART)
            return file.read(PART)


def hash_file(path: Path) -> LocalFile:
    """Hash a file and its parts.

    Raises:
        DeviceError: it cannot be read.
    """
    whole, parts, size = hashlib.sha256(), [], 0
    try:
        with path.open("rb") as file:
            while content := file.read(PART):
                whole.update(content)
                parts.append(hashlib.sha256(content).hexdigest())
                size += len(content)
    except OSError as error:
        raise DeviceError(f"cannot read {path}: {error.strerror}; check its name and permissions") from None
    return LocalFile(path, size, whole.hexdigest(), tuple(parts))


class Store:
    """The cache on a machine, and the way from it into a workspace."""

    def __init__(self, line: Line, workspace: str) -> None:
        self._line = line
        self._workspace = workspace
        self._cache = f"{line.base}/edgeprune-cache"

    def put(self, file: LocalFile, name: str, progress: Progress) -> None:
        """Have the file in the workspace.

        Raises:
            Broken: the line broke; to be repeated once it is back.
            DeviceError: the machine is full or silent, or the file arrives damaged.
        """
        try:
            self._put(file, name, progress)
        except Full:
            # Perhaps it is the cache that fills it.
            self._line.shell(f"rm -rf {shlex.quote(self._cache)}", SCRIPT_SECONDS)
            try:
                self._put(file, name, progress)
            except Full:
                raise DeviceError(self._full(file, name)) from None

    def _put(self, file: LocalFile, name: str, progress: Progress) -> None:
        for _ in range(_TRIES):
            progress.start(f"push {name}", max(1, len(file.parts)))
            said = self._script(file, name, self._take(file, name) + self._list(file)).out
            if said.startswith(b"placed"):
                progress.finish()
                return
            self._send_missing(file, _sums(said), progress)
            said = self._script(file, name, self._join(file) + self._take(file, name) + "\ntrue").out
            if said.startswith(b"placed"):
                progress.finish()
                return
        raise DeviceError(
            f"{name} arrived damaged on {self._line.name} {_TRIES} times; try another cable or port, and repeat"
        )

    def _send_missing(self, file: LocalFile, there: dict[str, str], progress: Progress) -> None:
        for index, sha256 in enumerate(file.parts):
            if there.get(f"{index:04}") != sha256:
                self._line.send(file.part(index), f"{self._cache}/{file.sha256}.{PART}/{index:04}", PART_SECONDS)
            progress.advance()

    def _script(self, file: LocalFile, name: str, script: str) -> Completed:
        """Run a script in the cache; `$w` is the file's place in the workspace."""
        place = shlex.quote(f"{self._workspace}/{name}")
        head = (
            f"cache={shlex.quote(self._cache)}\nw={place}\ns={file.sha256}\n"
            f'mkdir -p "$cache" {shlex.quote(self._workspace)} && cd "$cache" || exit 1\n'
            'is() { set -- "$1" $(sha256sum "$1"); [ "$2" = $s ]; }\n'
            # A shell that has no such program says so in its own words.
            f"command -v sha256sum >/dev/null || exit {_NO_PROGRAM}\n"
        )
        done = self._line.shell(f"{{\n{head}{script}\n}} 2>&1", SCRIPT_SECONDS)
        if done.code == 0:
            return done
        said = done.out.decode(errors="replace").strip()
        if _NO_SPACE.search(done.out):
            raise Full(said)
        if done.code == _NO_PROGRAM:
            raise DeviceError(f"{self._line.name} has no sha256sum, which Android has since version 8; use another one")
        raise DeviceError(f"{self._line.name} cannot take {name}: {said or f'exit code {done.code}'}; free the folder")

    @staticmethod
    def _take(file: LocalFile, name: str) -> str:
        """Copy the file from the cache, and make room for what is not used."""
        assert "/" not in name
        return f"""
if [ -f "$w" ] && is "$w"; then echo placed; exit 0; fi
if [ -f $s ]; then
    touch $s
    if cp $s "$w.new"; then :; else rm -f "$w.new"; exit 1; fi
    if is "$w.new"; then
        chmod 755 "$w.new" && mv "$w.new" "$w" && echo placed
        t=0
        for f in $(ls -t); do
            set -- $(du -sk $f)
            t=$((t + $1))
            [ $t -le {CACHE_KIB} ] || rm -rf $f
        done
        exit 0
    fi
    rm -f $s "$w.new"
fi"""

    @staticmethod
    def _list(file: LocalFile) -> str:
        """Print the hash and name of each part that is there."""
        return f"""
mkdir -p $s.{PART} && cd $s.{PART} || exit 1
for f in *; do if [ -f "$f" ]; then sha256sum "$f"; fi; done"""

    def _join(self, file: LocalFile) -> str:
        """Make the file of its parts, which go whether it is right or not."""
        new = f"$s.{self._workspace[-8:]}"
        parts = f"$s.{PART}/[0-9]*" if file.parts else "/dev/null"
        return f"""
if cat {parts} > {new}; then :; else rm -f {new}; exit 1; fi
if is {new}; then mv {new} $s; else rm -f {new}; fi
rm -rf $s.{PART}"""

    def _full(self, file: LocalFile, name: str) -> str:
        """Leave nothing where there is no space; the sentence."""
        cache, workspace = shlex.quote(self._cache), shlex.quote(self._workspace)
        answer = self._line.shell(f"rm -rf {cache}\nrm -f {workspace}/*.new\ndf -k {workspace}", SCRIPT_SECONDS)
        free = _available(answer.out.decode(errors="replace"))
        left = "" if free is None else f", where {free:,} KB are free"
        return (
            f"no space for {name} ({file.size:,} B, needed twice for a moment) on {self._line.name}{left}; "
            "free some space there and repeat"
        )


def _sums(text: bytes) -> dict[str, str]:
    """SHA-256 by name, from what sha256sum prints."""
    words = [line.split() for line in text.decode(errors="replace").splitlines()]
    return {pair[1].lstrip("*"): pair[0] for pair in words if len(pair) == 2}


def _available(text: str) -> int | None:
    """The column of df that says what is free."""
    lines = [line.split() for line in text.splitlines() if line.strip()]
    for head, row in itertools.pairwise(lines):
        for title in ("Available", "Avail", "Free"):
            if title in head and len(row) > head.index(title) and row[head.index(title)].isdigit():
                return int(row[head.index(title)])
    return None
