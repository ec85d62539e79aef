"""Energy of an inference from a battery's gauge and from power rails."""

from __future__ import annotations

import subprocess

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeprune.errors import DeviceError
from edgeprune.measure.energy import BATTERY_SAMPLE, RAILS_CONFIG, Window, battery_window, energy_per_inference
from edgeprune.measure.energy import rails_window as rails
from edgeprune.measure.energy.rails import _SCHEMA
from edgeprune.measure.protobuf import message_class


def gauge(amperes: float, unit: float = 1e-6, status: str = "Discharging", seconds: int = 60) -> str:
    rng = np.random.default_rng(1)
    current = [round((amperes + 0.001 * rng.standard_normal()) / unit) for _ in range(seconds)]
    return "\n".join(f"{100 + n}.25 {-i} {round(3.85 / unit)} {status}" for n, i in enumerate(current))


@pytest.mark.parametrize("unit", [1e-6, 1e-3])
def test_a_gauge_in_either_unit(unit: float) -> None:
    window = battery_window(gauge(0.5, unit), 1000)
    assert (window.seconds, window.inferences) == (59, 1000)
    assert window.watts == pytest.approx(0.5 * 3.85, rel=0.01)


@pytest.mark.parametrize(
    ("log", "words"),
    [
        ("", "gave 0 readings"),
        (gauge(0.5, status="Charging"), "connected to power (charging)"),
        (gauge(0.5, status="Full"), "connected to power (full)"),
        (gauge(0.5, seconds=20), "19 s are too short"),
        (gauge(0.5).replace("100.25", "100.25 cat: denied"), "cannot be read"),
        ("\n".join(f"{n} 500000 3850000 Discharging" for n in range(60)), "stood still"),
        ("\n".join(f"{n} {n + 1} 3850000 Discharging" for n in range(60)), "current of 1 makes no sense"),
        ("\n".join(f"{n} 500000 38 Discharging" for n in range(60)), "voltage of 38 makes no sense"),
    ],
)
def test_a_gauge_that_tells_nothing(log: str, words: str) -> None:
    with pytest.raises(DeviceError) as raised:
        battery_window(log, 1)
    assert words in str(raised.value)


@settings(deadline=None)
@given(st.floats(0.1, 5), st.floats(0.2, 5), st.floats(1e-4, 0.5))
def test_idling_is_taken_off(idle: float, extra: float, seconds: float) -> None:
    count = max(1, round(60 / seconds))
    windows = [Window(60, 60 * idle, 0, "x"), Window(60, 60 * (idle + extra), count, "x")] * 2
    found = energy_per_inference(windows, "phone")
    assert found.value == pytest.approx(1000 * 60 * extra / count)
    assert (found.unit, found.runs) == ("mJ", 2)


def test_the_interval_covers_the_truth_as_often_as_promised() -> None:
    rng = np.random.default_rng(0)
    covered = 0
    for _ in range(300):
        busy = [Window(60, 60 * (2.0 + 0.05 * rng.standard_normal()), 600, "x") for _ in range(4)]
        idle = [Window(60, 60 * (1.0 + 0.1 * rng.standard_normal()), 0, "x") for _ in range(4)]
        found = energy_per_inference([*busy, *idle], "phone")
        covered += found.low <= 100.0 <= found.high
    assert 0.92 <= covered / 300 <= 0.99


def test_what_does_not_stand_out_is_not_told() -> None:
    windows = [Window(60, 60 * w, n, "x") for w, n in ((1.0, 0), (1.4, 0), (1.2, 5), (1.3, 5))]
    with pytest.raises(DeviceError, match="does not stand out"):
        energy_per_inference(windows, "phone")
    with pytest.raises(DeviceError, match="1 busy and 1 idle"):
        energy_per_inference(windows[1:3], "phone")


def trace(*rails_of: tuple[int, list[tuple[int, int]]]) -> bytes:
    made = message_class(_SCHEMA, "Trace")()
    for index, readings in rails_of:
        for time, energy in readings:
            made.packet.add().power_rails.energy_data.add(index=index, timestamp_ms=time, energy=energy)
    return bytes(made.SerializeToString())


def test_rails_are_added_up() -> None:
    content = trace((0, [(1000, 5_000_000), (61000, 65_000_000)]), (3, [(1200, 0), (61200, 30_000_000)]))
    window = rails(content, 100)
    assert window.watts == pytest.approx(1.5)
    assert window.seconds == pytest.approx(60.2)


def test_bytes_of_the_wire() -> None:
    """One packet written by hand: field 40 holds field 2 with index 1, 1,000 ms and 300 microwatt-seconds."""
    reading = bytes([0x08, 1, 0x10, 0xE8, 0x07, 0x18, 0xAC, 0x02])
    rails_field = bytes([0x12, len(reading)]) + reading
    packet = bytes([0xC2, 0x02, len(rails_field)]) + rails_field
    later = packet.replace(bytes([0xE8, 0x07]), bytes([0xD0, 0x0F])).replace(bytes([0xAC, 0x02]), bytes([0xD8, 0x04]))
    content = b"".join(bytes([0x0A, len(one)]) + one for one in (packet, later))
    assert rails(content, 1).watts == pytest.approx(300e-6)


@pytest.mark.parametrize(
    ("content", "words"), [(b"\x0a\x7f", "damaged"), (b"", "tells no energy"), (trace((0, [(1, 1)])), "tells no")]
)
def test_a_trace_without_rails(content: bytes, words: str) -> None:
    with pytest.raises(DeviceError, match=words):
        rails(content, 1)


def test_the_sample_is_a_line_of_shell() -> None:
    done = subprocess.run(["sh", "-c", BATTERY_SAMPLE], capture_output=True, text=True, check=False, timeout=10)
    assert float(done.stdout.split()[0]) > 0
    assert RAILS_CONFIG.count("{") == RAILS_CONFIG.count("}")
