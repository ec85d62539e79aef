"""A report with every kind of entry, for tests of its pages."""

from __future__ import annotations

from edgeprune.measure.accuracy import Accuracy, AccuracyChange
from edgeprune.measure.validate import Validation
from edgeprune.measure.values import LatencyStatistics, LayerTiming, Measurement, Origin, RunResult
from edgeprune.prune.result import GroupReport
from edgeprune.report import DeviceResult, Report, VariantResult
from edgeprune.report.values import LayerRow

MACS, CYCLES = 3_000_000, 12_000_000


def _run(cycles: float) -> RunResult:
    counted = Measurement(cycles, "cycles", Origin.EMULATED, "cortex-m4", cycles - 9, cycles + 9, 5, "modelled: a test")
    latency = counted.scaled(1e3 / 120e6, "ms", note="at 120 MHz")
    layers = tuple(
        LayerTiming(i, name, Measurement(share * cycles, "cycles", Origin.EMULATED, "cortex-m4", 0, cycles, 8))
        for i, (name, share) in enumerate((("00_conv_2d", 0.7), ("01_add", 0.2), ("02_softmax", 0.1)))
    )
    return RunResult(
        "cortex-m4", "emulator", "edgeprune firmware", latency, counted,
        energy=latency.scaled(0.043, "mJ", Origin.ESTIMATED, "latency times 43 mW"),
        stack=Measurement(412, "B", Origin.EMULATED, "cortex-m4", 412, 412, 1), layers=layers,
    )  # fmt: skip


def _host(milliseconds: float) -> RunResult:
    us = milliseconds * 1000
    statistics = LatencyStatistics(900, us * 2, us, 120, us * 0.9, us * 1.4, us, us * 0.1, us * 0.95, us, us * 1.2)
    latency = Measurement(milliseconds, "ms", Origin.MEASURED, "host", milliseconds * 0.9, milliseconds * 1.2, 120)
    return RunResult("host", "host", "LiteRT", latency, statistics=statistics)


def _variant(name: str, macs: int, cycles: float, change: AccuracyChange | None) -> VariantResult:
    def size(value: float) -> Measurement:
        return Measurement.counted(int(value), "B", "cortex-m4")

    share = macs / MACS
    board = DeviceResult(
        "cortex-m4", "Generic Cortex-M4F", "mcu", f"{name}/cortex-m4", (_run(cycles),), "",
        size(70_000 * share), size(30_000 * share), size(28_000 * share), Validation(20, 20, 200, 0, 0.0),
    )  # fmt: skip
    phone = DeviceResult("phone-a76", "Cortex-A76", "phone", f"{name}/phone-a76", (), "not measured: no phone")
    host = DeviceResult("host", "This machine", "host", f"{name}/host", (_host(0.04 * share),))
    layers = tuple(
        LayerRow(layer, kernel, int(macs * part), int(1000 * part), (1, 4, 4, 8))
        for layer, kernel, part in (
            ("00_conv_2d", "ep_conv", 1.0),
            ("01_add", "ep_add", 0),
            ("02_softmax", "ep_softmax", 0),
        )
    )
    groups = (GroupReport("stem", 32, 20), GroupReport("classes", 10, 10, ("it is the model's output",)))
    return VariantResult(
        name, "none" if change is None else "channel", int(37_000 * share), macs, int(60_000 * share),
        int(40_000 * share), int(36_000 * share),
        Accuracy(930, 1000, 0.93, 0.91, 0.945), Accuracy(925, 1000, 0.925, 0.905, 0.94), change,
        "int8", layers, () if change is None else groups, (board, phone, host),
    )  # fmt: skip


def sample_report(
    name: str = "sample", latency_ratio: float = 2.0, macs_ratio: float = 3.0, variant: str = "pruned"
) -> Report:
    """Dense against one variant with the given ratios."""
    pruned = _variant(variant, round(MACS / macs_ratio), CYCLES / latency_ratio, AccuracyChange(-0.5, -1.1, 0.1, 0.12))
    dense = _variant("dense", MACS, CYCLES, None)
    return Report("0.0.0", name, "m.keras", "d.npz", 1000, "Some CPU", (dense, pruned))
