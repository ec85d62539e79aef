"""A pruning job: one pattern, or several one after the other, from files or from models in memory."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from edgeprune.models.dataset import Dataset, load_dataset
from edgeprune.models.loader import FloatModel, load
from edgeprune.progress import SILENT, Progress
from edgeprune.prune.options import JOINT, Step, steps_of
from edgeprune.prune.result import LayerReport, PruneReport, PruneResult


def prune(
    model: FloatModel | Path | str,
    data: Dataset | Path | str,
    method: str = "channel",
    *,
    work_dir: Path | None = None,
    progress: Progress = SILENT,
    **settings: Any,
) -> PruneResult:
    """Prune a trained Keras classifier and train away what that cost.

    An example::

        result = edgeprune.prune("model.keras", "data.npz", method="channel+n:m", macs_ratio=2, pattern="2:4")
        edgeprune.save_model(result.model, Path("small.keras"))

    Args:
        model: A model, or its file; it is not changed.
        data: The data set, or its .npz.
        method: Names of patterns (`edgeprune methods` lists them), joined by `+` where one is to follow the other.
        work_dir: Where checkpoints lie: the same job with the same folder continues after an
            interruption.  None keeps them only while the job runs.
        progress: Receives every longer step.
        settings: Settings of the patterns by name, nested ones as mappings.

    Raises:
        UserError: A method or setting is unknown or cannot work, or model and data do not fit.
        TrainingDiverged: The loss became NaN or infinite.
        VerificationError: The pruned model does not compute what it was shown to compute.
    """
    source = load(model) if isinstance(model, (str, Path)) else model
    dataset = load_dataset(data) if isinstance(data, (str, Path)) else data
    steps = steps_of(method, settings, "edgeprune.prune")
    if work_dir is not None:
        return run_steps(source, dataset, steps, work_dir, progress)
    with tempfile.TemporaryDirectory(prefix="edgeprune-") as folder:
        return run_steps(source, dataset, steps, Path(folder), progress)


def run_steps(
    model: FloatModel, data: Dataset, steps: Sequence[Step], work_dir: Path, progress: Progress = SILENT
) -> PruneResult:
    """Apply the patterns in order; from the second on, the model as it was first trained is the teacher.

    Args, checkpoints and errors are those of `prune`.
    """
    first, *rest = steps
    result = first.pattern.run(model, data, first.settings, work_dir, progress, None)
    teacher = result.model if first.pattern.trains_anew else model
    result = replace(result, teacher=teacher)
    for step in rest:
        following = step.pattern.run(result.model, data, step.settings, work_dir, progress, teacher)
        teacher = following.model if step.pattern.trains_anew else teacher
        method = JOINT.join((result.method, following.method))
        result = PruneResult(following.model, method, _both(result.report, following.report), teacher)
    return result if len(steps) == 1 else replace(result, model=_named(result, model))


def _named(result: PruneResult, dense: FloatModel) -> FloatModel:
    suffix = "".join(c if c.isalnum() else "_" for c in result.method)
    return replace(result.model, name=f"{dense.name}_{suffix}")


def _both(first: PruneReport, second: PruneReport) -> PruneReport:
    """The account of two prunings as if they had been one."""
    earlier = {layer.name: layer for layer in first.layers}
    return PruneReport(
        groups=first.groups or second.groups,
        layers=tuple(_layer(earlier.get(layer.name, layer), layer) for layer in second.layers),
        parameters_before=first.parameters_before,
        parameters_after=second.parameters_after,
        macs_before=first.macs_before,
        macs_after=second.macs_after,
        zeros=second.zeros,
        difference=max(first.difference, second.difference),
        kernels=(*first.kernels, *second.kernels),
    )


def _layer(before: LayerReport, after: LayerReport) -> LayerReport:
    return replace(after, channels_before=before.channels_before, macs_before=before.macs_before)
