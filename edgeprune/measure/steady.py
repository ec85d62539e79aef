"""Whether a phone or an Arm board was in a steady state while it was measured.

A clock that is raised only under load, a core that the system slows down because it is hot and a
battery saver change latencies by more than most pruning does.  So frequencies, limits and
temperatures are read before, during and after each run; what moved is told, and a run in which
something moved is repeated.
"""

from __future__ import annotations

import re
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from edgeprune.devices.machine import Completed
from edgeprune.measure.sampling import sampled

_CPU = "/sys/devices/system/cpu/cpu{cpu}/cpufreq/{name}"
#: Governor, clock now, most that the system allows, most that the hardware can.
_CLOCK_FILES = ("scaling_governor", "scaling_cur_freq", "scaling_max_freq", "cpuinfo_max_freq")
_ZONES = "/sys/class/thermal/thermal_zone*/type /sys/class/thermal/thermal_zone*/temp"
_LOOK_SECONDS = 20.0
#: Temperatures beyond this are readings of no sensor.
_HOTTEST, _COLDEST = 150.0, -40.0
#: Share by which a clock may move in a steady run.
_CLOCK_MOVES = 0.05
#: Degrees that the hottest sensor of the processor may rise in a steady run.
_RISE = 8.0
_LOW_BATTERY = 20
_SAMPLE_SECONDS = 0.2


class Shell(Protocol):
    """What this module needs of a machine."""

    def run(self, command: Sequence[str], seconds: float) -> Completed:
        """Run a command there and wait for it."""


@dataclass(frozen=True)
class Clock:
    """One processor's clock, in kHz; None where the machine does not tell.

    Attributes:
        cpu: Its number.
        governor: Who decides, such as `schedutil` or `performance`.
        now: At this moment.
        limit: What the system allows at most now; lower than `most` when it is hot or saves power.
        most: What the hardware can.
    """

    cpu: int
    governor: str | None
    now: int | None
    limit: int | None
    most: int | None

    @property
    def is_held_back(self) -> bool:
        """Whether the system allows less than the hardware can."""
        return self.limit is not None and self.most is not None and self.limit < self.most


@dataclass(frozen=True)
class Snapshot:
    """A machine at one moment.

    Attributes:
        clocks: Of the processors that run the model.
        celsius: Temperature of each sensor that tells one, by its name.
    """

    clocks: tuple[Clock, ...]
    celsius: tuple[tuple[str, float], ...] = ()

    @property
    def hottest(self) -> tuple[str, float] | None:
        """The sensor of a processor that is hottest, else of anything."""
        of_cpus = [entry for entry in self.celsius if "cpu" in entry[0].lower() or "soc" in entry[0].lower()]
        return max(of_cpus or self.celsius, key=lambda entry: entry[1], default=None)


@dataclass(frozen=True)
class Conditions:
    """Of one run.

    Attributes:
        before, after: Next to the run.
        khz: Clocks of the first processor that runs the model, sampled during the run.
        battery_percent, charging: None where there is no battery.
    """

    before: Snapshot
    after: Snapshot
    khz: tuple[int, ...] = ()
    battery_percent: int | None = None
    charging: bool | None = None

    @property
    def _busy(self) -> tuple[int, ...]:
        return self.khz[1:]  # the first sample may be from before the load

    @property
    def clock_moved(self) -> bool:
        """Whether the clock during the run was not one clock."""
        busy = self._busy
        return len(busy) > 1 and max(busy) - min(busy) > _CLOCK_MOVES * statistics.median(busy)

    @property
    def unsteady(self) -> tuple[str, ...]:
        """What speaks against the figures, in words; empty for a steady run."""
        found = []
        if self.clock_moved:
            busy = self._busy
            found.append(f"the clock moved between {min(busy) / 1000:,.0f} and {max(busy) / 1000:,.0f} MHz")
        for clock in self.after.clocks:
            if clock.is_held_back:
                assert clock.limit is not None and clock.most is not None
                found.append(
                    f"the system holds CPU {clock.cpu} at {clock.limit / 1000:,.0f} of {clock.most / 1000:,.0f} MHz"
                )
        first, last = self.before.hottest, dict(self.after.celsius)
        if first is not None and first[0] in last and last[first[0]] - first[1] > _RISE:
            found.append(f"{first[0]} warmed up from {first[1]:.0f} to {last[first[0]]:.0f} degrees Celsius")
        if self.battery_percent is not None and self.battery_percent < _LOW_BATTERY and not self.charging:
            found.append(f"the battery is at {self.battery_percent} %, where systems save power")
        return tuple(found)


