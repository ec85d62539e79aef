"""The report's tables as rows of text, shared by Markdown and HTML."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from edgeprune.measure.accuracy import Accuracy
from edgeprune.measure.values import Measurement, Origin, RunResult
from edgeprune.report.values import DeviceResult, Report, VariantResult


@dataclass(frozen=True)
class Table:
    """A table of text: the first column names the row, the others are right-aligned figures."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def summary_table(report: Report) -> Table:
    """One row per figure, one column per variant, the ratio to the dense model, and the origin."""
    rows: list[tuple[str, ...]] = []

    def ratio(values: list[float | None]) -> tuple[str, ...]:
        dense = values[0]
        return tuple(f"{dense / v:.2f}x" if dense and v else "" for v in values[1:])

    def row(label: str, texts: list[str], ratios: tuple[str, ...], origin: str) -> None:
        if any(texts):
            rows.append((label, *texts, *ratios, origin))

    variants = report.variants
    nothing = ("",) * len(report.pruned)
    row("accuracy, float model", [_accuracy(v.float_accuracy) for v in variants], nothing, "measured (host)")
    changes = tuple("" if v.change is None else f"{v.change.points:+.2f} points" for v in report.pruned)
    scheme = report.dense.scheme
    row(f"accuracy, {scheme}", [_accuracy(v.accuracy) for v in variants], changes, "measured (host)")
    counted: tuple[tuple[str, Callable[[VariantResult], int]], ...] = (
        ("multiply-accumulates", lambda v: v.macs),
        ("parameters", lambda v: v.parameters),
        (".tflite, bytes", lambda v: v.tflite_bytes),
        (".tflite, gzip, bytes", lambda v: v.gzip_bytes),
        (".tflite, .epz, bytes", lambda v: v.epz_bytes),
    )
    for label, read in counted:
        row(label, [f"{read(v):,}" for v in variants], ratio([float(read(v)) for v in variants]), "counted")
    for target in (d.target for d in report.dense.devices):
        for label, measure in _DEVICE_FIGURES:
            found = [measure(v.device(target)) for v in variants]
            values = [None if m is None else m.value for m in found]
            origin = next((m.origin.value for m in found if m is not None), "")
            row(f"{target}: {label}", [_figure(m) for m in found], ratio(values), origin)
        exact = [_exactness(v.device(target)) for v in variants]
        row(f"{target}: equal to the reference kernels", exact, nothing, "compared")
    ratios = tuple(f"{report.dense.name} / {v.name}" for v in report.pruned)
    return Table(("", *(v.name for v in variants), *ratios, "origin"), tuple(rows))


def _run_figure(name: str) -> Callable[[DeviceResult], Measurement | None]:
    def read(device: DeviceResult) -> Measurement | None:
        return getattr(device.runs[0], name) if device.runs else None

    return read


_DEVICE_FIGURES: tuple[tuple[str, Callable[[DeviceResult], Measurement | None]], ...] = (
    ("latency", _run_figure("latency")),
    ("cycles", _run_figure("cycles")),
    ("instructions", _run_figure("instructions")),
    ("energy", _run_figure("energy")),
    ("flash", lambda device: device.flash),
    ("RAM without stack", lambda device: device.ram),
    ("tensor arena", lambda device: device.arena),
    ("stack used", _run_figure("stack")),
)


@dataclass(frozen=True)
class Benchmark:
    """The runs on one device that has a runtime, in the fields of TFLite's benchmark tool.

    Attributes:
        title, intro: Heading and a sentence on whose times these are.
        table: Microseconds.
        notes: What a reader must know of the conditions.
    """

    title: str
    intro: str
    table: Table
    notes: tuple[str, ...]


_BENCHMARK = ("us", "count", "init", "first", "warmup avg", "min", "max", "avg", "std", "p5", "median", "p95")


