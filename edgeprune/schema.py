"""Turns a schema violation in a TOML file into one sentence the user can act on."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path

from pydantic import BaseModel, ValidationError


def describe(path: Path | str, error: ValidationError, *models: type[BaseModel]) -> str:
    """Name the file, the key and what is allowed, for the most telling fault in `error`.

    Args:
        path: The file at fault, or what else holds the values.
        error: What pydantic found.
        models: The root models the file may follow; their keys feed "did you mean".
    """
    # A misspelt key is missing under its right name too; the misspelling says more.
    fault = min(error.errors(), key=lambda found: found["type"] != "extra_forbidden")
    keys = [str(part) for part in fault["loc"] if part not in _discriminators(models)]
    key = ".".join(keys) or "the top level"
    if fault["type"] == "extra_forbidden":
        allowed = sorted(_keys_at(models, keys[:-1]))
        close = difflib.get_close_matches(keys[-1], allowed, n=1)
        hint = f"did you mean {close[0]!r}? " if close else ""
        return f"{path}: unknown key {key!r}; {hint}Allowed here: {', '.join(allowed)}"
    if fault["type"] == "missing":
        return f"{path}: the key {key!r} is missing"
    message = fault["msg"][0].lower() + fault["msg"][1:]
    return f"{path}: {key} = {fault['input']!r} is not allowed: {message}"


def _discriminators(models: Iterable[type[BaseModel]]) -> set[str]:
    """Tags that pydantic puts into a location for a discriminated union (`mcu`, `phone`)."""
    tags: set[str] = set()
    for model in models:
        field = model.model_fields.get("kind")
        if field is not None:
            tags.update(getattr(field.annotation, "__args__", ()))
    return tags


def _keys_at(models: Iterable[type[BaseModel]], parents: list[str]) -> set[str]:
    """All keys that the models allow below the table `parents`."""
    keys: set[str] = set()
    for model in models:
        current: type[BaseModel] | None = model
        for parent in parents:
            current = _submodel(current, parent) if current else None
        if current is not None:
            keys.update(current.model_fields)
    return keys


def _submodel(model: type[BaseModel], key: str) -> type[BaseModel] | None:
    field = model.model_fields.get(key)
    if field is None:
        return None
    candidates = (field.annotation, *getattr(field.annotation, "__args__", ()))
    return next((c for c in candidates if isinstance(c, type) and issubclass(c, BaseModel)), None)
