"""Firmware images: sizes from the ELF, and the .bin and .hex that flashers take."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from elftools.elf.constants import SH_FLAGS
from elftools.elf.elffile import ELFFile
from intelhex import IntelHex


@dataclass(frozen=True)
class Symbol:
    """A named object or function of the image."""

    name: str
    nbytes: int


@dataclass(frozen=True)
class ImageSizes:
    """Bytes that an image takes.

    Attributes:
        text: Code and constants.
        data: Initialised variables; they take flash and RAM.
        bss: Variables that start as zero; they take RAM only.
        largest: The largest symbol in flash.
    """

    text: int
    data: int
    bss: int
    largest: Symbol

    @property
    def flash_bytes(self) -> int:
        """Flash that the image fills."""
        return self.text + self.data

    @property
    def ram_bytes(self) -> int:
        """RAM that is taken for good; the stack comes on top."""
        return self.data + self.bss


def image_sizes(elf: Path) -> ImageSizes:
    """Add up the allocated sections of an ELF file."""
    text = data = bss = 0
    largest = Symbol("", 0)
    with elf.open("rb") as stream:
        image = ELFFile(stream)
        for section in image.iter_sections():
            if not section["sh_flags"] & SH_FLAGS.SHF_ALLOC:
                continue
            if section["sh_type"] == "SHT_NOBITS":
                bss += section["sh_size"]
            elif section["sh_flags"] & SH_FLAGS.SHF_WRITE:
                data += section["sh_size"]
            else:
                text += section["sh_size"]
        for symbol in image.get_section_by_name(".symtab").iter_symbols():
            section_index = symbol["st_shndx"]
            in_file = isinstance(section_index, int) and image.get_section(section_index)["sh_type"] == "SHT_PROGBITS"
            if in_file and symbol["st_size"] > largest.nbytes:
                largest = Symbol(symbol.name, symbol["st_size"])
    return ImageSizes(text, data, bss, largest)


def flash_content(elf: Path) -> IntelHex:
    """What flash holds with this image, at its addresses; gaps are as erased."""
    image = IntelHex()
    with elf.open("rb") as stream:
        for segment in ELFFile(stream).iter_segments():
            if segment["p_type"] == "PT_LOAD" and segment["p_filesz"]:
                image.frombytes(segment.data(), segment["p_paddr"])
    image.padding = 0xFF  # erased flash
    return image


def write_bin_and_hex(elf: Path) -> None:
    """Write the loadable segments as `<elf>.bin` and `<elf>.hex` beside the ELF file."""
    image = flash_content(elf)
    image.tobinfile(str(elf.with_suffix(".bin")))
    image.write_hex_file(str(elf.with_suffix(".hex")))
