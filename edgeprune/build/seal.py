"""What only the finished image can tell about itself, written into the linked ELF file."""

from __future__ import annotations

import hashlib
import struct
from pathlib import Path

from elftools.elf.elffile import ELFFile

_IDENTITY, _IDENTITY_BYTES = "platform_identity", 32
_BOOT2, _BOOT2_BYTES = "platform_boot2", 252


def seal(elf: Path) -> str:
    """Write the checksums that firmware carries; returns its SHA-256, which it reports as its identity.

    The digest covers what the flash will hold, from the first address to the last, with gaps
    erased (FFh) and the 32 bytes of the digest itself zero.  An RP2040's second stage
    gets the CRC-32 that its boot ROM expects (RP2040 datasheet 2.8.1.3.1) first.
    """
    with elf.open("rb") as stream:
        image = ELFFile(stream)
        segments = [s for s in image.iter_segments() if s["p_type"] == "PT_LOAD" and s["p_filesz"]]
        table = image.get_section_by_name(".symtab")
        places = {s.name: s["st_value"] for s in table.iter_symbols() if s.name in (_IDENTITY, _BOOT2)}
        start = min(s["p_paddr"] for s in segments)
        flash = bytearray(b"\xff" * (max(s["p_paddr"] + s["p_filesz"] for s in segments) - start))
        for segment in segments:
            first = segment["p_paddr"] - start
            flash[first : first + segment["p_filesz"]] = segment.data()
        spans = [(s["p_paddr"], s["p_filesz"], s["p_offset"]) for s in segments]
    content = bytearray(elf.read_bytes())

    def write(address: int, value: bytes) -> None:
        base, _, offset = next(span for span in spans if span[0] <= address < span[0] + span[1])
        content[offset + address - base : offset + address - base + len(value)] = value
        flash[address - start : address - start + len(value)] = value

    if _BOOT2 in places:
        stage = places[_BOOT2]
        checked = bytes(flash[stage - start : stage - start + _BOOT2_BYTES])
        write(stage + _BOOT2_BYTES, struct.pack("<I", crc32_mpeg2(checked)))
    write(places[_IDENTITY], bytes(_IDENTITY_BYTES))
    digest = hashlib.sha256(flash)
    write(places[_IDENTITY], digest.digest())
    elf.write_bytes(content)
    return digest.hexdigest()


def crc32_mpeg2(content: bytes) -> int:
    """CRC-32 with the usual polynomial, most significant bit first, and no inversion at the end."""
    crc = 0xFFFF_FFFF
    for byte in content:
        crc ^= byte << 24
        for _ in range(8):
            crc = (crc << 1 ^ (0x04C1_1DB7 if crc >> 31 else 0)) & 0xFFFF_FFFF
    return crc
