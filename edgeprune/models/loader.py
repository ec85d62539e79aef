"""Reads Keras models of either generation into one form, a flat functional tf-keras model, and writes them."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from edgeprune.errors import ModelError
from edgeprune.models import custom, files
from edgeprune.models.functional import clone
from edgeprune.models.tensorflow import keras, muted


@dataclass(frozen=True, eq=False)
class FloatModel:
    """A trained float model as every later stage takes it.

    Attributes:
        model: Flat functional tf-keras model with finite float32 weights; treat it as read-only.
        name: Short name, from the file's.
        source: The file or folder it was read from; a model from memory has its name here.
        generation: 2 or 3, the Keras that the user's model is of; `save` writes for the same.
    """

    model: Any
    name: str
    source: Path
    generation: int = 2

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

    def derived(self, model: Any, name: str) -> FloatModel:
        """A model made from this one: another graph and name, the same source and Keras generation."""
        return replace(self, model=model, name=name)


def load(source: Any) -> FloatModel:
    """Read a model from a file, or take one from memory.

    Nested models are flattened, so that no later stage overlooks their layers; several inputs
    and outputs become lists in the order of the model's `inputs` and `outputs`.

    Args:
        source: A .keras or .h5 file of Keras 2 or 3, a SavedModel folder that Keras 2 wrote, or a
            model object of tf-keras or Keras 3, which is copied.

    Raises:
        ModelError: The path does not exist, is not a model, holds code or unknown layers, cannot be
            rebuilt in Keras 2, or holds weights that are NaN or infinite.
    """
    if not isinstance(source, (str, Path)):
        return adopt(source)
    path = Path(source)
    if not path.exists():
        raise ModelError(f"{path}: there is no such model; give {files.KINDS}")
    file = files.describe(path)
    files.check(path, file)
    if file.generation == 3:
        from edgeprune.models.keras3 import load_file, to_keras2

        original = load_file(path)
        model = to_keras2(original, str(path))
    else:
        model = _read_keras2(path)
    model = _flat(str(path), model)
    return FloatModel(model, path.stem or path.name, path, file.generation)


def adopt(model: Any) -> FloatModel:
    """Take a model from memory: of tf-keras, or of Keras 3; it is copied and stays as it is.

    Raises:
        ModelError: It is no Keras model, or one of the faults that `load` finds in a file.
    """
    if isinstance(model, keras().Model):
        return FloatModel(_flat(f"model {model.name!r}", model), model.name, Path(model.name), 2)
    from edgeprune.models.keras3 import keras3, to_keras2

    if not isinstance(model, keras3().Model):
        raise ModelError(f"{type(model).__name__} is no Keras model; give a model of tf-keras or Keras 3, or a file")
    where = f"model {model.name!r}"
    return FloatModel(_flat(where, to_keras2(model, where)), model.name, Path(model.name), 3)


def save(model: FloatModel, path: Path, keras: int | None = None) -> FloatModel:
    """Write the model as .keras or .h5 (whole file or none) and return it with its new name and source.

    Args:
        model: The model.
        path: Its suffix chooses the format.
        keras: 2 or 3, the Keras that is to read the file; None for that of the user's model.

    Raises:
        ModelError: The suffix is another, or the model cannot be written for Keras 3; it is then written for
            Keras 2 to a file beside, which the message names.
    """
    generation = model.generation if keras is None else keras
    if path.suffix not in (".keras", ".h5") or generation not in (2, 3):
        raise ModelError(f"{path}: models are written as .keras or .h5 for Keras 2 or 3; choose one of these")
    path.parent.mkdir(parents=True, exist_ok=True)
    if generation == 2:
        _write_keras2(model.model, path)
    else:
        _write_keras3(model.model, path)
    return FloatModel(model.model, path.stem, path, generation)


def _partial(path: Path) -> Path:
    return path.with_name(f".{path.stem}.partial{path.suffix}")


def _write_keras2(model: Any, path: Path) -> None:
    with muted():
        model.save(_partial(path))
    _partial(path).replace(path)


def _write_keras3(model: Any, path: Path) -> None:
    from edgeprune.models.keras3 import write

    try:
        write(model, _partial(path))
    except ModelError as error:
        _partial(path).unlink(missing_ok=True)
        beside = path.with_name(f"{path.stem}-keras2{path.suffix}")
        _write_keras2(model, beside)
        raise ModelError(f"{path}: {error}; the Keras 2 file is {beside}") from error
    _partial(path).replace(path)


def _read_keras2(path: Path) -> Any:
    try:
        with muted():
            return keras().models.load_model(path, compile=False, custom_objects=custom.objects(2))
    except ModelError:
        raise
    except Exception as error:  # Keras has no common error class: any failure means this file cannot be read
        reason = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
        unknown = re.search(r"Unknown (?:layer|object): '?(\w+)'?", reason)
        if unknown is not None:
            raise ModelError(
                f"{path}: it holds a layer of the class {unknown[1]!r}, which Keras 2 does not have; {custom.REMEDY}"
            ) from error
        raise ModelError(f"{path}: cannot be loaded as a Keras model ({reason[:200]}); give {files.KINDS}") from error


def _flat(where: str, model: Any) -> Any:
    """A flat float32 copy with finite weights."""
    flat = clone(model)
    for layer in flat.layers:
        for variable, value in zip(layer.weights, layer.get_weights(), strict=True):
            broken = int(np.size(value) - np.count_nonzero(np.isfinite(value)))
            if broken:
                raise ModelError(
                    f"{where}: {broken:,} of {np.size(value):,} values of {variable.name} in layer {layer.name!r} are "
                    "NaN or infinite; the training diverged, so give an earlier checkpoint"
                )
    return flat