def benchmarks(report: Report) -> tuple[Benchmark, ...]:
    """One for each phone and for the host, where anything ran."""
    found = []
    for device in report.dense.devices:
        runs = [(v.name, run) for v in report.variants for run in v.device(device.target).runs if run.statistics]
        if not runs:
            continue
        if device.kind == "host":
            title, intro = "This host", f"Times of {report.host}; they say nothing about another device."
        else:
            title, intro = device.title, f"Measured on {runs[0][1].via}, all variants in turns."
        table = Table(_BENCHMARK, tuple(_benchmark_row(name, run) for name, run in runs))
        notes = tuple(f"{name}, {run.runtime}: {note}" for name, run in runs for note in run.notes)
        found.append(Benchmark(title, intro, table, notes))
    return tuple(found)


def _benchmark_row(variant: str, run: RunResult) -> tuple[str, ...]:
    s = run.statistics
    assert s is not None
    figures = (s.init_us, s.first_us, s.warmup_avg_us, s.min_us, s.max_us, s.avg_us, s.std_us)
    quantiles = (s.p5_us, s.median_us, s.p95_us)
    return f"{variant}, {run.runtime}", f"{s.count:,}", *(f"{value:,.0f}" for value in (*figures, *quantiles))


def layers_table(report: Report, target: str) -> Table:
    """Per layer: kernel, shape, multiply-accumulates and cycles of every variant."""
    rows = []
    for index, layer in enumerate(report.dense.layers):
        texts: list[str] = []
        for variant in report.variants:
            if index >= len(variant.layers) or variant.layers[index].name != layer.name:
                texts += ["", "", "", ""]
                continue
            own = variant.layers[index]
            runs = variant.device(target).runs
            timing = runs[0].layers[index].cost.value if runs and runs[0].layers else None
            texts += [
                "x".join(str(extent) for extent in own.output_shape[1:]),
                f"{own.macs:,}",
                "" if timing is None else f"{timing:,.0f}",
                "" if timing is None or not own.macs else f"{timing / own.macs:.2f}",
            ]
        rows.append((layer.name, layer.kernel or "no code", *texts))
    units = {layer.cost.unit for v in report.variants for run in v.device(target).runs for layer in run.layers}
    unit = next(iter(units), "cycles")
    columns = [f"{v.name}: {what}" for v in report.variants for what in ("output", "MAC", unit, f"{unit}/MAC")]
    return Table(("layer", "kernel", *columns), tuple(rows))


def groups_table(variant: VariantResult) -> Table:
    """What channel pruning did to each group of channels that stand and fall together."""
    rows = [
        (group.name, f"{group.before:,}", f"{group.after:,}", "; ".join(group.kept_because) or "pruned")
        if group.after < group.before or group.kept_because
        else (group.name, f"{group.before:,}", f"{group.after:,}", "within budget")
        for group in variant.groups
    ]
    return Table(("channels of", "before", "after", "why"), tuple(rows))


def timing_note(report: Report) -> str:
    """What emulated cycles and instructions stand on, per target; empty where nothing was emulated."""
    notes = {
        device.target: counted.note
        for device in report.dense.devices
        for run in device.runs
        if (counted := run.cycles or run.instructions) is not None and counted.origin is Origin.EMULATED
    }
    return " ".join(f"Counts of {target}, emulated: {note}." for target, note in notes.items() if note)


def energy_note(report: Report) -> str:
    """What the energy estimate stands on; empty where there is none."""
    energy = next(
        (run.energy.note for v in report.variants for d in v.devices for run in d.runs if run.energy is not None), ""
    )
    return f"Energy: {energy}." if energy else ""


def _accuracy(accuracy: Accuracy) -> str:
    return f"{100 * accuracy.value:.2f} % ({100 * accuracy.low:.2f} to {100 * accuracy.high:.2f})"


def _exactness(device: DeviceResult) -> str:
    found = device.validation
    return "" if found is None else f"{found.exact} of {found.inputs} inputs"


def _figure(measurement: Measurement | None) -> str:
    if measurement is None:
        return ""
    digits = ",.0f" if measurement.unit in {"cycles", "instructions", "B"} else ",.4g"
    low, value, high = (f"{v:{digits}}" for v in (measurement.low, measurement.value, measurement.high))
    spread = f" ({low} to {high})" if low != high and measurement.origin is not Origin.COUNTED else ""
    unit = "" if measurement.unit in {"cycles", "instructions"} else f" {measurement.unit}"
    return f"{value}{unit}{spread}"
