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

from edgeprune.devices.remote.line import Full, Line
from edgeprune.errors import DeviceError, UserError
from edgeprune.progress import Progress

#: Bytes: few enough that little is lost with a broken part, enough that the calls cost little.
PART = 4 << 20
#: Seconds for one part, which is 70 KB/s.
PART_SECONDS = 60.0
#: Seconds for a script, and what the slowest phones copy and hash besides.
SCRIPT_SECONDS = 20.0
HASH_BYTES_PER_SECOND = 10e6
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
        UserError: it cannot be read.
    """
    whole, size = hashlib.sha256(), 0
    parts: list[str] = []
    try:
        with path.open("rb") as file:
            # An empty file has a part, too.
            while (content := file.read(PART)) or not parts:
                whole.update(content)
                parts.append(hashlib.sha256(content).hexdigest())
                size += len(content)
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}; check its name and permissions") from None
    return LocalFile(path, size, whole.hexdigest(), tuple(parts))


#: Scripts that run in the cache.  `$s` is the SHA-256 of the file and `$w` its place in the workspace.  Another
#: command may do the same at any moment: what has gone meanwhile is no failure, the next try finds it elsewhere.
_HEAD = f"""mkdir -p "$cache" && cd "$cache" || exit 1
command -v sha256sum > /dev/null || exit {_NO_PROGRAM}
is() {{ set -- "$1" $(sha256sum "$1"); [ "$2" = $s ]; }}
"""
#: Copies the file from the cache, makes room for what is used, and ends; goes on where it is not there.
_TAKE = """
if [ -f "$w" ] && is "$w"; then echo placed; exit 0; fi
if [ -f $s ]; then
    touch $s
    cp $s "$w.new"
    if is "$w.new"; then
        chmod 755 "$w.new" && mv "$w.new" "$w" && echo placed
        used=0
        for f in $(ls -t); do
            set -- $(du -sk $f) 0
            used=$((used + $1))
            [ $used -le $most ] || rm -rf $f
        done
        exit 0
    fi
    rm -f $s "$w.new"
fi
"""
_PLACED = b"placed"
#: Prints the hash and the name of each part that is there.
_LIST = """
mkdir -p $s.$part && cd $s.$part || exit 0
for f in *; do
    if [ -f $f ]; then sha256sum $f; fi
done
"""
#: Makes the file of its parts, which go whether it is right or not.
_JOIN = """
new=$s.${workspace##*-}
cat $s.$part/* > $new
if is $new; then mv $new $s; else rm -f $new; fi
rm -rf $s.$part
"""


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
            progress.start(f"push {name}", len(file.parts))
            said = self._script(file, name, _TAKE + _LIST)
            if _PLACED not in said.splitlines():
                self._send_missing(file, _sums(said), progress)
                said = self._script(file, name, f"{_JOIN}{_TAKE}true")
            if _PLACED in said.splitlines():
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

    def _script(self, file: LocalFile, name: str, script: str) -> bytes:
        """Run a script in the cache; what it prints."""
        variables = {
            "cache": self._cache, "workspace": self._workspace, "w": f"{self._workspace}/{name}", "s": file.sha256,
            "part": str(PART), "most": str(CACHE_KIB),
        }  # fmt: skip
        settings = "\n".join(f"{key}={shlex.quote(value)}" for key, value in variables.items())
        seconds = SCRIPT_SECONDS + file.size / HASH_BYTES_PER_SECOND
        done = self._line.shell(f"{{\n{settings}\n{_HEAD}{script}\n}} 2>&1", seconds)
        said = done.out.decode(errors="replace").strip()
        if _NO_SPACE.search(done.out):
            raise Full(said)
        if done.code == 0:
            return done.out
        if done.code == _NO_PROGRAM:
            raise DeviceError(f"{self._line.name} has no sha256sum, which Android has since version 8; use another one")
        reason = said.splitlines()[-1] if said else f"exit code {done.code}"
        raise DeviceError(f"{self._line.name} cannot take {name} ({reason}); make {self._line.base} writable for you")

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
