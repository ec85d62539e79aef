"""Settings that all pruning patterns share."""

from __future__ import annotations

import math
from dataclasses import dataclass

from edgeprune.errors import UserError


@dataclass(frozen=True)
class Training:
    """How a model is trained while and after it is pruned.

    Attributes:
        gradual_epochs: Epochs during which the sparsity rises to its target.
        recovery_epochs: Epochs of fine-tuning after the removal.
        batch_size: Examples per step.
        gradual_rate, recovery_rate: Adam's learning rate at the start of either phase.
        distillation: Share of the dense model's outputs in the targets, 0 (labels only; the dense
            model then never runs) to 1.
        temperature: Softens both models' outputs where they are compared; 1 leaves them as they are.
        flip: Also train on images flipped left to right; right for photos, wrong for digits.
        shift: Also train on images shifted by up to this many pixels.
        held_out: Share of the training examples that are not trained on but tell when fine-tuning is at its
            best: the weights of that epoch are kept.  0 trains on all and keeps the last epoch's.
        patience: Epochs without a better one after which fine-tuning stops early, where examples are held out.
        recalibration: Batches from which batch normalization takes its statistics anew after a removal; 0 for none.
        seed: Makes the order of the data and the augmentation repeatable.
    """

    gradual_epochs: int = 4
    recovery_epochs: int = 40
    batch_size: int = 128
    gradual_rate: float = 2e-3
    recovery_rate: float = 5e-3
    distillation: float = 0.9
    temperature: float = 4.0
    flip: bool = False
    shift: int = 0
    held_out: float = 0.0
    patience: int = 10
    recalibration: int = 20
    seed: int = 1

    def __post_init__(self) -> None:
        """Refuse settings that cannot work; raises UserError."""
        for name, value, least in (
            ("gradual_epochs", self.gradual_epochs, 1),
            ("recovery_epochs", self.recovery_epochs, 0),
            ("batch_size", self.batch_size, 1),
            ("shift", self.shift, 0),
            ("patience", self.patience, 1),
            ("recalibration", self.recalibration, 0),
        ):
            if value < least:
                raise UserError(f"{name} = {value} is not possible; give at least {least}")
        for name, rate in (("gradual_rate", self.gradual_rate), ("recovery_rate", self.recovery_rate)):
            if not 0 < rate < math.inf:
                raise UserError(f"{name} = {rate} is no learning rate; give a small positive number such as 0.001")
        if not 0 <= self.held_out < 1:
            raise UserError(f"held_out = {self.held_out} is no share; give a number from 0 to below 1, such as 0.1")
        if not 0 <= self.distillation <= 1:
            raise UserError(f"distillation = {self.distillation} is no share; give a number from 0 to 1")
        if not 0 < self.temperature < math.inf:
            raise UserError(f"temperature = {self.temperature} is not possible; give a positive number such as 2")
