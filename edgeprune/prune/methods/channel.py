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
from edgeprune.prune.channels.allocation import Allocation, Rounding, allocate, for_fraction, limit
from edgeprune.prune.channels.budget import Budget
from edgeprune.prune.channels.cost import Cost
from edgeprune.prune.channels.groups import analyse
from edgeprune.prune.channels.importance import Evidence, Importance, Scores, channel_importance
from edgeprune.prune.channels.quantities import Quantity, measure
from edgeprune.prune.channels.schedule import Schedule, Timing
from edgeprune.prune.channels.structure import Keep, Structure, kept_size
from edgeprune.prune.channels.surgery import shrink
from edgeprune.prune.channels.verify import verify_removal
from edgeprune.prune.pattern import Pattern, job_folder
from edgeprune.prune.policy import LayerRule, LayerRules, settings_by_layer
from edgeprune.prune.result import GroupReport, LayerReport, PruneReport, PruneResult
from edgeprune.prune.settings import Training
from edgeprune.prune.weights.zeros import kernel_zeros
from edgeprune.targets import Extension, McuTarget, load_target

if TYPE_CHECKING:
    from edgeprune.prune.training.batches import Batches

_DEFAULT = Budget(Quantity.MACS, ratio=2.0)
_SIMD = 4  # int8 values in a 32-bit register


@dataclass(frozen=True)
class ChannelPruning:
    """Settings of channel pruning.

    Attributes:
        budget: Limits that must all hold, as QUANTITY/RATIO or QUANTITY=AMOUNT: `macs/2.5`, `cycles/3`,
            `sram=32KiB`, `flash=100KB`, `parameters/4`, `channels/2`.  Flash, SRAM and cycles are
            estimates of the int8 firmware.  `macs/2` where nothing else is given.
        macs_ratio: Short for `macs/RATIO`.
        fraction: Share of the channels to remove from every removable group, 0 to below 1; instead of a budget.
        allocation: How the loss is spread over the layers: uniform, global, or cost, which takes most where
            most is saved: of the target's cycles, or of the budget's quantity without a target.
        importance: Which channels of a layer go: l1, l2, gamma, fpgm, taylor or random.
        schedule: one-shot, gradual or iterative.
        rounds: Of the iterative schedule.
        target: Microcontroller profile that cycles and the SIMD width come from.
        multiple: Channels are kept in multiples of this where a group is large enough; the target's
            SIMD width where it is not given.
        minimum: Channels that every group keeps at least.
        layers: By pattern of layer names, `skip` or the share of that layer's channels to remove.
        training: Epochs, learning rates, distillation and augmentation.
    """

    budget: tuple[str, ...] = ()
    macs_ratio: float | None = None
    fraction: float | None = None
    allocation: Allocation = Allocation.UNIFORM
    importance: Importance = Importance.L1
    schedule: Timing = Timing.GRADUAL
    rounds: int = 5
    target: str | None = None
    multiple: int | None = None
    minimum: int = 1
    layers: LayerRules = ()
    training: Training = field(default_factory=Training)

    def __post_init__(self) -> None:
        """Refuse settings that cannot work; raises UserError."""
        if self.fraction is not None and (self.macs_ratio is not None or self.budget):
            raise UserError("fraction sets what goes, and so does a budget or macs_ratio; give one of them")
        if self.macs_ratio is not None and not 1 <= self.macs_ratio < math.inf:
            raise UserError(f"macs_ratio = {self.macs_ratio} would not make the model smaller; give a number above 1")
        if self.fraction is not None and not 0 <= self.fraction < 1:
            raise UserError(f"fraction = {self.fraction} is no share of the channels; give a number from 0 to below 1")
        if self.fraction is not None and self.allocation is not Allocation.UNIFORM:
            raise UserError("fraction takes the same share of every group; give a budget such as channels/2 to rank")
        for name, value in (("multiple", self.multiple), ("minimum", self.minimum), ("rounds", self.rounds)):
            if value is not None and value < 1:
                raise UserError(f"{name} = {value} is not possible; give 1 or more")
        self.budgets()

    def budgets(self) -> tuple[Budget, ...]:
        """The limits; raises UserError for a text that is none."""
        given = tuple(Budget.parse(text) for text in self.budget)
        if self.macs_ratio is not None:
            given += (Budget(Quantity.MACS, ratio=self.macs_ratio),)
        return given or (_DEFAULT,)


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
    from edgeprune.prune.training.recalibrate import recalibrate

    structure = analyse(model.model)
    cost = Cost.of(model.model, structure)
    folder = job_folder(work_dir, "channel", model, data, settings, teacher)
    batches = batches_for(teacher or model, data, settings.training)
    sizes = _sizes(model, structure, settings, batches)
    masked, keep = _mask_gradually(model, structure, sizes, settings, batches, folder, progress)
    small = shrink(masked, structure, keep)
    difference = verify_removal(masked, small)
    recalibrate(small, batches)
    if settings.training.recovery_epochs:
        training = settings.training
        epochs, rate = training.recovery_epochs, training.recovery_rate
        fit("fine-tune", small, batches, epochs, rate, folder / "recovery", progress, keep_best=True)
    pruned = model.derived(small, f"{model.name}_channel")
    return PruneResult(pruned, "channel", _report(structure, cost, keep, small, difference))


