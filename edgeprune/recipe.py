"""A recipe says what one run does: model, data, variants to compare, targets."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from edgeprune.errors import RecipeError
from edgeprune.prune.options import Step, steps_of
from edgeprune.quantize import DEFAULT_SAMPLES, Scheme
from edgeprune.schema import describe
from edgeprune.targets import Target, load_target

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


@dataclass(frozen=True)
class VariantPlan:
    """One pruned variant: its name, and the patterns that make it, one after the other."""

    name: str
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Recipe:
    """A checked recipe; paths are resolved against the recipe's folder.

    Attributes:
        name: Heading of the report, and the models' name.
        model, data: Files.
        variants: What the dense model is compared with.
        scheme, samples: Quantization and its calibration examples.
        qat_epochs: Epochs of quantization-aware training of every variant; 0 for none.
        targets: Where every variant runs.
        runs: Inferences timed on each.
        validate: Inputs compared with the reference kernels on each emulated or real board.
        phone: How the phone or Arm board of the phone targets is reached; None: they are not measured.
        source: The recipe's own file.
    """

    name: str
    model: Path
    data: Path
    variants: tuple[VariantPlan, ...]
    scheme: Scheme
    samples: int
    qat_epochs: int
    targets: tuple[Target, ...]
    runs: int
    validate: int
    phone: str | None
    source: Path


_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Quantize(_Section):
    scheme: Literal["int8", "int16x8", "float16", "dynamic", "none"] = "int8"
    samples: Annotated[int, Field(ge=1)] = DEFAULT_SAMPLES
    qat_epochs: Annotated[int, Field(ge=0)] = 0


class _Measure(_Section):
    targets: list[str] = ["cortex-m4", "host"]
    runs: Annotated[int, Field(ge=1)] = 10
    validate_inputs: Annotated[int, Field(ge=0)] = 20
    phone: Annotated[str, Field(pattern=r"^(adb|ssh):|^local$")] | None = None


class _File(_Section):
    name: str | None = None
    model: str
    data: str
    quantize: _Quantize = _Quantize()
    measure: _Measure = _Measure()
    variant: list[dict[str, Any]] = Field(min_length=1)


def load_recipe(path: Path) -> Recipe:
    """Read and check a recipe.

    Raises:
        RecipeError: the file is missing or no TOML, a key is unknown, or a value is not allowed.
        TargetError: a target does not exist.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RecipeError(
            f"cannot read the recipe {path} ({error.strerror or error}); give the path of a .toml file"
        ) from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise RecipeError(f"{path}: not a readable TOML file: {error}") from None
    try:
        file = _File.model_validate(document)
    except ValidationError as error:
        raise RecipeError(describe(path, error, _File)) from None
    variants = tuple(_variant(path, table) for table in file.variant)
    names = [variant.name for variant in variants]
    twice = next((name for name in names if names.count(name) > 1 or name == "dense"), None)
    if twice is not None:
        raise RecipeError(f"{path}: the name {twice!r} is taken; give each variant a name of its own")
    if file.quantize.qat_epochs and file.quantize.scheme != "int8":
        raise RecipeError(
            f"{path}: quantize.qat_epochs trains for int8; remove it or the scheme {file.quantize.scheme!r}"
        )
    return Recipe(
        name=file.name or path.resolve().parent.name,
        model=path.parent / file.model,
        data=path.parent / file.data,
        variants=variants,
        scheme=Scheme(file.quantize.scheme),
        samples=file.quantize.samples,
        qat_epochs=file.quantize.qat_epochs,
        targets=tuple(load_target(_target_path(path, name)) for name in file.measure.targets),
        runs=file.measure.runs,
        validate=file.measure.validate_inputs,
        phone=file.measure.phone,
        source=path,
    )


def _target_path(recipe: Path, name: str) -> str:
    """A profile of the user's own is found beside the recipe."""
    return str(recipe.parent / name) if name.endswith(".toml") else name


def _variant(path: Path, table: dict[str, Any]) -> VariantPlan:
    method = table.get("method")
    name = table.get("name", re.sub(r"[^A-Za-z0-9_]+", "_", method) if isinstance(method, str) else method)
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise RecipeError(f"{path}: the variant name {name!r} cannot name a folder; use letters, digits, '-' and '_'")
    given = {key: value for key, value in table.items() if key not in {"name", "method"}}
    return VariantPlan(name, steps_of(method, given, path, ("method", "name")))
