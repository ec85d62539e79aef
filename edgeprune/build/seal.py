"""What only a linked image tells about itself, written into it afterwards."""

from __future__ import annotations

import hashlib
from pathlib import Path

from elftools.elf.elffile import ELFFile

from edgeprune.build.image import flash_content

_IDENTITY, _IDENTITY_BYTES = "platform_identity", 32
_BOOT2, _BOOT2_BYTES = "platform_boot2", 252


def seal(elf: Path) -> str:
    """Write the image's checksums into it.

    The second boot stage of an RP2040, where there is one, gets the CRC-32 that the boot ROM
    checks.  Then `platform_identity` gets the SHA-256 of the flash content in which its own 32
    bytes are zero, by which a host tells this firmware from any other.

    Returns:
        The SHA-256, 64 lower-case hexadecimal digits.
    """
    with elf.open("rb") as stream:
        image = ELFFile(stream)
        identity, boot2 = _file_offset(image, _IDENTITY), _file_offset(image, _BOOT2)
    content = bytearray(elf.read_bytes())
    if boot2 is not None:
        checksum = boot_checksum(bytes(content[boot2 : boot2 + _BOOT2_BYTES]))
        content[boot2 + _BOOT2_BYTES : boot2 + _BOOT2_BYTES + 4] = checksum.to_bytes(4, "little")
        elf.write_bytes(content)
    digest = hashlib.sha256(flash_content(elf).tobinstr())
    if identity is None:
        raise ValueError(f"{elf} lacks the symbol {_IDENTITY}")
    content[identity : identity + _IDENTITY_BYTES] = digest.digest()
    elf.write_bytes(content)
    return digest.hexdigest()


def boot_checksum(content: bytes) -> int:
    """CRC-32 over the second boot stage (RP2040 datasheet, section 2.8.1.3.1).

    Polynomial 0x04C11DB7, most significant bit first, from all ones; the result as it is.
    """
    crc = 0xFFFF_FFFF
    for byte in content:
        crc ^= byte << 24
        for _ in range(8):
            crc = (crc << 1) ^ 0x1_04C1_1DB7 if crc >> 31 else crc << 1
    return crc


def _file_offset(image: ELFFile, name: str) -> int | None:
    """Where in the file the symbol's bytes lie; None when the image has no such symbol."""
    symbols = image.get_section_by_name(".symtab").get_symbol_by_name(name)
    if not symbols:
        return None
    section = image.get_section(symbols[0]["st_shndx"])
    return int(symbols[0]["st_value"] - section["sh_addr"] + section["sh_offset"])
