"""Figures that know where they come from.

A number without its origin is worthless here: a `Measurement` says whether it was
measured on the device, emulated, or estimated, and how far it spreads.
"""

from __future__ import annotations

import dataclasses
import enum
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


class Origin(enum.Enum):
    """How a figure was obtained."""

    MEASURED = "measured"
    EMULATED = "emulated"
    ESTIMATED = "estimated"
    COUNTED = "counted"  # exact, from a file: bytes, parameters, multiply-accumulates


@dataclass(frozen=True)
class Measurement:
    """One figure with unit, origin, spread and the device it belongs to.

    Attributes:
        value: The figure to quote; the median where there were several runs.
        unit: SI unit or `cycles`, `B`, `instructions`.
        origin: How it was obtained.
        device: What it is a figure of: a target's name, never a stand-in's.
        low, high: Smallest and largest value seen; equal to `value` for one run.
        runs: Number of readings behind it.
        note: What a reader must know to trust it, such as the model behind an estimate.
    """

    value: float
    unit: str
    origin: Origin
    device: str
    low: float
    high: float
    runs: int
    note: str = ""

    @staticmethod
    def of(values: Sequence[float], unit: str, origin: Origin, device: str, note: str = "") -> Measurement:
        """Summarise readings by their median and range; raises ValueError when there is none."""
        if not values:
            raise ValueError("a measurement needs at least one reading")
        return Measurement(
            value=float(statistics.median(values)),
            unit=unit,
            origin=origin,
            device=device,
            low=float(min(values)),
            high=float(max(values)),
            runs=len(values),
            note=note,
        )

    @staticmethod
    def counted(value: int, unit: str, device: str, note: str = "") -> Measurement:
        """An exact figure that was counted in a file."""
        return Measurement(float(value), unit, Origin.COUNTED, device, float(value), float(value), 1, note)

    def scaled(self, factor: float, unit: str, origin: Origin | None = None, note: str = "") -> Measurement:
        """The same readings in another unit, for example cycles to milliseconds."""
        return Measurement(
            value=self.value * factor,
            unit=unit,
            origin=origin or self.origin,
            device=self.device,
            low=self.low * factor,
            high=self.high * factor,
            runs=self.runs,
            note=note or self.note,
        )


@dataclass(frozen=True)
class LayerTiming:
    """What one layer took in one inference (median over the profiled runs).

    Attributes:
        index, name: The layer.
        cycles: CPU cycles; None where they are not counted.
        instructions: Where they are counted.
        time: Where a runtime tells the time of each of its operators.
    """

    index: int
    name: str
    cycles: Measurement | None
    instructions: Measurement | None = None
    time: Measurement | None = None

    @property
    def cost(self) -> Measurement:
        """Cycles where they are known, else time, else instructions."""
        found = self.cycles or self.time or self.instructions
        assert found is not None, f"layer {self.name} has neither cycles nor time nor instructions"
        return found


@dataclass(frozen=True)
class LatencyStatistics:
    """Per-inference latency in microseconds, fields named as TFLite's benchmark tool names them.

    Attributes:
        init_us: Time to load the model and allocate its tensors.
        first_us: First inference after loading.
        warmup_avg_us: Mean of the warm-up inferences, which do not count.
        count: Number of counted inferences; the rest describes these.
    """

    init_us: float
    first_us: float
    warmup_avg_us: float
    count: int
    min_us: float
    max_us: float
    avg_us: float
    std_us: float
    p5_us: float
    median_us: float
    p95_us: float


@dataclass(frozen=True)
class RunResult:
    """What one firmware or deployment did when it ran.

    Attributes:
        device: Target the figures belong to (`cortex-m4`, `host`).
        via: How it was reached: `emulator`, `serial:PORT`, `host`.
        runtime: What executed the model, such as `edgeprune firmware` or `LiteRT 2.3.0 XNNPACK`.
        latency: Milliseconds per inference; None where only instructions are counted.
        cycles: CPU cycles per inference, where the target counts them.
        instructions: Instructions per inference, where they are counted.
        energy: Millijoules per inference, where known or estimable.
        stack: Bytes of stack used at most, where the target reports it.
        layers: Per layer, where the firmware was built with profiling; of a phone's runtime its own operators.
        statistics: Benchmark-tool statistics, for phone-class runs.
        memory: Most memory of the process, where that is told.
        notes: What a reader must know of the conditions, such as a clock that moved.
    """

    device: str
    via: str
    runtime: str
    latency: Measurement | None
    cycles: Measurement | None = None
    instructions: Measurement | None = None
    energy: Measurement | None = None
    stack: Measurement | None = None
    layers: tuple[LayerTiming, ...] = ()
    statistics: LatencyStatistics | None = None
    memory: Measurement | None = None
    notes: tuple[str, ...] = ()

    @property
    def cost(self) -> Measurement:
        """What variants are compared by: latency where it is known, else instructions."""
        found = self.latency or self.instructions
        assert found is not None, f"the run on {self.device} has neither latency nor instructions"
        return found


def to_plain(value: Any) -> Any:
    """A value of this module as JSON-ready dictionaries, lists and numbers."""
    if isinstance(value, Origin):
        return value.value
    if dataclasses.is_dataclass(value):
        return {field.name: to_plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, tuple):
        return [to_plain(item) for item in value]
    return value
