"""Weight clustering: the weights of each kernel share few values, which makes the compressed file small.

TF-MOT's own clustering compares every weight with every value at each training step, moves
weights that were zero unless told the model is sparse, and then zeroes others with them; so
only its idea is used here: clusters are found once, and training moves their values.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from edgeprune.errors import VerificationError
from edgeprune.models.dataset import Dataset
from edgeprune.models.functional import clone
from edgeprune.models.loader import FloatModel
from edgeprune.progress import SILENT, Progress
from edgeprune.prune.pattern import Pattern, job_folder
from edgeprune.prune.policy import LayerRules
from edgeprune.prune.result import KernelReport, PruneResult
from edgeprune.prune.settings import Training
from edgeprune.prune.weights.kernels import Kernel, find_kernels, kernels_with_zeros
from edgeprune.prune.weights.run import weights_report
from edgeprune.prune.weights.sharing import Sharing, Start, check_clusters, shared


@dataclass(frozen=True)
class Clustering:
    """Settings of weight clustering.

    Attributes:
        clusters: Different values of a kernel at most, zero among them where the kernel has zeros.
        init: Where k-means begins: `linear` (evenly from the smallest weight to the largest),
            `density` (at equal shares of the weights) or `kmeans++`.
        training: Fine-tuning of the values: the recovery epochs and their rate; there is no gradual phase.
        layers: By pattern of layer names, `skip` or the layers' own number of values.  Without a
            rule all kernels are clustered, the first and the last layer's too, except depthwise ones.
    """

    clusters: int = 32
    init: Start = Start.LINEAR
    training: Training = field(default_factory=Training)
    layers: LayerRules = ()

    def __post_init__(self) -> None:
        """Refuse settings that cannot work; raises UserError."""
        check_clusters("clusters", self.clusters)


def cluster_weights(
    model: FloatModel,
    data: Dataset,
    settings: Clustering,
    work_dir: Path,
    progress: Progress = SILENT,
    teacher: FloatModel | None = None,
) -> PruneResult:
    """Find shared values by k-means and fine-tune them; zeros stay exactly zero.

    Args:
        model: A trained classifier with one input; it is not changed.
        data: Its training split is trained on, with the model itself as the teacher.
        settings: Number of values and training.
        work_dir: Checkpoints go into a folder of this job below it; run the same job with the
            same folder again to continue after an interruption.
        progress: Receives the epochs.
        teacher: The model to learn from where that is not the model itself.

    Raises:
        DataError: The data does not fit the model.
        ModelError: The model has no layer graph or is no classifier with one input.
        UserError: No layer has a kernel, or a layer's rule matches nothing or has a wrong value.
        TrainingDiverged: The loss became NaN or infinite.
        VerificationError: A kernel has more values than asked for, or lost a zero.
    """
    data.check_against(model.input_shape, model.classes)
    training = settings.training
    kernels = find_kernels(model.model, Sharing(settings.clusters, settings.init, training.seed), settings.layers)
    numbers = [kernel.rule.assign(kernel.value(model.model)) for kernel in kernels]
    student = clone(model.model)
    for kernel, number in zip(kernels, numbers, strict=True):
        layer = student.get_layer(kernel.layer)
        weights = layer.get_weights()
        weights[kernel.weight] = shared(weights[kernel.weight], number)
        layer.set_weights(weights)
    from edgeprune.prune.training.batches import batches_for
    from edgeprune.prune.training.fit import fit
    from edgeprune.prune.training.recalibrate import recalibrate
    from edgeprune.prune.weights.shared_training import SharedValues

    batches = batches_for(teacher or model, data, training)
    recalibrate(student, batches)
    if training.recovery_epochs:
        folder = job_folder(work_dir, "cluster", model, data, settings, teacher)
        clustered = {(kernel.layer, kernel.weight) for kernel in kernels}
        others = {key: alive for key, alive in kernels_with_zeros(model.model).items() if key not in clustered}
        values = SharedValues(kernels, numbers, others)
        epochs, rate = training.recovery_epochs, training.recovery_rate
        fit("fine-tune shared values", student, batches, epochs, rate, folder, progress, [values], keep_best=True)
    result = model.derived(student, f"{model.name}_cluster")
    return PruneResult(result, "cluster", weights_report(model, student, _account(kernels, model.model, student)))


def _account(kernels: Sequence[Kernel[Sharing]], dense: Any, clustered: Any) -> tuple[KernelReport, ...]:
    """Zeros and values of each kernel; raises VerificationError where they are not as promised."""
    reports = []
    for kernel in kernels:
        before, value = kernel.value(dense), kernel.value(clustered)
        values, zeros = len(np.unique(value)), float(np.mean(value == 0))
        if values > kernel.rule.clusters or np.any(value[before == 0]):
            raise VerificationError(
                f"layer {kernel.layer!r} has {values} values and {zeros:.1%} zeros where at most "
                f"{kernel.rule.clusters} values and at least {np.mean(before == 0):.1%} zeros must be, so the model is "
                "discarded; remove the job's checkpoints and run again"
            )
        reports.append(KernelReport(kernel.layer, kernel.rule.label, zeros, values))
    return tuple(reports)


PATTERN = Pattern(
    "cluster", "let weights share few values: a smaller download, the same speed", Clustering, cluster_weights
)
