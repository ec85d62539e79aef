"""`python -m edgeprune.emulate ELF`: a board on a pseudo-terminal.

The first line of output is the path to open; the board runs until it is signalled.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from edgeprune.emulate.pty import serve
from edgeprune.errors import EdgepruneError, TargetError
from edgeprune.targets import McuTarget, Target, load_target


def main() -> int:
    """Serve the board of the command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m edgeprune.emulate", description=__doc__)
    parser.add_argument("firmware", type=Path, help="a folder made by `edgeprune build`, or an ELF file")
    parser.add_argument("--target", default="cortex-m4", help="name of a profile, its .toml file, or its .json dump")
    parser.add_argument("--stop-with-stdin", action="store_true", help="also stop when standard input is closed")
    options = parser.parse_args()
    elf = options.firmware / "firmware.elf" if options.firmware.is_dir() else options.firmware
    try:
        target = _load_target(options.target)
        if not isinstance(target, McuTarget) or not target.emulated:
            raise TargetError(f"the target {target.name} cannot be emulated; choose another with --target")
        serve(elf, target, _announce, stop_with_stdin=options.stop_with_stdin)
    except EdgepruneError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0


def _load_target(name: str) -> Target:
    """A profile by its name, from TOML, or as a parent process hands its own down."""
    if not name.endswith(".json"):
        return load_target(name)
    try:
        return McuTarget.model_validate_json(Path(name).read_bytes())
    except (OSError, ValueError) as error:
        raise TargetError(f"{name}: not a dumped target profile: {error}") from None


def _announce(path: str) -> None:
    sys.stdout.write(f"{path}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
