"""The job that all patterns of zeros among single weights share."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from edgeprune.errors import UserError, VerificationError
from edgeprune.models.dataset import Dataset
from edgeprune.models.functional import clone
from edgeprune.models.loader import FloatModel
from edgeprune.progress import Progress
from edgeprune.prune.channels.cost import Cost
from edgeprune.prune.channels.groups import analyse
from edgeprune.prune.pattern import job_folder
from edgeprune.prune.policy import LayerRules
from edgeprune.prune.result import KernelReport, LayerReport, PruneReport, PruneResult
from edgeprune.prune.settings import Training
from edgeprune.prune.weights.kernels import Kernel, find_kernels, kernels_with_zeros
from edgeprune.prune.weights.rules import MaskRule
from edgeprune.prune.weights.zeros import kernel_zeros

if TYPE_CHECKING:
    from edgeprune.prune.training.batches import Batches


class GradualSettings(Protocol):
    """What the settings of every pattern of zeros have."""

    @property
    def updates(self) -> int:
        """How often the masks are chosen anew on the way there."""

    @property
    def layers(self) -> LayerRules:
        """Rules by layer name."""

    @property
    def training(self) -> Training:
        """Epochs, learning rates, distillation and augmentation."""


def check_updates(updates: int) -> None:
    """Raises UserError where masks would never be chosen."""
    if updates < 1:
        raise UserError(f"updates = {updates} is not possible; give at least 1")


def prune_kernels(
    method: str,
    rule: MaskRule,
    model: FloatModel,
    data: Dataset,
    settings: GradualSettings,
    work_dir: Path,
    progress: Progress,
    teacher: FloatModel | None,
) -> PruneResult:
    """Zero weights by `rule` step by step while the model trains, then fine-tune with the zeros in place.

    Args:
        method: The pattern's name, for folders and reports.
        rule: The pattern where no layer's rule says otherwise.
        model: A trained classifier with one input; it is not changed.
        data: Its training split is trained on, with the model itself as the teacher.
        settings: The pattern's settings.
        work_dir: Checkpoints go into a folder of this job below it; run the same job with the
            same folder again to continue after an interruption.
        progress: Receives the epochs of both phases.
        teacher: The model to learn from where that is not the model itself.

    Raises:
        DataError: The data does not fit the model.
        ModelError: The model has no layer graph or is no classifier with one input.
        UserError: No kernel can be pruned, or a layer's rule matches nothing or has a wrong value.
        TrainingDiverged: The loss became NaN or infinite.
        VerificationError: A kernel has fewer zeros than asked for.
    """
    data.check_against(model.input_shape, model.classes)
    kernels = find_kernels(model.model, rule, settings.layers)
    from edgeprune.prune.training.batches import batches_for

    batches = batches_for(teacher or model, data, settings.training)
    folder = job_folder(work_dir, method.replace(":", "_of_"), model, data, settings, teacher)
    pruned = _train(kernels, model.model, batches, settings, folder, progress)
    for kernel in kernels:
        _check(kernel, pruned)
    suffix = method.replace(":", "_of_")
    result = model.derived(pruned, f"{model.name}_{suffix}")
    return PruneResult(result, method, weights_report(model, pruned, _account(kernels, pruned)))


def _train(
    kernels: Sequence[Kernel[MaskRule]],
    model: Any,
    batches: Batches,
    settings: GradualSettings,
    folder: Path,
    progress: Progress,
) -> Any:
    """The pruned and fine-tuned copy of a tf-keras model."""
    from edgeprune.prune.training.fit import fit
    from edgeprune.prune.weights.gradual import GradualMasks
    from edgeprune.prune.wrappers import HeldMasks, strip, wrap

    training = settings.training
    epochs, recovery = training.gradual_epochs, training.recovery_epochs
    pruned = [(kernel.layer, kernel.weight) for kernel in kernels]
    wrapped = wrap(model, sorted({*pruned, *kernels_with_zeros(model)}))
    masks = GradualMasks(kernels, model, epochs * batches.per_epoch, settings.updates)
    fit("prune weights", wrapped, batches, epochs, training.gradual_rate, folder / "gradual", progress, [masks])
    if recovery:
        rate = training.recovery_rate
        fit("fine-tune", wrapped, batches, recovery, rate, folder / "recovery", progress, [HeldMasks()], keep_best=True)
    return clone(strip(wrapped))


def _check(kernel: Kernel[MaskRule], pruned: Any) -> None:
    """The pattern must be there, whatever happened in training."""
    value = kernel.value(pruned)
    found, wanted = kernel.zeros(value), kernel.wanted(value)
    if found < wanted - 1e-6:  # both are quotients of counts
        raise VerificationError(
            f"layer {kernel.layer!r} has {found:.1%} zeros in the pattern {kernel.rule.label} where {wanted:.1%} were "
            "asked for, so the model is discarded; remove the job's checkpoints and run again"
        )


def _account(kernels: Sequence[Kernel[MaskRule]], pruned: Any) -> tuple[KernelReport, ...]:
    values = [(kernel, kernel.value(pruned)) for kernel in kernels]
    return tuple(KernelReport(k.layer, k.rule.label, k.zeros(v), len(np.unique(v))) for k, v in values)


def weights_report(model: FloatModel, pruned: Any, kernels: tuple[KernelReport, ...]) -> PruneReport:
    """The account of a pattern that leaves every layer's shape as it was."""
    structure = analyse(model.model)
    cost, everything = Cost.of(model.model, structure), structure.keep_all()
    layers = tuple(
        LayerReport(name, len(structure.layers[name].outputs), len(structure.layers[name].outputs), macs, macs)
        for name, macs in cost.layer_macs(everything).items()
    )
    parameters, macs = cost.parameters(everything), cost.macs(everything)
    return PruneReport((), layers, parameters, parameters, macs, macs, kernel_zeros(pruned), 0.0, kernels)