def snapshot(machine: Shell, cpus: Sequence[int]) -> Snapshot:
    """The machine now, in one question; `cpus` are the numbers of the processors that matter.

    Raises:
        DeviceError: The machine does not answer.
    """
    clocks = " ".join(_CPU.format(cpu=cpu, name=name) for cpu in cpus for name in _CLOCK_FILES)
    script = (
        f'for f in {clocks} {_ZONES}; do if [ -r "$f" ]; then printf "%s=" "$f"; cat "$f" 2>/dev/null; echo; fi; done'
    )
    said = machine.run(("sh", "-c", script), _LOOK_SECONDS).out.decode(errors="replace")
    texts = dict(re.findall(r"^(/\S+)=[ \t]*(\S.*?)\s*$", said, re.MULTILINE))
    return Snapshot(tuple(_clock(texts, cpu) for cpu in cpus), _temperatures(texts))


def _clock(texts: Mapping[str, str], cpu: int) -> Clock:
    governor, *khz = (_value(texts, f"/cpu{cpu}/cpufreq/{name}") for name in _CLOCK_FILES)
    return Clock(cpu, governor, *(int(text) if text and text.isdigit() else None for text in khz))


def _temperatures(texts: Mapping[str, str]) -> tuple[tuple[str, float], ...]:
    """Sensors in degrees; files hold thousandths, those of some kernels whole degrees."""
    found = []
    for path, name in texts.items():
        value = _value(texts, re.sub("type$", "temp", path)) or ""
        if path.endswith("/type") and value.lstrip("-").isdigit():
            degrees = int(value) / (1000 if abs(int(value)) > _HOTTEST else 1)
            if _COLDEST < degrees < _HOTTEST and degrees:
                found.append((name, degrees))
    return tuple(found)


def _value(texts: Mapping[str, str], end: str) -> str | None:
    """The text of the file whose path ends so."""
    return next((text for path, text in texts.items() if path.endswith(end)), None)


@dataclass(frozen=True)
class Cooling:
    """How long to wait for a machine to cool down before a run.

    Attributes:
        seconds: At most.
        celsius: The temperature to wait for.
        pause: Seconds between two looks.
    """

    seconds: float = 120.0
    celsius: float = 45.0
    pause: float = 5.0
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False)


def wait_until_cool(look: Callable[[], Snapshot], cooling: Cooling) -> tuple[Snapshot, float]:
    """Look until no processor is held back and the hottest sensor is cool, or the time is over.

    Returns:
        The last look, and the seconds waited.
    """
    waited = 0.0
    while True:
        seen = look()
        hot = seen.hottest is not None and seen.hottest[1] > cooling.celsius
        if (not hot and not any(clock.is_held_back for clock in seen.clocks)) or waited >= cooling.seconds:
            return seen, waited
        cooling.sleep(cooling.pause)
        waited += cooling.pause


def with_clock(command: Sequence[str], cpu: int, log: str) -> list[str]:
    """The command in a shell that meanwhile writes the clock of a CPU to `log`; see `sampled`."""
    return sampled(command, f"cat {_CPU.format(cpu=cpu, name='scaling_cur_freq')}", log, _SAMPLE_SECONDS)


def clocks_of(log: str | None) -> tuple[int, ...]:
    """The samples in such a log."""
    return tuple(int(line) for line in (log or "").split() if line.isdigit())
