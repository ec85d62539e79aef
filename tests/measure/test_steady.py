"""Steadiness: what is read, what is said of it, how long is waited, and the order of rounds."""

from __future__ import annotations

import math
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeprune.devices.machine import Completed
from edgeprune.measure.rounds import abba, median
from edgeprune.measure.steady import (
    Clock,
    Conditions,
    Cooling,
    Snapshot,
    clocks_of,
    snapshot,
    wait_until_cool,
    with_clock,
)
from edgeprune.measure.values import Origin

MHZ = 1000


@dataclass
class Files:
    """A machine that is nothing but its files."""

    folder: Path

    def run(self, command: Sequence[str], seconds: float) -> Completed:
        """In a shell whose /sys is a folder."""
        moved = [part.replace("/sys/", f"{self.folder}/sys/") for part in command]
        done = subprocess.run(moved, capture_output=True, check=False, timeout=seconds)
        return Completed(done.returncode, done.stdout, done.stderr)


def phone(folder: Path, **change: str) -> Files:
    cpu, zone = "sys/devices/system/cpu/cpu7/cpufreq", "sys/class/thermal/thermal_zone"
    texts = {
        f"{cpu}/scaling_governor": "schedutil\n", f"{cpu}/scaling_cur_freq": "1400000\n",
        f"{cpu}/scaling_max_freq": "2800000\n", f"{cpu}/cpuinfo_max_freq": "2800000\n",
        f"{zone}0/type": "battery\n", f"{zone}0/temp": "61000\n",
        f"{zone}1/type": "cpu-1-3\n", f"{zone}1/temp": "41200\n",
        f"{zone}2/type": "broken\n", f"{zone}2/temp": "-274000\n", f"{zone}3/type": "pa\n", f"{zone}3/temp": "38\n",
    }  # fmt: skip
    for name, text in {**texts, **{f"{cpu}/{name}": value for name, value in change.items()}}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return Files(folder)


def test_what_a_phone_tells(tmp_path: Path) -> None:
    seen = snapshot(phone(tmp_path), [7])
    assert seen.clocks == (Clock(7, "schedutil", 1400 * MHZ, 2800 * MHZ, 2800 * MHZ),)
    assert seen.celsius == (("battery", 61.0), ("cpu-1-3", 41.2), ("pa", 38.0))
    assert seen.hottest == ("cpu-1-3", 41.2)


def test_what_a_machine_does_not_tell(tmp_path: Path) -> None:
    seen = snapshot(Files(tmp_path), [0, 1])
    assert seen == Snapshot((Clock(0, None, None, None, None), Clock(1, None, None, None, None)))
    assert Conditions(seen, seen).unsteady == ()


COOL = Snapshot((Clock(7, "schedutil", 1400 * MHZ, 2800 * MHZ, 2800 * MHZ),), (("battery", 61.0), ("cpu-1-3", 41.2)))
HELD = replace(COOL, clocks=(replace(COOL.clocks[0], limit=1900 * MHZ),))


@pytest.mark.parametrize(
    ("conditions", "words"),
    [
        (Conditions(COOL, COOL, (300 * MHZ, 2800 * MHZ, 2790 * MHZ)), None),
        (Conditions(COOL, COOL, (2800 * MHZ, 2800 * MHZ, 1900 * MHZ)), "moved between 1,900 and 2,800 MHz"),
        (Conditions(COOL, HELD), "holds CPU 7 at 1,900 of 2,800 MHz"),
        (
            Conditions(COOL, replace(COOL, celsius=(("battery", 30.0), ("cpu-1-3", 55.4)))),
            "cpu-1-3 warmed up from 41 to 55",
        ),
        (Conditions(COOL, COOL, battery_percent=12, charging=False), "at 12 %"),
        (Conditions(COOL, COOL, battery_percent=12, charging=True), None),
    ],
)
def test_what_speaks_against_a_run(conditions: Conditions, words: str | None) -> None:
    if words is None:
        assert conditions.unsteady == ()
    else:
        (told,) = conditions.unsteady
        assert words in told


@pytest.mark.parametrize(("looks", "waited"), [([COOL], 0), ([HELD, HELD, COOL], 10), ([HELD] * 9, 20)])
def test_waiting_ends_when_it_is_cool_or_the_time_is_over(looks: list[Snapshot], waited: float) -> None:
    slept: list[float] = []
    coming = iter(looks)
    seen, told = wait_until_cool(lambda: next(coming), Cooling(seconds=20, pause=5, sleep=slept.append))
    assert told == sum(slept) == waited
    assert seen is looks[min(len(looks) - 1, int(waited // 5))]


@pytest.mark.parametrize("code", [0, 3])
def test_sampling_keeps_outputs_and_the_exit_code(tmp_path: Path, code: int) -> None:
    log = tmp_path / "it's a log"
    command = with_clock(["sh", "-c", f"sleep 0.3; echo 'a  b'; exit {code}"], 0, str(log))
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=20)
    assert (done.returncode, done.stdout) == (code, "a  b\n")
    assert log.exists()
    assert clocks_of("1400000\n\nnonsense\n2800000\n") == (1400 * MHZ, 2800 * MHZ)


@given(st.integers(1, 5), st.integers(1, 8))
def test_every_variant_has_the_same_mean_place_in_time(count: int, pairs: int) -> None:
    order = list(abba(count, 2 * pairs))
    places = [np.mean([place for place, variant in enumerate(order) if variant == v]) for v in range(count)]
    assert np.ptp(places) == 0
    assert list(abba(2, 3)) == [0, 1, 1, 0, 0, 1]


def test_the_interval_of_a_median_covers_it_as_often_as_promised() -> None:
    rng = np.random.default_rng(0)
    found = [median(list(rng.lognormal(size=15)), "ms", "x", Origin.MEASURED) for _ in range(400)]
    covered = np.mean([one.low <= 1.0 <= one.high for one in found])
    assert 0.94 <= covered <= 1.0
    few = median([3.0, 1.0, 2.0], "ms", "x", Origin.MEASURED)
    assert (few.value, few.low, few.high, few.runs) == (2.0, 1.0, 3.0, 3)
    assert not math.isnan(median([1.0], "ms", "x", Origin.MEASURED).low)
