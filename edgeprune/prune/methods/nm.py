"""n:m pruning: at most n of every m consecutive weights stay, such as 2:4.

Zeros at so regular places are cheap to skip: kernels exist for some processors with vector
units, and an index takes few bits.  Plain runtimes multiply by them like by any weight.
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
from edgeprune.prune.weights.rules import NOfM
from edgeprune.prune.weights.run import check_updates, prune_kernels


@dataclass(frozen=True)
class NOfMPruning:
    """Settings of n:m pruning.

    Attributes:
        pattern: n:m, at most n non-zeros in every m consecutive weights of an output, in the
            order of the .tflite file (height, width, input channel); the r weights left over at
            the end keep floor(n*r/m).
        updates: How often the masks are chosen anew on the way there.
        training: Epochs, learning rates, distillation and augmentation.
        layers: By pattern of layer names, `skip` or the layers' own n:m.  Without a rule all
            kernels with at least m weights per output are pruned, the first and the last layer's
            too, except depthwise ones.
    """

    pattern: str = "2:4"
    updates: int = 20
    training: Training = field(default_factory=Training)
    layers: LayerRules = ()

    def __post_init__(self) -> None:
        """Refuse settings that cannot work; raises UserError."""
        NOfM.parse(self.pattern)
        check_updates(self.updates)


def prune_n_of_m(
    model: FloatModel,
    data: Dataset,
    settings: NOfMPruning,
    work_dir: Path,
    progress: Progress = SILENT,
    teacher: FloatModel | None = None,
) -> PruneResult:
    """Zero m - n of every m weights step by step while the model trains; arguments and errors as `prune_kernels`."""
    return prune_kernels("n:m", NOfM.parse(settings.pattern), model, data, settings, work_dir, progress, teacher)


PATTERN = Pattern(
    "n:m",
    "zero m - n of every m weights, such as 2:4: for sparse kernels",
    NOfMPruning,
    prune_n_of_m,
    shorthand=r"(?P<pattern>\d+:\d+)",
)
