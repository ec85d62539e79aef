"""Real values to a model's input type and back; input and output files."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edgeprune.errors import DataError
from edgeprune.graph import Tensor
from edgeprune.staging import staged_file

Array = npt.NDArray[np.generic]


def to_input(values: npt.NDArray[np.float32], tensor: Tensor) -> Array:
    """Real values [...] in the tensor's type, rounded half away from zero and saturated."""
    if tensor.quantization is None or np.issubdtype(tensor.dtype.numpy, np.floating):
        return values.astype(tensor.dtype.numpy)
    steps = values / np.float32(tensor.quantization.scale)
    rounded = np.copysign(np.floor(np.abs(steps) + np.float32(0.5)), steps) + tensor.quantization.zero_point
    bounds = np.iinfo(tensor.dtype.numpy.name)
    return np.clip(rounded, bounds.min, bounds.max).astype(tensor.dtype.numpy)


def to_real(values: Array, tensor: Tensor) -> npt.NDArray[np.float32]:
    """A tensor's stored values as real float32 values."""
    if tensor.quantization is None or np.issubdtype(tensor.dtype.numpy, np.floating):
        return values.astype(np.float32)
    return (values.astype(np.float32) - tensor.quantization.zero_point) * np.float32(tensor.quantization.scale)


@dataclass(frozen=True, eq=False)
class InputBatch:
    """Inputs for N inferences: one array [N, ...] per model input, in the model's order."""

    arrays: tuple[Array, ...]

    def __len__(self) -> int:
        return len(self.arrays[0])

    def sample(self, index: int) -> tuple[Array, ...]:
        """The inputs of one inference."""
        return tuple(array[index] for array in self.arrays)


def load_inputs(path: Path, tensors: tuple[Tensor, ...]) -> InputBatch:
    """Read `input_0`, `input_1`, ... of shape [N, ...] in the model's input types.

    [N, ...] is the model's input shape with N in place of its batch of 1, or in front of it.

    Raises:
        DataError: an array is missing, or its shape or type does not fit the model.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except (OSError, ValueError, EOFError, KeyError, TypeError, zipfile.BadZipFile):
        raise DataError(f"{path}: cannot be read as an .npz; save input_0, ... with numpy.savez") from None
    batch = []
    for index, tensor in enumerate(tensors):
        name = f"input_{index}"
        if name not in arrays:
            raise DataError(f"{path}: the array {name!r} is missing; it has {', '.join(sorted(arrays)) or 'none'}")
        batch.append(_fitted(path, name, arrays[name], tensor))
    if len({len(array) for array in batch}) != 1 or len(batch[0]) == 0:
        raise DataError(f"{path}: the arrays hold {[len(a) for a in batch]} inputs; give equally many, at least one")
    return InputBatch(tuple(batch))


def _fitted(path: Path, name: str, array: Array, tensor: Tensor) -> Array:
    if array.dtype != tensor.dtype.numpy:
        raise DataError(f"{path}: {name} holds {array.dtype}, and the model takes {tensor.dtype.value}")
    shapes = {tensor.shape, tensor.shape[1:]} if tensor.shape[:1] == (1,) else {tensor.shape}
    if array.ndim == 0 or array.shape[1:] not in shapes:
        wanted = ", ".join(str(extent) for extent in tensor.shape[1:])
        raise DataError(f"{path}: {name} has the shape {list(array.shape)}, and the model takes [N, {wanted}]")
    return np.ascontiguousarray(array.reshape(len(array), *tensor.shape))


def random_batch(tensors: tuple[Tensor, ...], count: int, seed: int = 0) -> InputBatch:
    """Random inputs over the whole range of integer types, standard normal for floats."""
    generator = np.random.default_rng(seed)

    def draw(tensor: Tensor) -> Array:
        shape, dtype = (count, *tensor.shape), tensor.dtype.numpy
        if np.issubdtype(dtype, np.floating):
            return generator.standard_normal(shape).astype(dtype)
        if dtype == np.bool_:
            return generator.integers(0, 1, shape, endpoint=True).astype(dtype)
        bounds = np.iinfo(dtype.name)
        return generator.integers(bounds.min, bounds.max, shape, endpoint=True).astype(dtype)

    return InputBatch(tuple(draw(tensor) for tensor in tensors))


def save_outputs(path: Path, outputs: tuple[Array, ...]) -> None:
    """Write `output_0`, ... of shape [N, ...]; raises UserError when that is impossible."""
    with staged_file(path) as stage, stage.open("wb") as stream:
        np.savez(stream, **{f"output_{index}": array for index, array in enumerate(outputs)})
