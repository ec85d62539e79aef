"""Unstructured magnitude pruning with TF-MOT: the smallest weights become zero, wherever they are.

The model keeps its shape, so it is faster only where a runtime uses scattered zeros,
and smaller only where the file is compressed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from edgeprune.errors import UserError, VerificationError
from edgeprune.models.dataset import Dataset
from edgeprune.models.functional import clone
from edgeprune.models.loader import FloatModel
from edgeprune.models.tensorflow import sparsity
from edgeprune.progress import SILENT, Progress
from edgeprune.prune.channels.cost import Cost
from edgeprune.prune.channels.groups import analyse
from edgeprune.prune.pattern import Pattern, job_folder
from edgeprune.prune.result import LayerReport, PruneReport, PruneResult
from edgeprune.prune.settings import Training
from edgeprune.prune.weights.zeros import kernel_zeros


@dataclass(frozen=True)
class UnstructuredPruning:
    """Settings of unstructured pruning.

    Attributes:
        sparsity: Share of zeros in every kernel that TF-MOT can mask, above 0 to below 1.
        updates: How often the masks are chosen anew on the way there.
        training: Epochs, learning rates, distillation and augmentation.
    """

    sparsity: float = 0.8
    updates: int = 20
    training: Training = field(default_factory=Training)

    def __post_init__(self) -> None:
        """Refuse settings that cannot work; raises UserError."""
        if not 0 < self.sparsity < 1:
            raise UserError(f"sparsity = {self.sparsity} is no share of zeros; give a number between 0 and 1, say 0.8")
        if self.updates < 1:
            raise UserError(f"updates = {self.updates} is not possible; give at least 1")


def prune_unstructured(
    model: FloatModel,
    data: Dataset,
    settings: UnstructuredPruning,
    work_dir: Path,
    progress: Progress = SILENT,
    teacher: FloatModel | None = None,
) -> PruneResult:
    """Zero the smallest weights step by step while the model trains with its dense self as the teacher.

    Args, checkpoints and errors are those of `prune_channels`, except that no channel goes.

    Raises:
        DataError: The data does not fit the model.
        ModelError: The model has no layer graph or is no classifier with one input.
        UserError: No layer has a kernel that TF-MOT can mask.
        TrainingDiverged: The loss became NaN or infinite.
        VerificationError: A kernel has fewer zeros than asked for.
    """
    data.check_against(model.input_shape, model.classes)
    from edgeprune.prune.training.batches import batches_for
    from edgeprune.prune.training.fit import fit
    from edgeprune.prune.wrappers import KernelPolicy, strip

    training = settings.training
    batches = batches_for(teacher or model, data, training)
    every, end = _plan(training.gradual_epochs * batches.per_epoch, settings.updates)
    tfmot = sparsity()
    schedule = tfmot.PolynomialDecay(0.0, settings.sparsity, begin_step=0, end_step=end, frequency=every)
    policy = KernelPolicy(frozenset(layer.name for layer in model.model.layers))
    wrapped = tfmot.prune_low_magnitude(clone(model.model), pruning_schedule=schedule, pruning_policy=policy)
    masked = tuple(layer.layer.name for layer in wrapped.layers if hasattr(layer, "pruning_vars"))
    if not masked:
        raise UserError(f"{model.source}: no layer has a kernel that TF-MOT can mask; choose another pruning method")
    folder = job_folder(work_dir, "unstructured", model, data, settings, teacher)
    epochs = training.gradual_epochs + training.recovery_epochs
    callbacks = [tfmot.UpdatePruningStep()]
    fit("prune weights", wrapped, batches, epochs, training.gradual_rate, folder, progress, callbacks)
    for layer in wrapped.layers:  # the last optimizer step has written to masked weights
        for weight, mask, _ in getattr(layer, "pruning_vars", ()):
            weight.assign(weight * mask)
    pruned = clone(strip(wrapped))
    for name in masked:
        kernels = [w for w in pruned.get_layer(name).get_weights() if w.ndim > 1]
        _check(name, kernel_zeros(pruned.get_layer(name)), settings.sparsity, max(k.size for k in kernels))
    report = _report(model, pruned)
    return PruneResult(FloatModel(pruned, f"{model.name}_unstructured", model.source), "unstructured", report)


def _plan(steps: int, updates: int) -> tuple[int, int]:
    """Steps between mask updates, and the last update's step, for a gradual phase of `steps` steps.

    TF-MOT misses its target where the last step is no multiple of the distance, so the end is moved.
    """
    every = max(1, steps // updates)
    return every, max(every, (steps - 1) // every * every)


def _check(name: str, zeros: float, wanted: float, size: int) -> None:
    """Compare a layer's share of zeros with the one asked for; rounding is allowed one weight per kernel."""
    if zeros + 1.0 / size < wanted - 0.005:
        raise VerificationError(
            f"layer {name!r} has {zeros:.1%} zeros where {wanted:.1%} were asked for, so the model is discarded; "
            "raise gradual_epochs so that the schedule can reach its end"
        )


def _report(model: FloatModel, pruned: object) -> PruneReport:
    structure = analyse(model.model)
    cost, everything = Cost.of(model.model, structure), structure.keep_all()
    layers = tuple(
        LayerReport(name, len(structure.layers[name].outputs), len(structure.layers[name].outputs), macs, macs)
        for name, macs in cost.layer_macs(everything).items()
    )
    parameters, macs = cost.parameters(everything), cost.macs(everything)
    return PruneReport((), layers, parameters, parameters, macs, macs, kernel_zeros(pruned), 0.0)


PATTERN = Pattern(
    "unstructured", "zero single weights: helps only runtimes that skip zeros", UnstructuredPruning, prune_unstructured
)
