"""The examples from which the converter learns the range of each activation."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edgeprune.errors import DataError
from edgeprune.models.dataset import Dataset
from edgeprune.models.loader import FloatModel

_SEED = 0


@dataclass(frozen=True, eq=False)
class Calibration:
    """Examples for models with any number of inputs; labels are not needed.

    Attributes:
        inputs: One array [N, ...] per input of the model, in its order, real values in the input's type.
    """

    inputs: tuple[npt.NDArray[Any], ...]

    @staticmethod
    def random(model: FloatModel, count: int = 8) -> Calibration:
        """Examples for conversions of which only the structure is looked at.

        Floats are drawn from 0 to 1 and integers are 0 or 1, so that both may stand for places in a table.
        """
        rng = np.random.default_rng(_SEED)
        return Calibration(
            tuple(
                rng.uniform(0, 1, (count, *(n or 1 for n in t.shape[1:]))).round(0 if t.dtype.is_integer else 6)
                .astype(t.dtype.as_numpy_dtype)
                for t in model.model.inputs
            )
        )  # fmt: skip

    @staticmethod
    def of(model: FloatModel, data: Dataset, samples: int) -> Calibration:
        """A seeded draw of `samples` training examples.

        Raises:
            DataError: The data does not fit the model.
            ModelError: The model has several inputs, and a data set feeds one.
        """
        data.check_inputs(model.input_shape)
        count = min(samples, len(data.x_train))
        chosen = np.sort(np.random.default_rng(_SEED).choice(len(data.x_train), count, replace=False))
        kind = model.model.inputs[0].dtype.as_numpy_dtype
        return Calibration((data.real(data.x_train[chosen]).astype(kind),))

    def check_against(self, model: FloatModel) -> None:
        """Raises DataError where number, shapes or lengths of the arrays do not fit the model's inputs."""
        wanted = model.model.inputs
        if len(self.inputs) != len(wanted):
            raise DataError(
                f"{model.source}: the model has {len(wanted)} inputs and the calibration {len(self.inputs)} arrays; "
                "give one array per input"
            )
        counts = [len(array) for array in self.inputs]
        if min(counts) < 1 or min(counts) != max(counts):
            raise DataError(f"the calibration's arrays hold {counts} examples; give equally many for each input")
        for tensor, array in zip(wanted, self.inputs, strict=True):
            if tuple(tensor.shape[1:]) != array.shape[1:]:
                raise DataError(
                    f"{model.source}: input {tensor.name!r} takes examples of shape {list(tensor.shape[1:])} and the "
                    f"calibration holds {list(array.shape[1:])}; reshape the arrays"
                )

    def save(self, path: Path) -> None:
        """Write an .npz that `load` reads."""
        np.savez(path, *self.inputs)

    @staticmethod
    def load(path: Path) -> Calibration:
        """Read what `save` wrote."""
        with np.load(path, allow_pickle=False) as archive:
            return Calibration(tuple(archive[f"arr_{number}"] for number in range(len(archive.files))))
