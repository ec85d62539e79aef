"""Whether a file that the user gives can run on a 64-bit Arm machine, before it travels there."""

from __future__ import annotations

from pathlib import Path

from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile

from edgeprune.errors import UserError

#: Phones with 64 bits run programs of both sizes.
_OF_PHONES = {"EM_AARCH64", "EM_ARM"}
_SCRIPT = b"#!"


def processor_of(path: Path) -> str | None:
    """The processor that a program or a library is for, such as `EM_AARCH64`; None for other files.

    Raises:
        OSError: it cannot be read.
    """
    try:
        with path.open("rb") as stream:
            return str(ELFFile(stream)["e_machine"])
    except ELFError:
        return None


def check_phone_program(path: Path, name: str) -> None:
    """Refuse what no phone can start; a script can be one that starts the program.

    Args:
        path: The file.
        name: What it should be, such as `benchmark_model`.

    Raises:
        UserError: it cannot be read, is no program, or is one for another processor.
    """
    advice = f"give the {name} for Android on 64-bit Arm"
    try:
        processor = processor_of(path)
        with path.open("rb") as stream:
            is_script = stream.read(len(_SCRIPT)) == _SCRIPT
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}; {advice}") from None
    if processor is None and not is_script:
        raise UserError(f"{path} is no program; {advice}")
    if processor is not None and processor not in _OF_PHONES:
        raise UserError(f"{path} is a program for {processor}; {advice}")
