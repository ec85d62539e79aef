"""Device output against TFLite's reference kernels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgeprune.errors import ValidationMismatch
from edgeprune.measure.arrays import Array, InputBatch
from edgeprune.measure.reference import ReferenceModel
from edgeprune.progress import SILENT, Progress


@dataclass(frozen=True)
class Validation:
    """How far a device's outputs agree with the reference kernels'.

    Attributes:
        inputs: Inferences compared.
        exact: Those whose output bytes are all equal.
        values: Output values compared.
        differing: Those that differ.
        max_error: Largest absolute difference in steps of the output's type, or in
            its real unit for float outputs.
    """

    inputs: int
    exact: int
    values: int
    differing: int
    max_error: float

    @property
    def exact_share(self) -> float:
        """Share of inferences that agree bit by bit, 0 to 1."""
        return self.exact / self.inputs

    def require_exact(self, what: str) -> None:
        """Raise ValidationMismatch unless every byte agrees."""
        if self.exact != self.inputs:
            raise ValidationMismatch(
                f"{what}: {self.inputs - self.exact} of {self.inputs} outputs differ from the reference kernels "
                f"(largest error {self.max_error:g}); build the folder again, and report it if that does not help"
            )


def reference_outputs(content: bytes, inputs: InputBatch, progress: Progress = SILENT) -> tuple[Array, ...]:
    """Outputs of the reference kernels: one array [N, ...] per model output.

    Args:
        content: Bytes of the .tflite file.
        inputs: In the model's input types.
        progress: Advances by one per inference.

    Raises:
        ModelError: TensorFlow Lite cannot run the model.
    """
    model = ReferenceModel(content)
    progress.start("reference kernels", len(inputs))
    rows = []
    for number in range(len(inputs)):
        rows.append(model.run(inputs.sample(number)))
        progress.advance()
    progress.finish()
    return tuple(np.stack(column) for column in zip(*rows, strict=True))


def compare(outputs: tuple[Array, ...], reference: tuple[Array, ...]) -> Validation:
    """Compare outputs [N, ...] with the reference's, bit by bit."""
    inputs = len(outputs[0])
    same = np.ones(inputs, bool)
    values = differing = 0
    error = 0.0
    for got, want in zip(outputs, reference, strict=True):
        unequal = (got != want) & ~(_not_a_number(got) & _not_a_number(want))
        same &= ~unequal.reshape(inputs, -1).any(axis=1)
        values += got.size
        differing += int(unequal.sum())
        if unequal.any():
            error = max(error, float(np.abs(got.astype(np.float64) - want.astype(np.float64))[unequal].max()))
    return Validation(inputs, int(same.sum()), values, differing, error)


def _not_a_number(array: Array) -> np.typing.NDArray[np.bool_]:
    if np.issubdtype(array.dtype, np.floating):
        return np.isnan(array.astype(np.float64))
    return np.zeros(array.shape, bool)
