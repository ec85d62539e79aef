"""Settings of patterns from plain values: a recipe's table, the command line's, a Python call's."""

from __future__ import annotations

import dataclasses
import re
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from edgeprune.errors import RecipeError, UserError
from edgeprune.prune.pattern import Pattern, patterns
from edgeprune.schema import describe

T = typing.TypeVar("T")

#: Joins the names of methods that work one after the other, as in `channel+n:m`.
JOINT = "+"


@dataclasses.dataclass(frozen=True)
class Step:
    """One pattern with its settings."""

    pattern: Pattern
    settings: object


def steps_of(
    method: object, given: Mapping[str, Any], source: Path | str, also: tuple[str, ...] = ()
) -> tuple[Step, ...]:
    """The patterns that `method` names, in order, each with its settings.

    A value goes to every pattern that has a setting of its name; a table named like a
    pattern holds values for that pattern alone, and these win.

    Args:
        method: Names of patterns, joined by `+`.
        given: Values by name, nested like the settings.
        source: What messages call the place where the values stand.
        also: Further names that are allowed there, for messages.

    Raises:
        RecipeError: There is no such pattern or setting, or a value is not allowed.
    """
    chosen = _chosen(method, source)
    names = [pattern.name for pattern, _ in chosen]
    shared = {key: value for key, value in given.items() if key not in names}
    known = set().union(*(_names(pattern) for pattern, _ in chosen))
    unknown = {key: value for key, value in shared.items() if key not in known}  # for the first to complain of
    steps = []
    for pattern, implied in chosen:
        mine = {key: value for key, value in shared.items() if key in _names(pattern)}
        own = given.get(pattern.name, {})
        if not isinstance(own, Mapping):
            raise RecipeError(f"{source}: {pattern.name} = {own!r} is no table; give settings of that pattern")
        steps.append(
            Step(pattern, read_settings(pattern.settings, {**mine, **implied, **own, **unknown}, source, also))
        )
    return tuple(steps)


def _names(pattern: Pattern) -> set[str]:
    return {field.name for field in dataclasses.fields(pattern.settings)}


def _chosen(method: object, source: Path | str) -> list[tuple[Pattern, dict[str, str]]]:
    """The patterns that are named, with the settings that a shorthand implies."""
    chosen = [_pattern(name) for name in method.split(JOINT)] if isinstance(method, str) else [None]
    found = [entry for entry in chosen if entry is not None]
    if len(found) < len(chosen):
        raise RecipeError(
            f"{source}: method = {method!r} is not allowed; choose one of {', '.join(patterns())}, "
            f"or join some by {JOINT!r}"
        )
    if len({pattern.name for pattern, _ in found}) < len(found):
        raise RecipeError(f"{source}: method = {method!r} names a pattern twice; name each once")
    return found


def _pattern(name: str) -> tuple[Pattern, dict[str, str]] | None:
    known = patterns()
    if name in known:
        return known[name], {}
    for pattern in known.values():
        match = re.fullmatch(pattern.shorthand, name) if pattern.shorthand else None
        if match is not None:
            return pattern, match.groupdict()
    return None


def read_settings(settings: type[T], values: Mapping[str, Any], source: Path | str, also: tuple[str, ...] = ()) -> T:
    """The settings dataclass with these values by name; arguments and errors as `steps_of`."""
    schema = settings_schema(settings)
    shown = create_model("variant", __base__=schema, **dict.fromkeys(also, (str, "")))  # type: ignore[call-overload]
    try:
        return to_settings(settings, schema.model_validate(dict(values)))
    except ValidationError as error:
        raise RecipeError(describe(source, error, shown)) from None
    except UserError as error:
        raise RecipeError(f"{source}: {error}") from None


def settings_schema(settings: type) -> type[BaseModel]:
    """A strict pydantic model with the fields of a settings dataclass, nested ones included."""
    hints = typing.get_type_hints(settings, include_extras=True)  # with the validators that a type brings along
    fields: dict[str, Any] = {}
    for field in dataclasses.fields(settings):
        kind, default = hints[field.name], _default(field)
        if dataclasses.is_dataclass(kind):
            nested = settings_schema(typing.cast(type, kind))
            fields[field.name] = (nested, Field(default_factory=nested))
        else:
            fields[field.name] = (kind, default)
    return create_model(settings.__name__, __base__=_Lenient, **fields)


class _Lenient(BaseModel):
    """Numbers may be written without a point, and enumeration members by their value."""

    model_config = ConfigDict(extra="forbid")


def to_settings(settings: type[T], section: BaseModel) -> T:
    """The settings dataclass with the values of a validated section; raises UserError as the dataclass does."""
    hints = typing.get_type_hints(settings)
    values = {}
    for field in dataclasses.fields(settings):  # type: ignore[arg-type]  # every settings class is a dataclass
        value = getattr(section, field.name)
        values[field.name] = to_settings(hints[field.name], value) if isinstance(value, BaseModel) else value
    return settings(**values)


def _default(field: dataclasses.Field[Any]) -> Any:
    if field.default is not dataclasses.MISSING:
        return field.default
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return ...
