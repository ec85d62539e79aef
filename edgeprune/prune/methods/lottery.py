"""Lottery tickets: iterative magnitude pruning with rewinding (arXiv 1803.03635, 1912.05671).

Train, remove the smallest share of what is left of each kernel, put the other weights back to
where they began, and repeat; at the end train what is left once more.  The result has scattered
zeros like `unstructured` pruning, for several times its training.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from edgeprune.errors import UserError, VerificationError
from edgeprune.models.dataset import Dataset
from edgeprune.models.functional import clone
from edgeprune.models.loader import FloatModel
from edgeprune.progress import SILENT, Progress
from edgeprune.prune.pattern import Pattern, job_folder
from edgeprune.prune.policy import LayerRules, settings_by_layer
from edgeprune.prune.result import KernelReport, PruneResult
from edgeprune.prune.settings import Training
from edgeprune.prune.weights.kernels import Kernel, find_kernels, kernels_with_zeros
from edgeprune.prune.weights.layout import Flags
from edgeprune.prune.weights.rules import Unstructured, check_share
from edgeprune.prune.weights.run import weights_report
from edgeprune.prune.weights.tickets import Rounds, drawn, output_layers, rounds_for, rounds_to, with_final

_DEFAULT_SPARSITY = 0.8
_Masks = Mapping[tuple[str, int], Flags]


@dataclass(frozen=True)
class LotteryPruning:
    """Settings of the search for a lottery ticket; its length is `sparsity` or `rounds`, not both.

    Attributes:
        sparsity: Share of zeros in all pruned kernels at the end, between 0 and 1; 0.8 where neither is given.
        rounds: How often a share is removed.
        share: What one round removes of each kernel's remaining weights; at most, where `sparsity` is given.
        halve_output: Whether output layers lose half of that share.
        rewind_step: The training step whose weights each round goes back to; 0 is where training began.
        given_weights: Begin with the model's own weights, which is right for an untrained model,
            instead of drawing new ones from its layers' initialisers.
        reinitialise: Train the final mask from newly drawn weights: the control that a ticket must beat.
        epochs: Of every round.
        learning_rate: Adam's, at the start of every round.
        training: Batch size, augmentation and seed; all rounds learn from labels alone.
        layers: By pattern of layer names, `skip` or the layers' own share of zeros at the end.
    """

    sparsity: float | None = None
    rounds: int | None = None
    share: float = 0.2
    halve_output: bool = True
    rewind_step: int = 0
    given_weights: bool = False
    reinitialise: bool = False
    epochs: int = 20
    learning_rate: float = 1.2e-3
    training: Training = field(default_factory=Training)
    layers: LayerRules = ()

    def __post_init__(self) -> None:
        """Refuse settings that cannot work; raises UserError."""
        if self.sparsity is not None and self.rounds is not None:
            raise UserError("sparsity and rounds both set where the search for a ticket ends; give one of them")
        if self.sparsity is not None:
            check_share("sparsity", self.sparsity)
        check_share("share", self.share)
        for name, value, least in (("rounds", self.rounds, 1), ("epochs", self.epochs, 1)):
            if value is not None and value < least:
                raise UserError(f"{name} = {value} is not possible; give at least {least}")
        if self.rewind_step < 0:
            raise UserError(f"rewind_step = {self.rewind_step} is no training step; give 0 or more")
        replace(self.training, recovery_rate=self.learning_rate)  # refuses what is no learning rate


def find_ticket(
    model: FloatModel,
    data: Dataset,
    settings: LotteryPruning,
    work_dir: Path,
    progress: Progress = SILENT,
    teacher: FloatModel | None = None,
) -> PruneResult:
    """Prune round after round, rewind in between, and train the ticket.

    Args:
        model: A classifier with one input, trained or not; its architecture and its zeros are used
            (those of a kernel that is all zeros are taken for untrained).
        data: Its training split is trained on.
        settings: How far, and how.
        work_dir: Checkpoints go into a folder of this job below it; run the same job with the
            same folder again to continue after an interruption.
        progress: Receives the epochs of every round.
        teacher: Not used: tickets learn from labels.

    Raises:
        DataError: The data does not fit the model.
        ModelError: The model has no layer graph or is no classifier with one input.
        UserError: No kernel can be pruned, a layer's rule matches nothing or has a wrong value, or
            training never reaches the step to rewind to.
        TrainingDiverged: The loss became NaN or infinite.
        VerificationError: A kernel has fewer zeros than asked for.
    """
    data.check_against(model.input_shape, model.classes)
    kernels = find_kernels(model.model, Unstructured(_DEFAULT_SPARSITY), settings.layers)
    rounds = _rounds(kernels, model.model, settings)
    trained = _Search(model, data, settings, job_folder(work_dir, "lottery", model, data, settings), progress).run(
        kernels, rounds
    )
    reports = []
    for number, kernel in enumerate(kernels):
        value, wanted = kernel.value(trained), rounds.zeros(number, rounds.count)
        zeros = float(np.mean(value == 0))
        if zeros < wanted - 1e-6:  # a quotient of counts, and a power
            raise VerificationError(
                f"layer {kernel.layer!r} has {zeros:.1%} zeros where {wanted:.1%} were asked for, so the model is "
                "discarded; remove the job's checkpoints and run again"
            )
        reports.append(KernelReport(kernel.layer, "lottery", zeros, len(np.unique(value))))
    result = model.derived(trained, f"{model.name}_lottery")
    return PruneResult(result, "lottery", weights_report(model, trained, tuple(reports)))


def _rounds(kernels: Sequence[Kernel[Unstructured]], model: Any, settings: LotteryPruning) -> Rounds:
    """How much goes when."""
    outputs = output_layers(model, frozenset(kernel.layer for kernel in kernels)) if settings.halve_output else ()
    speeds = [0.5 if kernel.layer in outputs else 1.0 for kernel in kernels]
    if settings.rounds is not None:
        rounds = rounds_to(settings.share, speeds, settings.rounds)
    else:
        sizes = [kernel.value(model).size for kernel in kernels]
        rounds = rounds_for(sizes, speeds, settings.share, settings.sparsity or _DEFAULT_SPARSITY)
    own = settings_by_layer(settings.layers, [layer.name for layer in model.layers])
    for number, kernel in enumerate(kernels):
        if kernel.layer in own:
            rounds = with_final(rounds, number, kernel.rule.share)
    return rounds


def _left(kernel: Kernel[Unstructured], zeros: float, trained: Any) -> Flags:
    """What stays of a trained kernel where that share must be zero; what is zero already goes first."""
    value = kernel.value(trained)
    parts = [Unstructured(zeros).mask(rows) for rows in kernel.layout.tensors(value)]
    return np.asarray(kernel.layout.kernel(np.concatenate(parts), value.shape), bool)


class _Search:
    """The trainings of one search."""

    def __init__(
        self, model: FloatModel, data: Dataset, settings: LotteryPruning, folder: Path, progress: Progress
    ) -> None:
        from edgeprune.prune.training.batches import batches_for

        self._settings, self._folder, self._progress = settings, folder, progress
        self._batches = batches_for(model, data, replace(settings.training, distillation=0.0))
        self._given = model.model
        self._begin = self._given if settings.given_weights else drawn(self._given, settings.training.seed)
        if settings.rewind_step >= settings.epochs * self._batches.per_epoch:
            raise UserError(
                f"rewind_step = {settings.rewind_step} comes after the {settings.epochs * self._batches.per_epoch} "
                "steps of a round; give a smaller step or more epochs"
            )

    def run(self, kernels: Sequence[Kernel[Unstructured]], rounds: Rounds) -> Any:
        """The ticket as a trained tf-keras model with its zeros."""
        from edgeprune.prune.training.snapshot import restored

        given = {key: alive for key, alive in kernels_with_zeros(self._given).items() if alive.any()}
        whole = {(k.layer, k.weight): np.ones(k.value(self._given).shape, bool) for k in kernels}
        masks: _Masks = {**whole, **given}
        begin = self._begin
        for done in range(rounds.count + 1):
            if done == rounds.count and self._settings.reinitialise:
                begin = drawn(self._given, self._settings.training.seed + 1)
            trained = self._train(begin, masks, done, rounds.count)
            if done == 0 and self._settings.rewind_step:
                begin = restored(self._begin, self._snapshot)
            left = [_left(kernel, rounds.zeros(number, done + 1), trained) for number, kernel in enumerate(kernels)]
            masks = {**given, **dict(zip(whole, left, strict=True))}
        return trained

    @property
    def _snapshot(self) -> Path:
        return self._folder / "rewind.npz"

    def _train(self, begin: Any, masks: _Masks, done: int, rounds: int) -> Any:
        """A trained copy of `begin` that stays within the masks."""
        from edgeprune.prune.training.fit import fit
        from edgeprune.prune.training.snapshot import Snapshot
        from edgeprune.prune.wrappers import HeldMasks, strip, wrap

        settings = self._settings
        wrapped = wrap(begin, list(masks))
        callbacks: list[Any] = [HeldMasks(masks)]
        if done == 0 and settings.rewind_step:
            callbacks.append(Snapshot(settings.rewind_step, self._snapshot))
        name, folder = f"round {done} of {rounds}", self._folder / f"round_{done}"
        fit(name, wrapped, self._batches, settings.epochs, settings.learning_rate, folder, self._progress, callbacks)
        return clone(strip(wrapped))


PATTERN = Pattern(
    "lottery",
    "zero single weights round by round, rewinding the others each time",
    LotteryPruning,
    find_ticket,
    trains_anew=True,
)
