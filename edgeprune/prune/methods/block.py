"""Block pruning: whole blocks of neighbouring weights become zero, such as 1x4.

A kernel that skips zeros in blocks as wide as its vectors loses little to looking them up.
Plain runtimes multiply by them like by any weight.
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
from edgeprune.prune.weights.rules import Blocks, check_share
from edgeprune.prune.weights.run import check_updates, prune_kernels


@dataclass(frozen=True)
class BlockPruning:
    """Settings of block pruning.

    Attributes:
        pattern: Output channels x consecutive weights of an output in the order of the .tflite
            file: 1x4 and 1x16 lie along the inputs, 4x1 along the outputs.
        sparsity: Share of zeros in whole blocks in every pruned kernel, above 0 to below 1.
        updates: How often the masks are chosen anew on the way there.
        training: Epochs, learning rates, distillation and augmentation.
        layers: By pattern of layer names, `skip` or the layers' own share.  Without a rule all
            kernels that hold at least one whole block are pruned, the first and the last
            layer's too, except depthwise ones.
    """

    pattern: str = "1x4"
    sparsity: float = 0.7
    updates: int = 20
    training: Training = field(default_factory=Training)
    layers: LayerRules = ()

    def __post_init__(self) -> None:
        """Refuse settings that cannot work; raises UserError."""
        Blocks.parse(self.pattern, check_share("sparsity", self.sparsity))
        check_updates(self.updates)


def prune_blocks(
    model: FloatModel,
    data: Dataset,
    settings: BlockPruning,
    work_dir: Path,
    progress: Progress = SILENT,
    teacher: FloatModel | None = None,
) -> PruneResult:
    """Zero the smallest blocks step by step while the model trains; arguments and errors as `prune_kernels`."""
    rule = Blocks.parse(settings.pattern, settings.sparsity)
    return prune_kernels("block", rule, model, data, settings, work_dir, progress, teacher)


PATTERN = Pattern(
    "block",
    "zero whole blocks of weights, such as 1x4: for sparse kernels",
    BlockPruning,
    prune_blocks,
    shorthand=r"(?P<pattern>\d+x\d+)",
)