def _sizes(model: FloatModel, structure: Structure, settings: ChannelPruning, batches: Batches) -> tuple[int, ...]:
    """Channels that stay in each removable group."""
    groups = structure.removable
    if not groups:
        first = next((f"{g.name}: {g.kept_because[0]}" for g in structure.groups), "it has no layers with channels")
        raise UserError(f"{model.source}: no channel can be removed ({first}); choose another pruning method")
    rounding = Rounding(_multiple(settings), settings.minimum, _decided(model, structure, settings))
    if settings.fraction is not None:
        return for_fraction(groups, settings.fraction, rounding)
    limits = [
        limit(budget, measure(budget.quantity, model.model, structure, settings.target), groups)
        for budget in settings.budgets()
    ]
    saving = limits[0].measure
    if settings.allocation is Allocation.COST and settings.target is not None:
        saving = measure(Quantity.CYCLES, model.model, structure, settings.target)
    scores: list[Scores] = []
    if settings.allocation is not Allocation.UNIFORM:
        evidence = _dense_evidence(model, settings, batches)
        scores = [channel_importance(group, structure, evidence, settings.importance) for group in groups]
    return allocate(groups, limits, settings.allocation, scores, saving, rounding)


def _multiple(settings: ChannelPruning) -> int:
    """The given one, else how many int8 values the target's registers hold."""
    if settings.multiple is not None:
        return settings.multiple
    target = load_target(settings.target) if settings.target is not None else None
    helium = isinstance(target, McuTarget) and Extension.HELIUM in target.cpu.extensions
    return 4 * _SIMD if helium else _SIMD


def _decided(model: FloatModel, structure: Structure, settings: ChannelPruning) -> dict[int, int]:
    """Channels of the groups that rules by layer name decide, by number of the group."""
    names = [layer.name for layer in structure.layers.values() if layer.produces]
    rules = settings_by_layer(settings.layers, names)
    decided: dict[int, int] = {}
    for number, group in enumerate(structure.removable):
        for name in group.producers:
            if name in rules:
                share = 0.0 if rules[name].skips else _share(rules[name])
                size = max(settings.minimum, round(group.size * (1.0 - share)))
                decided[number] = max(size, decided.get(number, 0))
    return decided


def _share(rule: LayerRule) -> float:
    if not isinstance(rule.value, (int, float)) or not 0 <= rule.value < 1:
        raise UserError(
            f"layers.{rule.pattern} = {rule.value} is no share of the channels; give 'skip' or a number from 0 to "
            "below 1"
        )
    return float(rule.value)


def _dense_evidence(model: FloatModel, settings: ChannelPruning, batches: Batches) -> Evidence:
    """What the dense model's channels are judged by."""
    if settings.importance is not Importance.TAYLOR:
        return Evidence.of(model.model.layers, settings.training.seed)
    from edgeprune.prune.channels.masks import loss_gradients

    gradients = loss_gradients(model.model, model.model.layers, batches)
    return Evidence.of(model.model.layers, settings.training.seed, gradients)


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
    from edgeprune.prune.channels.masks import GroupMasks, wrap_channels
    from edgeprune.prune.training.fit import fit
    from edgeprune.prune.wrappers import strip

    wrapped = wrap_channels(model.model, structure)
    epochs = settings.training.gradual_epochs
    schedule = Schedule(settings.schedule, epochs * batches.per_epoch, settings.rounds)
    masks = GroupMasks(structure, sizes, settings.importance, schedule, batches)
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
