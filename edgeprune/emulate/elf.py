"""Firmware images: what the emulator needs of an ELF file."""

from __future__ import annotations

import bisect
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile

from edgeprune.errors import UserError


@dataclass(frozen=True)
class Segment:
    """Bytes to be placed at `address` (the load address: where flash holds them)."""

    address: int
    content: bytes


@dataclass(frozen=True)
class Function:
    """A function of the image; `address` without the Thumb bit."""

    name: str
    address: int
    size: int


@dataclass(frozen=True)
class Image:
    """A loaded ELF file.

    Attributes:
        path: Where it was read from.
        segments: What flash holds.
        symbols: Name and value of every symbol; functions without the Thumb bit.
        functions: Sorted by address.
    """

    path: Path
    segments: tuple[Segment, ...]
    symbols: tuple[tuple[str, int], ...]
    functions: tuple[Function, ...]

    @cached_property
    def _addresses(self) -> dict[str, int]:
        return dict(self.symbols)

    @cached_property
    def _starts(self) -> list[int]:
        return [function.address for function in self.functions]

    def address_of(self, name: str) -> int:
        """Value of the symbol `name`.

        Raises:
            UserError: the image has no such symbol.
        """
        try:
            return self._addresses[name]
        except KeyError:
            raise UserError(
                f"{self.path} has no symbol {name!r}; it is not firmware made by `edgeprune build`, or it was stripped"
            ) from None

    def function_at(self, address: int) -> str:
        """Name of the function that `address` lies in, `?` where there is none."""
        index = bisect.bisect_right(self._starts, address) - 1
        return self.functions[index].name if index >= 0 else "?"

    def describe(self, address: int) -> str:
        """The address with its function, for messages: `0x08000124 (ep_invoke+12)`."""
        index = bisect.bisect_right(self._starts, address) - 1
        if index < 0:
            return f"0x{address:08x}"
        function = self.functions[index]
        if function.size and address >= function.address + function.size:
            return f"0x{address:08x}"
        return f"0x{address:08x} ({function.name}+{address - function.address})"


def load_image(path: Path) -> Image:
    """Read an ELF file.

    Raises:
        UserError: it is missing or not an ELF file for a 32-bit Arm.
    """
    try:
        with path.open("rb") as stream:
            return _read(path, ELFFile(stream))
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}; build it with `edgeprune build`") from None
    except ELFError as error:
        raise UserError(f"{path} is not an ELF file ({error}); give the firmware.elf of a built folder") from None


def _read(path: Path, elf: ELFFile) -> Image:
    if elf.header["e_machine"] != "EM_ARM":
        raise UserError(
            f"{path} is for {elf.header['e_machine']}, not for a Cortex-M; give the firmware.elf of a build"
        )
    segments = tuple(
        Segment(segment["p_paddr"], segment.data())
        for segment in elf.iter_segments()
        if segment["p_type"] == "PT_LOAD" and segment["p_filesz"]
    )
    table = elf.get_section_by_name(".symtab")
    symbols: dict[str, int] = {}
    functions: dict[int, Function] = {}
    for symbol in table.iter_symbols() if table else ():
        if not symbol.name or symbol.name.startswith("$") or symbol["st_shndx"] == "SHN_UNDEF":
            continue
        value = symbol["st_value"]
        if symbol["st_info"]["type"] == "STT_FUNC":
            value &= ~1
            functions[value] = Function(symbol.name, value, symbol["st_size"])
        symbols[symbol.name] = value
    ordered = tuple(functions[address] for address in sorted(functions))
    return Image(path, segments, tuple(symbols.items()), ordered)
