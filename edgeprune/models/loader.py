"""Reads Keras models of either generation into one form: a flat, functional tf-keras model."""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edgeprune.errors import ModelError
from edgeprune.models.functional import clone
from edgeprune.models.tensorflow import keras

_KINDS = ".keras, .h5 or a SavedModel folder"


@dataclass(frozen=True, eq=False)
class FloatModel:
    """A trained float model as every later stage takes it.

    Attributes:
        model: Flat functional tf-keras model with finite weights; treat it as read-only.
        name: Short name, from the file's.
        source: The file or folder it was read from.
    """

    model: Any
    name: str
    source: Path

    @property
    def input_shape(self) -> tuple[int | None, ...]:
        """Shape of one example, without the batch; raises ModelError for several inputs."""
        if len(self.model.inputs) != 1:
            raise ModelError(
                f"{self.source}: the model has {len(self.model.inputs)} inputs and a data file feeds one; "
                "give a model with a single input"
            )
        return tuple(self.model.inputs[0].shape[1:])

    @property
    def classes(self) -> int:
        """Size of the output's last axis; raises ModelError where the output is not [batch, classes]."""
        shape = tuple(self.model.outputs[0].shape)
        if len(self.model.outputs) != 1 or len(shape) != 2 or shape[1] is None:
            raise ModelError(
                f"{self.source}: the model's outputs are {[list(o.shape) for o in self.model.outputs]}, and accuracy "
                "needs one output of shape [batch, classes]; give a classifier"
            )
        return int(shape[1])


def load(path: Path | str) -> FloatModel:
    """Read a .keras or .h5 file of Keras 2 or 3, or a SavedModel folder that Keras wrote.

    Nested models are flattened, so that no later stage overlooks their layers.

    Raises:
        ModelError: The path does not exist, is not a model, cannot be rebuilt in Keras 2,
            or holds weights that are NaN or infinite.
    """
    path = Path(path)
    if not path.exists():
        raise ModelError(f"{path}: there is no such model; give {_KINDS}")
    model = clone(_read(path))
    _check_weights(path, model)
    return FloatModel(model, path.stem or path.name, path)


def save(model: FloatModel, path: Path) -> FloatModel:
    """Write the model as .keras (whole file or none) and return it with its new name and source."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.stem}.partial{path.suffix}")
    model.model.save(partial)
    partial.replace(path)
    return FloatModel(model.model, path.stem, path)


def _read(path: Path) -> Any:
    version = _keras_version(path)
    if version.startswith("3"):
        from edgeprune.models.keras3 import convert

        return convert(path)
    try:
        return keras().models.load_model(path, compile=False)
    except ModelError:
        raise
    except Exception as error:  # Keras has no common error class: any failure means this file cannot be read
        reason = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
        raise ModelError(f"{path}: cannot be loaded as a Keras model ({reason[:200]}); give {_KINDS}") from error


def _keras_version(path: Path) -> str:
    """The Keras version that wrote the file, as far as the kind of file tells; checks the kind."""
    if path.is_dir():
        if not (path / "saved_model.pb").is_file():
            raise ModelError(f"{path}: this folder holds no saved_model.pb; give {_KINDS}")
        if not (path / "keras_metadata.pb").is_file():
            raise ModelError(
                f"{path}: this SavedModel holds functions but no Keras layers, so there is nothing to prune; "
                "save the model with model.save('model.keras')"
            )
        return "2"
    with path.open("rb") as file:
        magic = file.read(8)
    if magic == b"\x89HDF\r\n\x1a\n":
        import h5py  # type: ignore[import-untyped]  # it has no types

        try:
            with h5py.File(path) as archive:
                if "model_config" not in archive.attrs:
                    raise ModelError(
                        f"{path}: this .h5 holds weights but no layers; save with model.save, not save_weights"
                    )
                return str(archive.attrs.get("keras_version", "2"))
        except OSError as error:
            raise ModelError(f"{path}: this .h5 file is damaged; export the model again") from error
    if magic.startswith(b"PK"):
        try:
            with zipfile.ZipFile(path) as archive:
                return str(json.loads(archive.read("metadata.json"))["keras_version"])
        except (KeyError, ValueError, OSError, zipfile.BadZipFile) as error:
            raise ModelError(f"{path}: this .keras file is damaged or no Keras model; give {_KINDS}") from error
    raise ModelError(f"{path}: this is no Keras model; give {_KINDS}")


def _check_weights(path: Path, model: Any) -> None:
    for layer in model.layers:
        for variable, value in zip(layer.weights, layer.get_weights(), strict=True):
            broken = int(np.size(value) - np.count_nonzero(np.isfinite(value)))
            if broken:
                raise ModelError(
                    f"{path}: {broken:,} of {np.size(value):,} values of {variable.name} in layer {layer.name!r} are "
                    "NaN or infinite; the training diverged, so give an earlier checkpoint"
                )
