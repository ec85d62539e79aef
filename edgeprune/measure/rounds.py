"""Measuring variants in turns, so that what drifts with time falls on all of them alike."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from edgeprune.measure.values import Measurement, Origin

_CONFIDENCE = 0.95


def abba(count: int, rounds: int) -> Iterator[int]:
    """Numbers of the variants in the order in which they run: A B B A A B B A for two of them and four rounds.

    Every second round runs backwards, so that each variant has the same mean place in time and
    a drift that is linear cancels.
    """
    for number in range(rounds):
        yield from range(count) if number % 2 == 0 else reversed(range(count))


def median(values: Sequence[float], unit: str, device: str, origin: Origin, note: str = "") -> Measurement:
    """The median of readings with its 95 % confidence interval, free of assumptions on their distribution.

    The interval is that of the binomial test of the median (Conover, Practical Nonparametric
    Statistics, section 3.2); for fewer than six readings, which cannot have one, the range.

    Raises:
        ValueError: There are no readings.
    """
    from scipy.stats import quantile_test

    found = Measurement.of(values, unit, origin, device, note)
    interval = quantile_test(values, p=0.5).confidence_interval(_CONFIDENCE)
    low, high = float(interval.low), float(interval.high)
    if math.isnan(low) or math.isnan(high):  # too few
        return found
    return Measurement(found.value, unit, origin, device, low, high, found.runs, note)
