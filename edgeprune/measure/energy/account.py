"""From windows of power to the energy of one inference."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from edgeprune.errors import DeviceError
from edgeprune.measure.values import Measurement, Origin

#: Windows of either kind below which no spread can be told.
_LEAST_WINDOWS = 2


@dataclass(frozen=True)
class Window:
    """A stretch of time in which a machine either ran the model without pause, or idled.

    Attributes:
        seconds: How long it lasted.
        joules: What the machine took in it.
        inferences: How many it ran; 0 for an idle one.
        source: What counted, such as `battery` or `power rails`.
    """

    seconds: float
    joules: float
    inferences: int
    source: str

    @property
    def watts(self) -> float:
        """Mean power."""
        return self.joules / self.seconds


def energy_per_inference(windows: Sequence[Window], device: str) -> Measurement:
    """What an inference takes beyond idling, in mJ, with a 95 % interval.

    Each busy window's power less the idle windows' mean power, times its seconds, over its
    inferences.  The interval is Student's, from the spread of busy and of idle windows (Welch).

    Raises:
        DeviceError: There are too few windows, or the machine took no more than when it idled.
    """
    busy = [window for window in windows if window.inferences]
    idle = [window for window in windows if not window.inferences]
    if min(len(busy), len(idle)) < _LEAST_WINDOWS:
        raise DeviceError(
            f"the energy cannot be told from {len(busy)} busy and {len(idle)} idle windows; measure at least "
            f"{_LEAST_WINDOWS} of each"
        )
    extra = statistics.fmean(window.watts for window in busy) - statistics.fmean(window.watts for window in idle)
    seconds = sum(window.seconds for window in busy) / sum(window.inferences for window in busy)
    error = _half_width([window.watts for window in busy], [window.watts for window in idle])
    if extra <= error:
        raise DeviceError(
            f"the model's power of {1000 * extra:.0f} mW does not stand out from the idle power, which is known to "
            f"{1000 * error:.0f} mW; measure longer, with the screen off and the radios quiet"
        )
    value, spread = 1000 * extra * seconds, 1000 * error * seconds
    note = (
        f"{1000 * extra:.0f} mW above {1000 * statistics.fmean(w.watts for w in idle):.0f} mW of idling, by "
        f"{busy[0].source}; 95 % interval over {len(busy)} busy and {len(idle)} idle windows"
    )
    return Measurement(value, "mJ", Origin.MEASURED, device, value - spread, value + spread, len(busy), note)


def _half_width(a: Sequence[float], b: Sequence[float]) -> float:
    """Half the 95 % interval of the difference of two means."""
    from scipy.stats import t

    shares = [statistics.variance(values) / len(values) for values in (a, b)]
    if sum(shares) == 0:
        return 0.0
    freedom = sum(shares) ** 2 / sum(s**2 / (len(v) - 1) for s, v in zip(shares, (a, b), strict=True))
    return float(t.ppf(0.975, freedom)) * math.sqrt(sum(shares))
