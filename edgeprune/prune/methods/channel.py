"""Channel pruning: whole channels go, and the model that is left is simply smaller.

The one pattern that is faster everywhere, because no runtime has to know about it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeprune.errors import UserError
from edgeprune.models.dataset import Dataset
from edgeprune.models.loader import FloatModel
from edgeprune.progress import SILENT, Progress
from edgeprune.prune.channels.cost import Cost
from edgeprune.prune.channels.groups import analyse
from edgeprune.prune.channels.importance import GroupSizes, Norm, sizes_for_fraction, sizes_for_macs
from edgeprune.prune.channels.structure import Keep, Structure, kept_size
from edgeprune.prune.channels.surgery import shrink
from edgeprune.prune.channels.verify import verify_removal
from edgeprune.prune.pattern import Pattern, job_folder
from edgeprune.prune.result import GroupReport, LayerReport, PruneReport, PruneResult
from edgeprune.prune.settings import Training
from edgeprune.prune.weights.zeros import kernel_zeros

if TYPE_CHECKING:
    from edgeprune.prune.training.batches import Batches

_DEFAULT_RATIO = 2.0


@dataclass(frozen=True)
class ChannelPruning:
    """Settings of channel pruning; the budget is `macs_ratio` or `fraction`, not both.

    Attributes:
        macs_ratio: How many times fewer multiply-accumulates; 2 where no budget is given.
        fraction: Share of the channels to remove from every removable group, 0 to below 1.
        norm: Norm of a channel's weights that ranks it within its group.
        multiple: Channels are kept in multiples of this where a group is large enough.
        training: Epochs, learning rates, distillation and augmentation.
    """

    macs_ratio: float | None = None
    fraction: float | None = None
    norm: Norm = Norm.L1
    multiple: int = 4
    training: Training = field(default_factory=Training)

    def __post_init__(self) -> None:
        """Refuse settings that cannot work; raises UserError."""
        if self.macs_ratio is not None and self.fraction is not None:
            raise UserError("macs_ratio and fraction both set the budget of channel pruning; give one of them")
        if self.macs_ratio is not None and not 1 <= self.macs_ratio < math.inf:
            raise UserError(f"macs_ratio = {self.macs_ratio} would not make the model smaller; give a number above 1")
        if self.fraction is not None and not 0 <= self.fraction < 1:
            raise UserError(f"fraction = {self.fraction} is no share of the channels; give a number from 0 to below 1")
        if self.multiple < 1:
            raise UserError(f"multiple = {self.multiple} is not possible; give 1 or more, 4 suits SIMD kernels")


def prune_channels(
    model: FloatModel,
    data: Dataset,
    settings: ChannelPruning,
    work_dir: Path,
    progress: Progress = SILENT,
    teacher: FloatModel | None = None,
) -> PruneResult:
    """Prune channels gradually with TF-MOT, remove them, prove the removal exact, and fine-tune.

    Args:
        model: A trained classifier with one input; it is not changed.
        data: Its training split is trained on, with the model itself as the teacher.
        settings: Budget and training.
        work_dir: Checkpoints go into a folder of this job below it; run the same job with the
            same folder again to continue after an interruption.
        progress: Receives the epochs of both phases.
        teacher: The model to learn from where that is not the model itself.

    Raises:
        DataError: The data does not fit the model.
        ModelError: The model has no layer graph or is no classifier with one input.
        UserError: No channel may be removed, or the budget is out of reach.
        TrainingDiverged: The loss became NaN or infinite.
        VerificationError: The shrunk model does not compute what the masked model computed.
    """
    data.check_against(model.input_shape, model.classes)
    from edgeprune.prune.training.batches import batches_for
    from edgeprune.prune.training.fit import fit

    structure = analyse(model.model)
    cost = Cost.of(model.model, structure)
    sizes = _sizes(model, structure, cost, settings)
    folder = job_folder(work_dir, "channel", model, data, settings, teacher)
    batches = batches_for(teacher or model, data, settings.training)
    masked, keep = _mask_gradually(model, structure, sizes.sizes, settings, batches, folder, progress)
    small = shrink(masked, structure, keep)
    difference = verify_removal(masked, small)
    if settings.training.recovery_epochs:
        training = settings.training
        epochs, rate = training.recovery_epochs, training.recovery_rate
        fit("fine-tune", small, batches, epochs, rate, folder / "recovery", progress)
    pruned = FloatModel(small, f"{model.name}_channel", model.source)
    return PruneResult(pruned, "channel", _report(structure, cost, keep, small, difference))


def _sizes(model: FloatModel, structure: Structure, cost: Cost, settings: ChannelPruning) -> GroupSizes:
    if not structure.removable:
        first = next((f"{g.name}: {g.kept_because[0]}" for g in structure.groups), "it has no layers with channels")
        raise UserError(f"{model.source}: no channel can be removed ({first}); choose another pruning method")
    if settings.fraction is not None:
        return GroupSizes(sizes_for_fraction(structure, settings.fraction, settings.multiple), settings.fraction)
    return sizes_for_macs(structure, cost, settings.macs_ratio or _DEFAULT_RATIO, settings.multiple)


def _mask_gradually(
    model: FloatModel,
    structure: Structure,
    sizes: tuple[int, ...],
    settings: ChannelPruning,
    batches: Batches,
    folder: Path,
    progress: Progress,
) -> tuple[Any, Keep]:
    """Train with growing group masks; returns the masked model and what stays."""
    from edgeprune.prune.channels.masks import GroupMasks, wrap
    from edgeprune.prune.training.fit import fit
    from edgeprune.prune.wrappers import strip

    wrapped = wrap(model.model, structure)
    epochs = settings.training.gradual_epochs
    masks = GroupMasks(structure, sizes, settings.norm, epochs * batches.per_epoch)
    rate = settings.training.gradual_rate
    fit("prune channels", wrapped, batches, epochs, rate, folder / "gradual", progress, [masks])
    return strip(wrapped), masks.keep


def _report(structure: Structure, cost: Cost, keep: Keep, small: Any, difference: float) -> PruneReport:
    everything = structure.keep_all()
    groups = tuple(
        GroupReport(group.name, group.size, int(np.count_nonzero(keep[group.channels])), group.kept_because)
        for group in structure.groups
    )
    before, after = cost.layer_macs(everything), cost.layer_macs(keep)
    layers = tuple(
        LayerReport(
            name,
            len(structure.layers[name].outputs),
            kept_size(structure.layers[name].outputs, 0, keep),
            before[name],
            after[name],
        )
        for name in before
    )
    return PruneReport(
        groups,
        layers,
        cost.parameters(everything),
        cost.parameters(keep),
        cost.macs(everything),
        cost.macs(keep),
        kernel_zeros(small),
        difference,
    )


PATTERN = Pattern(
    "channel", "remove whole channels: smaller and faster on every target", ChannelPruning, prune_channels
)
