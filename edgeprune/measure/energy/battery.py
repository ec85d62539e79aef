"""Power from the battery's own gauge: coarse, slow, and there on every phone that lets it be read.

Files as the kernel documents them (Documentation/ABI/testing/sysfs-class-power): current in
microamperes, negative while it flows out on some phones and positive on others; voltage in
microvolts.  Some vendors' kernels give thousandths of these instead of millionths.
"""

from __future__ import annotations

import itertools

from edgeprune.errors import DeviceError
from edgeprune.measure.energy.account import Window

_FOLDER = "/sys/class/power_supply/battery"
#: Prints seconds since boot, current, voltage and charging state.
BATTERY_SAMPLE = (
    "read -r t rest < /proc/uptime && "
    f'echo "$t $(cat {_FOLDER}/current_now) $(cat {_FOLDER}/voltage_now) $(cat {_FOLDER}/status)"'
)
BATTERY_SECONDS = 1.0
#: A gauge averages over seconds, so that a shorter window holds what was before it.
_SHORTEST = 30.0
_LEAST_SAMPLES = 15
#: Every cell is above this and below that many volts.
_VOLTS = (2.0, 10.0)
#: A phone that does nothing takes more than this many amperes, and one that does all less than those.
_AMPERES = (2e-3, 20.0)


def battery_window(log: str, inferences: int) -> Window:
    """The window in which `BATTERY_SAMPLE` wrote this log.

    Raises:
        DeviceError: The gauge cannot be read, tells nonsense, or the phone was charging.
    """
    samples = [_sample(line) for line in log.splitlines() if line.strip()]
    if len(samples) < _LEAST_SAMPLES:
        raise DeviceError(
            f"the battery's gauge gave {len(samples)} readings where {_LEAST_SAMPLES} are needed; many phones keep it "
            "from the shell, so measure the energy outside the phone"
        )
    seconds = samples[-1][0] - samples[0][0]
    if seconds < _SHORTEST:
        raise DeviceError(f"{seconds:.0f} s are too short for a battery's gauge; measure at least {_SHORTEST:.0f} s")
    if len({current for _, current, _ in samples}) == 1:
        raise DeviceError("the battery's gauge stood still all the time; measure the energy outside the phone")
    joules = sum(
        (later - time) * (power + next_power) / 2
        for (time, power), (later, next_power) in itertools.pairwise((t, i * u) for t, i, u in samples)
    )
    return Window(seconds, joules, inferences, "the battery's gauge")


def _sample(line: str) -> tuple[float, float, float]:
    """Seconds, amperes and volts."""
    parts = line.split(maxsplit=3)
    try:
        time, current, voltage, status = float(parts[0]), abs(int(parts[1])), int(parts[2]), parts[3].strip()
    except (ValueError, IndexError):
        raise DeviceError(
            f"the battery's gauge cannot be read ({line.strip()[:80]!r}); measure the energy outside the phone"
        ) from None
    if status != "Discharging":
        raise DeviceError(
            f"the phone is connected to power ({status.lower()}), so its battery tells nothing; use adb over Wi-Fi "
            "(adb tcpip 5555) and pull the cable"
        )
    return time, _scaled(current, _AMPERES, "current"), _scaled(voltage, _VOLTS, "voltage")


def _scaled(value: int, between: tuple[float, float], what: str) -> float:
    """Millionths, or thousandths where only these make sense."""
    for unit in (1e-6, 1e-3):
        if between[0] <= value * unit <= between[1]:
            return value * unit
    raise DeviceError(
        f"the battery's {what} of {value} makes no sense in any unit; measure the energy outside the phone"
    )
