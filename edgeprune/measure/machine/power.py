"""Energy of a program on a machine: busy and idle windows in turns, by the best meter that it has."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from edgeprune.devices.machine import Machine
from edgeprune.errors import DeviceError
from edgeprune.measure.energy import (
    BATTERY_SAMPLE,
    BATTERY_SECONDS,
    RAILS_CONFIG,
    Window,
    battery_window,
    energy_per_inference,
    rails_window,
)
from edgeprune.measure.machine.programs import Program
from edgeprune.measure.rounds import abba
from edgeprune.measure.runner import RunnerOptions
from edgeprune.measure.sampling import sampled
from edgeprune.measure.values import Measurement
from edgeprune.progress import Progress

_ROUNDS = 4
_LONGER = 60.0
_PROBE_SECONDS = 20.0
#: The one folder that Android's tracer may write to.
_TRACES = "/data/misc/perfetto-traces"


class Meter(Protocol):
    """A way to watch the power of a machine while a command runs there."""

    def watched(self, command: Sequence[str], machine: Machine) -> list[str]:
        """The command with the meter running beside it."""

    def window(self, machine: Machine, inferences: int) -> Window:
        """What it counted; raises DeviceError where that tells nothing."""


@dataclass(frozen=True)
class Gauge:
    """The battery's gauge."""

    log: str = "battery.log"

    def watched(self, command: Sequence[str], machine: Machine) -> list[str]:
        """See `Meter.watched`."""
        return sampled(command, BATTERY_SAMPLE, f"{machine.workspace}/{self.log}", BATTERY_SECONDS)

    def window(self, machine: Machine, inferences: int) -> Window:
        """See `Meter.window`."""
        return battery_window(machine.read(f"{machine.workspace}/{self.log}") or "", inferences)


@dataclass(frozen=True)
class Rails:
    """The meters on a phone's rails."""

    trace: str = "power.trace"

    def watched(self, command: Sequence[str], machine: Machine) -> list[str]:
        """See `Meter.watched`; the tracer is stopped by its signal, upon which it writes what it has."""
        there, here = f"{_TRACES}/edgeprune", shlex.quote(f"{machine.workspace}/{self.trace}")
        script = (
            f"echo {shlex.quote(RAILS_CONFIG)} | perfetto -c - --txt -o {there} > /dev/null 2>&1 & tracer=$!; sleep 1; "
            f'"$@"; code=$?; sleep 1; kill -INT $tracer; wait $tracer; cat {there} > {here}; rm -f {there}; exit $code'
        )
        return ["sh", "-c", script, "sh", *command]

    def window(self, machine: Machine, inferences: int) -> Window:
        """See `Meter.window`."""
        import tempfile
        from pathlib import Path

        with tempfile.TemporaryDirectory(prefix="edgeprune-") as folder:
            local = Path(folder, self.trace)
            machine.pull(self.trace, local)
            return rails_window(local.read_bytes(), inferences)


def energy_of(
    machine: Machine,
    program: Program,
    options: RunnerOptions,
    seconds_each: float,
    window_seconds: float,
    device: str,
    progress: Progress,
) -> Measurement:
    """Energy of an inference.

    Args:
        machine: Where the program lies.
        program: What runs.
        options: Its threads, CPUs and inputs.
        seconds_each: How long an inference takes.
        window_seconds: Length of each window.
        device: What the figure is of.
        progress: Advances by one per window.

    Raises:
        DeviceError: The machine has no meter that tells anything; says why.
    """
    meter = _meter(machine)
    runs = max(1, round(window_seconds / seconds_each))
    busy = RunnerOptions(options.threads, options.cpus, 0, runs, options.inputs)
    idle = ("sleep", f"{window_seconds:g}")
    windows = []
    progress.start(f"energy on {machine.name}", 2 * _ROUNDS)
    for kind in abba(2, _ROUNDS):
        command = program.command(busy) if kind else idle
        done = machine.run(meter.watched(command, machine), 2 * window_seconds + _LONGER)
        inferences = program.turn(done, machine.name).inferences + 1 if kind else 0  # and the first one
        windows.append(meter.window(machine, inferences))
        progress.advance()
    progress.finish()
    return energy_per_inference(windows, device)


def _meter(machine: Machine) -> Meter:
    """The rails where a short trace of them tells anything, else the battery."""
    rails = Rails()
    if machine.run(("sh", "-c", "command -v perfetto"), _PROBE_SECONDS).code == 0:
        try:
            machine.run(rails.watched(("sleep", "2"), machine), _PROBE_SECONDS)
            rails.window(machine, 0)
        except DeviceError:
            return Gauge()
        return rails
    return Gauge()
