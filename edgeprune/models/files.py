"""What kind of model file this is, who wrote it, and whether it may be opened: found without running anything."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgeprune.errors import ModelError
from edgeprune.models import custom
from edgeprune.models.tensorflow import keras

KINDS = ".keras, .h5 or a SavedModel folder"

#: Packages whose classes a model file may name; anything else is the user's own and must be registered.
_KNOWN_PACKAGES = {"keras", "tf_keras", "builtins", "tensorflow"}


@dataclass(frozen=True)
class ModelFile:
    """A model file, described.

    Attributes:
        generation: 2 or 3, the Keras that wrote it.
        version: The version that the file names, empty where it names none.
        configs: The configurations of the model, or of its layers, as they are written.
    """

    generation: int
    version: str
    configs: tuple[Any, ...]


def describe(path: Path) -> ModelFile:
    """Look into a model file.

    Raises:
        ModelError: It is no Keras model, is damaged, or a Keras wrote it that is not known here.
    """
    if path.is_dir():
        return ModelFile(2, "", _saved_model(path))
    with path.open("rb") as file:
        magic = file.read(8)
    if magic == b"\x89HDF\r\n\x1a\n":
        version, config = _hdf5(path)
    elif magic.startswith(b"PK"):
        version, config = _archive(path)
    else:
        raise ModelError(f"{path}: this is no Keras model; give {KINDS}")
    return ModelFile(_generation(path, version), version, (config,))


def check(path: Path, file: ModelFile) -> None:
    """Refuse files that carry code or layers that are not known, before anything is opened.

    Raises:
        ModelError: The file holds a Lambda or a class that is not registered; the layer is named.
    """
    for config in file.configs:
        for entry in _objects(config):
            _check_object(path, file.generation, entry)


def _generation(path: Path, version: str) -> int:
    match = re.match(r"([23])\.\d+", version)
    if match is None:
        raise ModelError(
            f"{path}: it was written by Keras {version[:40]!r}, and only Keras 2 and 3 are known; save the model again "
            "with one of them"
        )
    return int(match[1])


def _saved_model(path: Path) -> tuple[Any, ...]:
    if not (path / "saved_model.pb").is_file():
        raise ModelError(f"{path}: this folder holds no saved_model.pb; give {KINDS}")
    metadata = path / "keras_metadata.pb"
    if not metadata.is_file():
        raise ModelError(
            f"{path}: this SavedModel holds functions but no Keras layers (model.export writes such folders), so there "
            "is nothing to prune; save the model with model.save('model.keras')"
        )
    keras()
    from google.protobuf.message import DecodeError
    from tf_keras.protobuf import saved_metadata_pb2

    try:
        nodes = saved_metadata_pb2.SavedMetadata.FromString(metadata.read_bytes()).nodes
        return tuple(json.loads(node.metadata) for node in nodes if node.metadata)
    except (DecodeError, ValueError) as error:
        raise ModelError(f"{path}: its keras_metadata.pb is damaged; export the model again") from error


def _hdf5(path: Path) -> tuple[str, Any]:
    import h5py  # type: ignore[import-untyped]  # it has no types

    try:
        with h5py.File(path) as archive:
            if "model_config" not in archive.attrs:
                raise ModelError(
                    f"{path}: this .h5 holds weights but no layers; save with model.save, not save_weights"
                )
            version, config = (_text(archive.attrs.get(name, "2.0")) for name in ("keras_version", "model_config"))
    except OSError as error:
        raise ModelError(f"{path}: this .h5 file is damaged; export the model again") from error
    return version, _json(path, config)


def _archive(path: Path) -> tuple[str, Any]:
    try:
        with zipfile.ZipFile(path) as archive:
            metadata = _json(path, archive.read("metadata.json"))
            return str(metadata["keras_version"]), _json(path, archive.read("config.json"))
    except (KeyError, TypeError, OSError, zipfile.BadZipFile) as error:
        raise ModelError(f"{path}: this .keras file is damaged or no Keras model; give {KINDS}") from error


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _json(path: Path, text: str | bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise ModelError(f"{path}: its description of the layers is damaged; export the model again") from error


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    """All entries of a configuration that name a class, from the outside in."""
    if isinstance(value, dict):
        if isinstance(value.get("class_name"), str):
            yield value
        for part in value.values():
            yield from _objects(part)
    elif isinstance(value, list):
        for part in value:
            yield from _objects(part)


def _check_object(path: Path, generation: int, entry: dict[str, Any]) -> None:
    kind, inner = entry["class_name"], entry.get("config")
    name = str(inner.get("name", kind) if isinstance(inner, dict) else entry.get("name", kind))
    if kind in ("Lambda", "__lambda__"):
        raise ModelError(
            f"{path}: layer {name!r} is a Lambda, whose code would come from the file and is never run; write it with "
            "functions of keras.ops or TensorFlow, or as a layer class, and save the model again"
        )
    package = str(entry.get("module") or "keras").split(".")[0]
    registered = str(entry.get("registered_name") or kind)
    own = package not in _KNOWN_PACKAGES or ">" in kind
    if own and not _registered(kind, registered, generation):
        raise ModelError(
            f"{path}: layer {name!r} is of the class {kind!r}, which Keras {generation} does not have; {custom.REMEDY}"
        )


def _registered(kind: str, registered: str, generation: int) -> bool:
    names = {kind, registered, kind.rsplit(">", maxsplit=1)[-1]}
    if names & set(custom.objects(generation)):
        return True
    if generation == 2:
        module = keras()
    else:
        from edgeprune.models.keras3 import keras3

        module = keras3()
    return any(module.utils.get_registered_object(name) is not None for name in names)
