"""Accuracy with its uncertainty, and whether two models really differ."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

from edgeprune.models.dataset import Dataset
from edgeprune.models.evaluate import predicted_classes

_CONFIDENCE = 0.95

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Accuracy:
    """Share of right answers on test examples.

    Attributes:
        correct, total: Counts.
        value: correct / total.
        low, high: 95 % confidence interval (Wilson score).
    """

    correct: int
    total: int
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class AccuracyChange:
    """How a model's accuracy differs from another's on the same examples.

    Attributes:
        points: Difference in percentage points; negative is worse.
        low, high: 95 % confidence interval in points (paired, normal approximation).
        p_value: Exact McNemar test of "equally good".
    """

    points: float
    low: float
    high: float
    p_value: float


def right_answers(outputs: npt.NDArray[np.float32], data: Dataset) -> Flags:
    """Per test example whether the scores [N, classes] rank its class first; N may be a prefix."""
    return np.asarray(predicted_classes(outputs) == data.y_test[: len(outputs)], np.bool_)


def accuracy(right: Flags) -> Accuracy:
    """Summarise right and wrong answers; there must be at least one."""
    correct, total = int(right.sum()), len(right)
    interval = stats.binomtest(correct, total).proportion_ci(_CONFIDENCE, method="wilson")
    return Accuracy(correct, total, correct / total, float(interval.low), float(interval.high))


def accuracy_change(before: Flags, after: Flags) -> AccuracyChange:
    """Compare answers of two models to the same examples.

    The interval is that of a difference of paired proportions (Agresti, Categorical
    Data Analysis, 3rd ed., section 11.1.1).
    """
    lost, gained, total = int((before & ~after).sum()), int((~before & after).sum()), len(before)
    difference = (gained - lost) / total
    error = math.sqrt(max(gained + lost - (gained - lost) ** 2 / total, 0.0)) / total
    reach = float(stats.norm.ppf((1 + _CONFIDENCE) / 2)) * error
    p_value = float(stats.binomtest(lost, lost + gained).pvalue) if lost + gained else 1.0
    return AccuracyChange(100 * difference, 100 * (difference - reach), 100 * (difference + reach), p_value)
