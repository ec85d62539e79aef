"""The firmware around a model: the files of a platform, rendered for a target."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Annotated

import jinja2
from pydantic import BaseModel, ConfigDict, Field, ValidationError

import edgeprune
from edgeprune.emit.tree import SourceTree
from edgeprune.errors import TargetError
from edgeprune.resources import firmware_templates_folder
from edgeprune.schema import describe
from edgeprune.targets import McuTarget

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_Names = Annotated[tuple[str, ...], Field(strict=False)]


class Platform(BaseModel):
    """What `firmware_templates/<name>/platform.toml` says; the keys are explained there."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    files: _Names
    templates: _Names = ()
    linker_script: str | None = None
    cflags: _Names = ()


def load_platform(name: str) -> Platform:
    """The platform of that name.

    Raises:
        TargetError: there is no such platform, or its file does not follow the schema.
    """
    path = firmware_templates_folder() / name / "platform.toml"
    if not path.is_file():
        known = sorted(folder.parent.name for folder in firmware_templates_folder().glob("*/platform.toml"))
        raise TargetError(f"there is no firmware platform {name!r}; known platforms: {', '.join(known)}")
    try:
        return Platform.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except tomllib.TOMLDecodeError as error:
        raise TargetError(f"{path}: not a readable TOML file: {error}") from None
    except ValidationError as error:
        raise TargetError(describe(path, error, Platform)) from None


def emit_firmware(name: str, target: McuTarget | None) -> SourceTree:
    """All files of the platform `name`; `target` fills its templates (None where it has none).

    Raises:
        TargetError: the platform names a file that does not exist, or the profile a pin that none is.
    """
    platform = load_platform(name)
    folder = firmware_templates_folder() / name
    texts = {
        path.name: path.read_text(encoding="utf-8") for pattern in platform.files for path in _find(folder, pattern)
    }
    for file in platform.templates:
        [path] = _find(folder, f"{file}.j2")
        template = _ENVIRONMENT.from_string(path.read_text(encoding="utf-8"))
        texts[path.stem] = template.render(target=target, firmware_version=edgeprune.__version__)
    return SourceTree.of(texts)


def pin_number(name: str) -> int:
    """Number of a pin, counted through all ports: `PB7` (16 pins a port), `P1.03` (32 pins a port) or `GP0`.

    Raises:
        TargetError: the name has none of these forms.
    """
    if match := re.fullmatch(r"P([A-K])(\d|1[0-5])", name):
        return (ord(match[1]) - ord("A")) * 16 + int(match[2])
    if match := re.fullmatch(r"P([0-7])\.([0-2]\d|3[01])", name):
        return int(match[1]) * 32 + int(match[2])
    if match := re.fullmatch(r"GP(\d|[12]\d)", name):
        return int(match[1])
    raise TargetError(
        f"uart: {name!r} is no name of a pin; write PB7 for an STM32, P1.03 for an nRF52, GP0 for an RP2040"
    )


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        autoescape=False,  # the output is C
    )
    environment.filters["pin"] = pin_number
    return environment


_ENVIRONMENT = _environment()


def _find(folder: Path, pattern: str) -> list[Path]:
    """Files that a path or pattern relative to `folder` means, sorted."""
    while pattern.startswith("../"):
        folder, pattern = folder.parent, pattern[3:]
    found = sorted(folder.glob(pattern))
    if not found:
        raise TargetError(f"there is no file {folder / pattern}, which a platform.toml names")
    return found
