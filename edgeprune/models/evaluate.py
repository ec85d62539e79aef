"""Accuracy of a float model on the test split."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edgeprune.models.dataset import Dataset, Floats
from edgeprune.models.loader import FloatModel


def predicted_classes(outputs: npt.NDArray[np.float32]) -> npt.NDArray[np.int64]:
    """Class numbers of output rows [N, classes]; a single output is a sigmoid that counts from 0.5."""
    if outputs.shape[-1] == 1:
        return np.asarray(outputs[:, 0] >= 0.5, np.int64)
    return np.asarray(outputs.argmax(axis=-1), np.int64)


def scores(model: FloatModel, examples: Floats, batch_size: int = 256) -> Floats:
    """The float model's outputs [N, classes] for real-valued examples [N, ...]."""
    return np.asarray(model.model.predict(examples, batch_size=batch_size, verbose=0), np.float32)


def evaluate(model: FloatModel, data: Dataset, batch_size: int = 256) -> float:
    """Share of the test examples that the float model classifies rightly, 0 to 1.

    Raises:
        DataError: The data does not fit the model.
        ModelError: The model is no classifier with one input.
    """
    data.check_against(model.input_shape, model.classes)
    outputs = scores(model, data.test_inputs(), batch_size)
    return float(np.mean(predicted_classes(outputs) == data.y_test))
