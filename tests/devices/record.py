"""Records the dialogue of docs/protocol.md: python tests/devices/record.py firmware-profile.elf."""

from __future__ import annotations

import re
import sys
import zlib
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from emulate.virtual import VirtualBoard

_SESSION = "5EED0001"
_INPUT = bytes([7]) * 490
_CRC = f"{zlib.crc32(_INPUT):08X}"
_CHECK = f"{zlib.crc32(f'0 0 {len(_INPUT)} {_CRC} {_SESSION}'.encode()):08X}"
_COMMANDS = (
    f"ep sync {_SESSION}", "ep id", f"ep put 0 0 {len(_INPUT)} {_CRC} {_CHECK}", "infer 10 2",
    "ep infer", "ep run 3", "ep get 0 0 12", "ep memory", "ep layers 2",
)  # fmt: skip


def main() -> None:
    board = VirtualBoard(Path(sys.argv[1]))
    board.ask(b"")
    for command in _COMMANDS:
        payload = _INPUT if command.startswith("ep put") else b""
        board.write(command.encode() + b"%" + payload)
        said = b""
        while not said.endswith(b"m-ready\r\n"):
            said += board.read(60.0)
        said = re.sub(rb"(ep-get-\[0,0,12\]\r\n).{12}", rb"\1<12 raw bytes>", said, flags=re.DOTALL)
        sent = f"> {command}%" + (f"<{len(payload)} raw bytes>" if payload else "")
        sys.stdout.write("\n".join([sent, *said.decode("ascii").splitlines(), ""]))


if __name__ == "__main__":
    main()
