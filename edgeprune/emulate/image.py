"""Firmware images: what the emulator needs of an .elf, .hex or .bin file."""

from __future__ import annotations

import bisect
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile
from intelhex import IntelHex, IntelHexError

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
    """A loaded firmware file.

    Attributes:
        path: Where it was read from.
        segments: What flash holds.
        symbols: Name and value of every symbol; functions without the Thumb bit.  None from
            .hex and .bin, which know no names.
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

    @property
    def start(self) -> int:
        """Its lowest address, where the vector table usually lies."""
        return min(segment.address for segment in self.segments)

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


def load_image(path: Path, base: int | None = None) -> Image:
    """Read firmware: an ELF file, Intel hex (.hex), or the plain bytes of a flash (.bin).

    Args:
        path: The file.
        base: Where a .bin file is to lie; it does not say so itself.

    Raises:
        UserError: it is missing, damaged or empty, not for a 32-bit Arm, or a .bin without `base`.
    """
    try:
        image = _load(path, base)
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}; build it with `edgeprune build`") from None
    if not image.segments:
        raise UserError(f"{path} holds no code; build it again")
    return image


def _load(path: Path, base: int | None) -> Image:
    if path.suffix == ".hex":
        return Image(path, _read_hex(path), (), ())
    if path.suffix == ".bin":
        if base is None:
            raise UserError(f"{path} does not say where in memory it lies; give its base address, or the .elf or .hex")
        content = path.read_bytes()
        return Image(path, (Segment(base, content),) if content else (), (), ())
    with path.open("rb") as stream:
        try:
            return _read(path, ELFFile(stream))
        except ELFError as error:
            raise UserError(f"{path} is not an ELF file ({error}); give the firmware.elf of a built folder") from None


def _read_hex(path: Path) -> tuple[Segment, ...]:
    try:
        content = IntelHex(str(path))
    except (IntelHexError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is not an Intel hex file ({error}); build it again") from None
    return tuple(Segment(first, content.tobinstr(start=first, end=end - 1)) for first, end in content.segments())


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
