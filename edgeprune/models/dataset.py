"""Labelled data for pruning, calibration and accuracy: reading it and checking that it fits."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edgeprune.errors import DataError

Floats = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int64]

_REQUIRED = ("x_train", "y_train", "x_test", "y_test")
_SCALARS = ("scale", "offset")


@dataclass(frozen=True, eq=False)
class Dataset:
    """A training and a test split of one classification problem.

    Attributes:
        x_train, x_test: Inputs [N, ...] as stored: float, or integers such as uint8 pixels.
        y_train, y_test: Class numbers, int64 [N].
        scale, offset: A stored value x stands for the real value x * scale + offset.
        source: The file it was read from.
    """

    x_train: npt.NDArray[np.generic]
    y_train: Labels
    x_test: npt.NDArray[np.generic]
    y_test: Labels
    scale: float = 1.0
    offset: float = 0.0
    source: Path = Path("data")

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of one example."""
        return tuple(int(n) for n in self.x_train.shape[1:])

    def real(self, stored: npt.NDArray[np.generic]) -> Floats:
        """Stored values as the real float32 values that the float model takes."""
        if self.scale == 1.0 and self.offset == 0.0:
            return np.asarray(stored, np.float32)
        return np.asarray(stored, np.float32) * np.float32(self.scale) + np.float32(self.offset)

    def train_inputs(self) -> Floats:
        """All training inputs as real values, float32 [N, ...]."""
        return self.real(self.x_train)

    def test_inputs(self) -> Floats:
        """All test inputs as real values, float32 [N, ...]."""
        return self.real(self.x_test)

    def check_inputs(self, input_shape: tuple[int | None, ...]) -> None:
        """Check that a model with inputs of this shape (without batch; None: any size) can take the examples.

        Raises:
            DataError: An example has another shape.
        """
        here = self.input_shape
        fits = len(here) == len(input_shape) and all(
            want is None or want == have for want, have in zip(input_shape, here, strict=True)
        )
        if not fits:
            raise DataError(
                f"{self.source}: x_train holds examples of shape {_shape(here)}, but the model takes "
                f"{_shape(input_shape)}; reshape the arrays or choose the data this model was trained on"
            )

    def check_against(self, input_shape: tuple[int | None, ...], classes: int) -> None:
        """Check that a model of this input shape (without batch) and class count can use the data.

        Args:
            input_shape: Shape of one example as the model wants it; None where any size will do.
            classes: Number of values that the model's output has.

        Raises:
            DataError: An example has another shape, or a label is outside 0 to classes - 1.
        """
        self.check_inputs(input_shape)
        known = max(classes, 2)  # one sigmoid output tells two classes apart
        for name, labels in (("y_train", self.y_train), ("y_test", self.y_test)):
            low, high = int(labels.min()), int(labels.max())
            if low < 0 or high >= known:
                raise DataError(
                    f"{self.source}: {name} holds labels from {low} to {high}, but the model tells {known} classes "
                    f"apart (0 to {known - 1}); renumber the labels or choose the data this model was trained on"
                )


def load_dataset(path: Path | str) -> Dataset:
    """Read an .npz with x_train, y_train, x_test, y_test and, if wanted, scale and offset.

    Labels may be class numbers [N] or [N, 1], or one-hot rows [N, classes].  Pickled
    arrays are refused: a data file must not be able to run code.

    Raises:
        DataError: The file is missing or no .npz; an array is missing, empty, of unequal
            length, not numeric, or holds NaN or infinity.
    """
    path = Path(path)
    arrays = _read(path)
    missing = [name for name in _REQUIRED if name not in arrays]
    if missing:
        raise DataError(
            f"{path}: the array {missing[0]!r} is missing; the file needs {', '.join(_REQUIRED)} "
            f"and has {', '.join(sorted(arrays)) or 'none'}"
        )
    splits = {name: _inputs(path, name, arrays[name]) for name in ("x_train", "x_test")}
    labels = {name: _labels(path, name, arrays[name]) for name in ("y_train", "y_test")}
    for split in ("train", "test"):
        inputs, classes = len(splits[f"x_{split}"]), len(labels[f"y_{split}"])
        if inputs != classes:
            raise DataError(f"{path}: x_{split} has {inputs:,} examples and y_{split} {classes:,}; give one label each")
    if splits["x_train"].shape[1:] != splits["x_test"].shape[1:]:
        shapes = (_shape(splits[name].shape[1:]) for name in ("x_train", "x_test"))
        raise DataError(f"{path}: x_train holds examples of shape {next(shapes)} and x_test {next(shapes)}; use one")
    scale, offset = _scalar(path, arrays, "scale", 1.0), _scalar(path, arrays, "offset", 0.0)
    return Dataset(splits["x_train"], labels["y_train"], splits["x_test"], labels["y_test"], scale, offset, path)


