"""Keras models: the layers as JSON, the weights through the tensor coder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edgeprune.compress.container import encode
from edgeprune.compress.errors import CompressedFileError, damaged
from edgeprune.compress.values import Compressed, Contents, Kind, NamedTensor
from edgeprune.models import FloatModel, save
from edgeprune.models.tensorflow import keras
from edgeprune.progress import SILENT, Progress


def encode_model(model: FloatModel, progress: Progress = SILENT) -> Compressed:
    """Compress a Keras model: its layers and weights, not its optimizer.

    A weight that is minus zero becomes zero: masks that multiply leave such zeros behind, and no result differs.
    """
    weights = zip(model.model.weights, model.model.get_weights(), strict=True)
    tensors = tuple(NamedTensor(variable.name, without_negative_zeros(values)) for variable, values in weights)
    layers = json.dumps(json.loads(model.model.to_json()), separators=(",", ":"))
    return encode(Contents(Kind.KERAS, tensors, layers.encode()), progress)


def without_negative_zeros(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The values with -0.0 replaced by 0.0, in the same type."""
    return np.where(values == 0, values.dtype.type(0), values)


def restore_model(contents: Contents, out: Path) -> FloatModel:
    """Write the compressed model as .keras and return it.

    Raises:
        CompressedFileError: The contents are of another kind, or their layers do not take their weights.
    """
    if contents.kind != Kind.KERAS:
        raise CompressedFileError("the compressed file holds no Keras model; give --out a name that ends in .npz")
    try:
        model = keras().models.model_from_json(contents.rest.decode())
        model.set_weights([tensor.values for tensor in contents.tensors])
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise damaged(f"its layers cannot be rebuilt: {str(error).splitlines()[0][:120]}") from error
    return save(FloatModel(model, out.stem, out), out)
