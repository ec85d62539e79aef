"""Where fuzzing starts: dialogues, made by the code."""

from __future__ import annotations

import zlib
from pathlib import Path

_WORDS = (
    "name", "profile", "help", "timestamp", "results", "infer ", "infer 2 1", "db ", "db load 83", "db print", "ep ",
    "ep sync ", "ep sync 00000001%", "ep id", "ep origin", "ep input ", "ep input 1", "ep input-crc ", "ep put ",
    "ep run ", "ep run 17", "ep states", "ep step 1", "ep infer", "ep output ", "ep get ", "ep get 0 1 3", "ep memory",
    "ep layers ", "ep reset", "4294967295", "4294967296", "ep-sync-[", "ep-crc32-[", "ep-fault-[", "ep-cycles-[",
    "ep-layer-[0,", "m-ready", "ep-layer-cycles-[0,", "ep-get-[0,0,", "ep-run-[", "ep-id-[", "e-[",
    "m-results-[", "ep-infer-[",
)  # fmt: skip
_FIGURES = b"BusFault," + b"0000000A," * 13


def put(index: int, offset: int, content: bytes, session: int = 1) -> bytes:
    """The command with the bytes that follow it."""
    text = f"{index} {offset} {len(content)} {zlib.crc32(content):08X} "
    return f"ep put {text}{zlib.crc32(f'{text}{session:08X}'.encode()):08X}%".encode() + content


def firmware_seeds() -> list[bytes]:
    """What hosts send; the first byte is the harness's."""
    load = b"ep input 0%db load 83%" + b"".join(b"db %b%%" % (b"a5" * 28) for _ in range(3))
    raw = put(0, 0, bytes(range(83))) + put(1, 0, bytes(41)) + b"ep input-crc 1%"
    tail = b"infer 2 1%ep infer%results%ep output 0%ep get 1 0 4%db print%"
    broken = put(0, 80, b"abc")[:-1], put(0, 80, b"abcd"), b"ep put 0 0 9 00000000 00000000%name%"
    every = b"".join(word.strip().encode() + b"%" for word in _WORDS if not word.endswith("["))
    return [bytes([pause]) + body for pause in (0, 9) for body in (load + tail, raw + tail, every, *broken)]


def host_seeds() -> list[bytes]:
    """What boards answer, with the harness's first byte: 0 for raw bytes, else lines to be given checksums."""
    fault = b"ep-fault-[%b]" % _FIGURES
    raw = b"\r\n" + fault + b"\r\nep-crc32-[%08X]\r\nm-ready\r\n" % zlib.crc32(fault)
    lines = (
        b"ep-id-[tiny,%b,0.1.0,120000000,1,%b,board]" % (b"0a" * 32, b"0b" * 32), b"ep-origin-[hardware]",
        b"ep-input-[0,int8,3]", b"ep-put-[0,0,3]", b"ep-input-crc-[0,352441C2]", b"ep-run-[1]\nep-cycles-[77]",
        b"ep-output-[0,int8,3]", b"ep-get-[0,0,3]", b"ep-memory-[1,2,3]", b"ep-infer-[0,0,0,0,0]\nm-results-[1.0]",
        b"ep-layer-[0,a]\nep-layer-cycles-[0,5]\nep-layer-cycles-[0,6]",
    )  # fmt: skip
    return [b"\0" + raw, b"\0m-init-done\r\nm-ready\r\n", b"\1" + b"\0".join(lines), *(b"\1" + line for line in lines)]


def write(folder: Path, seeds: list[bytes]) -> Path:
    """The seeds as files, as libFuzzer wants them."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds):
        (folder / f"{number:02}").write_bytes(seed)
    return folder


def write_dictionary(path: Path) -> Path:
    """Words that are worth putting together."""
    path.write_text("".join(f'"{word}"\n' for word in _WORDS), encoding="ascii")
    return path