def write_npz(path: Path, arrays: Mapping[str, npt.NDArray[np.generic]]) -> None:
    """Write a compressed .npz that `load_dataset` reads, whose bytes depend on the arrays only (no time stamps)."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, array in arrays.items():
            buffer = io.BytesIO()
            np.save(buffer, array, allow_pickle=False)
            entry = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, buffer.getvalue(), compresslevel=9)


def _read(path: Path) -> dict[str, npt.NDArray[np.generic]]:
    if not path.is_file():
        raise DataError(f"{path}: there is no such data file; give an .npz with {', '.join(_REQUIRED)}")
    try:
        archive = np.load(path, allow_pickle=False)
        if isinstance(archive, np.ndarray):
            raise DataError(f"{path}: this is a single array; save the arrays together with numpy.savez")
        with archive:
            return {name: archive[name] for name in archive.files if name in (*_REQUIRED, *_SCALARS)}
    except (ValueError, OSError, EOFError, KeyError, zipfile.BadZipFile, zipfile.LargeZipFile) as error:
        pickled = "pickle" in str(error).lower() and zipfile.is_zipfile(path)
        reason = "it holds Python objects, which are not read" if pickled else "it is damaged or not an .npz file"
        raise DataError(f"{path}: {reason}; save plain numeric arrays with numpy.savez") from error


def _inputs(path: Path, name: str, array: npt.NDArray[Any]) -> npt.NDArray[np.generic]:
    if array.dtype.kind not in "fiub":
        raise DataError(f"{path}: {name} holds {array.dtype} values; it must hold numbers")
    if array.ndim < 2 or array.size == 0:
        raise DataError(f"{path}: {name} has the shape {_shape(array.shape)}; it must be [examples, ...] and not empty")
    if array.dtype.kind == "f":
        broken = int(array.size - np.count_nonzero(np.isfinite(array)))
        if broken:
            raise DataError(f"{path}: {name} holds {broken:,} values that are NaN or infinite; remove those examples")
    return np.asarray(array)


def _labels(path: Path, name: str, array: npt.NDArray[Any]) -> Labels:
    if array.ndim == 2 and array.shape[1] > 1 and array.dtype.kind in "fiub":
        one_hot = bool(np.all((array == 0) | (array == 1)) and np.all(array.sum(axis=1) == 1))
        if not one_hot:
            raise DataError(
                f"{path}: {name} has the shape {_shape(array.shape)} but no one-hot rows; give class numbers"
            )
        array = array.argmax(axis=1)
    if array.ndim == 2:
        array = array[:, 0]
    if array.ndim != 1 or array.size == 0 or array.dtype.kind not in "fiub":
        raise DataError(f"{path}: {name} has the shape {_shape(array.shape)} of {array.dtype}; give class numbers [N]")
    whole = array.dtype.kind != "f" or bool(np.all(np.isfinite(array)) and np.all(array == np.round(array)))
    if not whole:
        raise DataError(f"{path}: {name} holds fractions, NaN or infinity; it must hold class numbers 0, 1, 2, ...")
    return array.astype(np.int64)


def _scalar(path: Path, arrays: dict[str, npt.NDArray[Any]], name: str, default: float) -> float:
    if name not in arrays:
        return default
    value = arrays[name]
    if value.size != 1 or value.dtype.kind not in "fiu" or not np.isfinite(value).all():
        raise DataError(f"{path}: {name} must be one finite number, and has the shape {_shape(value.shape)}")
    number = float(value.reshape(()))
    if name == "scale" and number == 0.0:
        raise DataError(f"{path}: scale is 0, which makes every input the same; leave it out or give 1/255 for pixels")
    return number


def _shape(shape: tuple[int | None, ...]) -> str:
    return "[" + ", ".join("any" if n is None else str(n) for n in shape) + "]"
