"""The firmware around a model: the files of a platform, rendered for a target."""

from __future__ import annotations

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

    sources: _Names
    templates: _Names = ()
    common: _Names = ()
    linker_script: str | None = None
    cpu: str | None = None
    fpu: str | None = None
    float_abi: str | None = None
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
    """All files of the platform `name`; `target` fills its templates (None where it has none)."""
    platform = load_platform(name)
    folder = firmware_templates_folder() / name
    common = firmware_templates_folder() / "common"
    texts = {file: _text(folder / file) for file in platform.sources}
    texts |= {file: _text(common / file) for file in platform.common}
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,  # the output is C
    )
    for file in platform.templates:
        template = environment.get_template(f"{file}.j2")
        texts[file] = template.render(target=target, firmware_version=edgeprune.__version__)
    return SourceTree.of(texts)


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")
