"""Quantization-aware training: the model learns to live with int8 before it is converted."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from edgeprune.errors import ModelError, UnsupportedError, UserError
from edgeprune.models.dataset import Dataset
from edgeprune.models.loader import FloatModel
from edgeprune.progress import SILENT, Progress
from edgeprune.prune.pattern import job_folder
from edgeprune.prune.settings import Training
from edgeprune.quantize.calibration import Calibration
from edgeprune.quantize.convert import DEFAULT_SAMPLES, QuantizedModel, convert, convert_trained
from edgeprune.quantize.job import Scheme


@dataclass(frozen=True)
class AwareTraining:
    """Settings of quantization-aware training.

    Attributes:
        epochs: Passes over the training data.
        rate: Adam's learning rate at the start; the float model is fine already, so it is small.
        training: Batch size, distillation, augmentation and seed.
    """

    epochs: int = 5
    rate: float = 5e-4
    training: Training = field(default_factory=Training)

    def __post_init__(self) -> None:
        """Refuse settings that cannot work; raises UserError."""
        if self.epochs < 1:
            raise UserError(f"epochs = {self.epochs} of quantization-aware training are not possible; give at least 1")
        if not 0 < self.rate < math.inf:
            raise UserError(f"rate = {self.rate} is no learning rate; give a small positive number such as 0.0005")


def convert_aware(
    model: FloatModel,
    data: Dataset,
    settings: AwareTraining,
    out: Path,
    work_dir: Path,
    progress: Progress = SILENT,
    teacher: FloatModel | None = None,
    samples: int = DEFAULT_SAMPLES,
) -> QuantizedModel:
    """Train a copy of `model` with int8 rounding and convert it to an int8 .tflite.

    Weights that are zero stay zero and clusters of equal weights stay equal.  Where TF-MOT
    cannot train the model so, it is calibrated instead, and the result's note says why.

    Args:
        model: A trained classifier with one input; it is not changed.
        data: Its training split is trained on.
        settings: Epochs, rate and the rest.
        out: The file to write; it appears whole or not at all.
        work_dir: Checkpoints go into a folder of this job below it, from which a repeated call continues.
        progress: Receives the epochs.
        teacher: The float model to learn from; the model itself by default.
        samples: Training examples that calibrate where that is done instead.

    Raises:
        DataError, ModelError: The data does not fit, the model is no classifier with one input, or
            the converter failed on the model even without this training.
        TrainingDiverged: The loss became NaN or infinite; the checkpoints stay.
    """
    data.check_against(model.input_shape, model.classes)
    try:
        trained = _train(model, data, settings, work_dir, progress, teacher)
        content = convert_trained(model, trained, out)
        return QuantizedModel(out, Scheme.INT8, hashlib.sha256(content).hexdigest(), len(content))
    except (UnsupportedError, ModelError) as error:
        note = f"calibrated instead of trained with int8 rounding: {error}"
        return replace(convert(model, data, Scheme.INT8, out, samples), note=note)


def _train(
    model: FloatModel,
    data: Dataset,
    settings: AwareTraining,
    work_dir: Path,
    progress: Progress,
    teacher: FloatModel | None,
) -> Any:
    """The trained model in TF-MOT's wrappers; raises UnsupportedError where TF-MOT refuses."""
    from edgeprune.prune.training.batches import batches_for
    from edgeprune.prune.training.fit import fit
    from edgeprune.quantize.fake import fake_quantized, settle_ranges
    from edgeprune.quantize.ties import KeepTies, ties_of

    student = fake_quantized(model.model)
    settle_ranges(student, Calibration.of(model, data, settings.training.batch_size).inputs[0])
    batches = batches_for(teacher or model, data, settings.training)
    folder = job_folder(work_dir, "aware", model, data, settings, teacher)
    ties = KeepTies(ties_of(student))
    task, epochs, rate = "quantization-aware training", settings.epochs, settings.rate
    fit(task, student, batches, epochs, rate, folder, progress, [ties], keep_best=True)
    return student
