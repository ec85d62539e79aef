"""Unstructured magnitude pruning: the smallest weights become zero, wherever they are.

The model keeps its shape, so it is faster only where a runtime uses scattered zeros,
and smaller only where the file is compressed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from edgeprune.models.dataset import Dataset
from edgeprune.models.loader import FloatModel
from edgeprune.progress import SILENT, Progress
from edgeprune.prune.pattern import Pattern
from edgeprune.prune.policy import LayerRules
from edgeprune.prune.result import PruneResult
from edgeprune.prune.settings import Training
from edgeprune.prune.weights.rules import Unstructured, check_share
from edgeprune.prune.weights.run import check_updates, prune_kernels


@dataclass(frozen=True)
class UnstructuredPruning:
    """Settings of unstructured pruning.

    Attributes:
        sparsity: Share of zeros in every pruned kernel, above 0 to below 1.
        updates: How often the masks are chosen anew on the way there.
        training: Epochs, learning rates, distillation and augmentation.
        layers: By pattern of layer names, `skip` or the layers' own share.  Without a rule all
            kernels are pruned, the first and the last layer's too, except depthwise ones.
    """

    sparsity: float = 0.8
    updates: int = 20
    training: Training = field(default_factory=Training)
    layers: LayerRules = ()

    def __post_init__(self) -> None:
        """Refuse settings that cannot work; raises UserError."""
        check_share("sparsity", self.sparsity)
        check_updates(self.updates)


def prune_unstructured(
    model: FloatModel,
    data: Dataset,
    settings: UnstructuredPruning,
    work_dir: Path,
    progress: Progress = SILENT,
    teacher: FloatModel | None = None,
) -> PruneResult:
    """Zero the smallest weights step by step while the model trains; arguments and errors as `prune_kernels`."""
    rule = Unstructured(settings.sparsity)
    return prune_kernels("unstructured", rule, model, data, settings, work_dir, progress, teacher)


PATTERN = Pattern(
    "unstructured", "zero single weights: helps only runtimes that skip zeros", UnstructuredPruning, prune_unstructured
)
