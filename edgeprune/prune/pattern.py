"""What a pruning pattern is, and the folder that belongs to one pruning job."""

from __future__ import annotations

import functools
import hashlib
import importlib
import json
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edgeprune.models.dataset import Dataset
from edgeprune.models.loader import FloatModel
from edgeprune.progress import Progress
from edgeprune.prune.result import PruneResult


@dataclass(frozen=True)
class Pattern:
    """One way to prune.

    Attributes:
        name: What `--method` calls it.
        summary: One line for the help text.
        settings: Frozen dataclass of its settings; every field has a default.
        run: Prunes: (model, data, settings, work_dir, progress, teacher) -> PruneResult; the
            teacher is the model to learn from where that is not the model itself.
        shorthand: Regular expression for what may stand in place of the name; its groups are settings,
            so that `--method 2:4` needs no setting besides.
        trains_anew: Whether it starts from untrained weights: what follows learns from its result, as the
            model it was given may never have been trained.
    """

    name: str
    summary: str
    settings: type
    run: Callable[[FloatModel, Dataset, Any, Path, Progress, FloatModel | None], PruneResult]
    shorthand: str | None = None
    trains_anew: bool = False


def job_folder(
    work_dir: Path, method: str, model: FloatModel, data: Dataset, settings: object, teacher: FloatModel | None = None
) -> Path:
    """The folder for checkpoints of exactly this job, below `work_dir`.

    Its name is a digest of the weights, the data and the settings, so a run continues what
    it began itself and never what another model or setting left there.
    """
    digest = hashlib.sha256(repr(settings).encode())
    digest.update(json.dumps(model.model.get_config(), sort_keys=True, default=str).encode())
    for weight in (*model.model.get_weights(), *(teacher.model.get_weights() if teacher else ())):
        digest.update(np.ascontiguousarray(weight).tobytes())
    for array in (data.x_train, data.y_train):
        digest.update(np.ascontiguousarray(array).tobytes())
    digest.update(repr((data.scale, data.offset)).encode())
    return work_dir / f"{method}-{digest.hexdigest()[:16]}"


@functools.cache
def patterns() -> dict[str, Pattern]:
    """Every pruning pattern by name, found by scanning `edgeprune.prune.methods`."""
    from edgeprune.prune import methods

    found = {}
    for module in pkgutil.iter_modules(methods.__path__):
        pattern = importlib.import_module(f"{methods.__name__}.{module.name}").PATTERN
        found[pattern.name] = pattern
    return found
