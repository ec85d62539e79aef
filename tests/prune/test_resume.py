"""An interrupted job takes the same steps, with the same rates and masks, as one that was not interrupted."""

from __future__ import annotations

import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeprune.models import Dataset, FloatModel
from edgeprune.progress import SILENT
from edgeprune.prune import Training, run_steps, steps_of
from edgeprune.prune.training import fit as training
from edgeprune.prune.wrappers import HeldMasks
from edgeprune.quantize import aware

QUICK = {"gradual_epochs": 2, "recovery_epochs": 2, "batch_size": 128, "held_out": 0.2, "shift": 1}


@dataclass
class Log:
    """What trainings did: (task, step, learning rate) of each step, and the steps at which masks were set."""

    stop_after: int = -1
    steps: list[tuple[str, int, float]] = field(default_factory=list)
    masks: list[tuple[int, int]] = field(default_factory=list)


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Log:
    """Writes down every step; presses Ctrl-C in the middle of an epoch after `stop_after` steps."""
    log = Log()
    ended, set_masks = training._Watch.on_train_batch_end, HeldMasks.set

    def on_train_batch_end(self: Any, batch: int, logs: Any = None) -> None:
        ended(self, batch, logs)
        optimizer = self.model.optimizer
        step = int(optimizer.iterations)
        log.steps.append((self._name, step, float(optimizer.learning_rate)))
        if len(log.steps) == log.stop_after:
            raise KeyboardInterrupt

    def watched(self: Any, masks: Any) -> None:
        set_masks(self, masks)
        if masks:
            zeros = sum(int(np.size(mask) - np.count_nonzero(mask)) for mask in masks.values())
            log.masks.append((int(self.model.optimizer.iterations), zeros))

    monkeypatch.setattr(training._Watch, "on_train_batch_end", on_train_batch_end)
    monkeypatch.setattr(HeldMasks, "set", watched)
    return log


def channel(model: FloatModel, data: Dataset, folder: Path) -> Any:
    return run_steps(model, data, steps_of("channel", {"fraction": 0.4, "training": QUICK}, ""), folder).model.model


def n_of_m(model: FloatModel, data: Dataset, folder: Path) -> Any:
    return run_steps(model, data, steps_of("2:4", {"training": QUICK}, ""), folder).model.model


def with_rounding(model: FloatModel, data: Dataset, folder: Path) -> Any:
    settings = aware.AwareTraining(4, training=Training(batch_size=128, held_out=0.2))
    return aware._train(model, data, settings, folder, SILENT, None)


@pytest.mark.parametrize(
    ("job", "stop"),
    [(channel, 11), (n_of_m, 5), (with_rounding, 8)],  # in the last epoch, in the second, in the third
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_steps_rates_and_masks_are_the_same(
    trained: FloatModel, data: Dataset, tmp_path: Path, log: Log, job: Any, stop: int
) -> None:
    straight = job(trained, data, tmp_path / "straight")
    steps, masks = list(log.steps), set(log.masks)
    assert len(steps) == 4 * 3
    log.steps.clear()
    log.masks.clear()
    log.stop_after = stop
    with pytest.raises(KeyboardInterrupt):
        job(trained, data, tmp_path / "interrupted")
    del log.steps[stop // 3 * 3 :]  # what the unfinished epoch did was in vain
    log.stop_after = -1
    continued = job(trained, data, tmp_path / "interrupted")
    assert log.steps == steps
    assert set(log.masks) == masks
    for a, b in zip(straight.get_weights(), continued.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=2e-2, atol=2e-3)


def test_a_killed_job_continues_to_the_same_bits(tmp_path: Path) -> None:
    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(Path(__file__).with_name("killed_job.py")), *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)

    killed = run(tmp_path / "a", 4)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert "step 4" in killed.stdout
    both = run(tmp_path / "a", 0, tmp_path / "b")
    assert both.returncode == 0, both.stderr
    continued, straight = (part.split() for part in both.stdout.split("job")[1:])
    assert continued[:2] == ["step", "4"]  # the first epoch has 3 steps
    assert straight[:2] == ["step", "1"]
    assert continued[-1] == straight[-1]
