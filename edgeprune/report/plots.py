"""Plots as inline SVG, so that the report is one file and needs no network."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from edgeprune.report.values import Report, VariantResult

_COLOURS = ("#8a94a6", "#0b7285", "#e8590c", "#5f3dc4", "#2b8a3e")


def ratio_plot(report: Report, target: str) -> str:
    """Each figure of the pruned variants relative to the dense model, as SVG text."""
    figures: tuple[tuple[str, Callable[[VariantResult], float | None]], ...] = (
        ("multiply-accumulates", lambda v: float(v.macs)),
        ("parameters", lambda v: float(v.parameters)),
        (f"latency, {target}", lambda v: _run_value(v, target, "latency")),
        (f"instructions, {target}", lambda v: _run_value(v, target, "instructions")),
        (f"energy, {target} (estimated)", lambda v: _run_value(v, target, "energy")),
        ("flash", lambda v: _device_value(v, target, "flash")),
        ("RAM", lambda v: _device_value(v, target, "ram")),
        ("download, .epz", lambda v: float(v.epz_bytes)),
    )
    shown = [(label, read) for label, read in figures if read(report.dense)]
    with _figure(6.4, 0.4 * len(shown) * max(1, len(report.pruned)) + 1.1) as (axes, finish):
        height = 0.8 / max(1, len(report.pruned))
        for order, variant in enumerate(report.pruned):
            values = [100 * (read(variant) or 0.0) / (read(report.dense) or 1.0) for _, read in shown]
            places = [row + order * height for row in range(len(shown))]
            bars = axes.barh(places, values, height * 0.92, color=_COLOURS[1 + order % 4], label=variant.name)
            axes.bar_label(bars, [f"{value:.0f} %" for value in values], padding=4, fontsize=9, color="#333")
        axes.axvline(100, color=_COLOURS[0], linewidth=1.2)
        axes.set_yticks([row + height * (len(report.pruned) - 1) / 2 for row in range(len(shown))])
        axes.set_yticklabels([label for label, _ in shown])
        axes.invert_yaxis()
        axes.set_xlim(0, max(118, axes.get_xlim()[1]))
        axes.set_xlabel("per cent of the dense model")
        _legend(axes)
        return finish()


def layer_plot(report: Report, target: str) -> str:
    """Cost of each layer for every variant whose layers were timed, as SVG text; empty without any."""
    timed = [(variant, run.layers) for variant in report.variants for run in variant.device(target).runs if run.layers]
    if not timed:
        return ""
    names = [layer.name for layer in timed[0][1]]
    same = [(variant, layers) for variant, layers in timed if [layer.name for layer in layers] == names]
    with _figure(8.0, 0.19 * len(names) * len(same) + 1.3) as (axes, finish):
        height = 0.84 / len(same)
        for order, (variant, layers) in enumerate(same):
            places = [row + order * height for row in range(len(names))]
            values = [layer.cost.value / 1000 for layer in layers]
            axes.barh(places, values, height, color=_COLOURS[order % 5], label=variant.name)
        axes.set_yticks([row + 0.42 - height / 2 for row in range(len(names))])
        axes.set_yticklabels(names, fontsize=8)
        axes.invert_yaxis()
        axes.set_xlabel(f"thousand {timed[0][1][0].cost.unit} per inference")
        _legend(axes)
        return finish()


def trade_plot(report: Report, target: str) -> str:
    """Accuracy with its confidence interval over latency, as SVG text; empty where nothing ran."""
    points = [(variant, latency) for variant in report.variants if (latency := _run_value(variant, target, "latency"))]
    if not points:
        return ""
    with _figure(6.4, 3.9) as (axes, finish):
        for order, (variant, latency) in enumerate(points):
            value = 100 * variant.accuracy.value
            error = [[value - 100 * variant.accuracy.low], [100 * variant.accuracy.high - value]]
            axes.errorbar(latency, value, yerr=error, fmt="o", color=_COLOURS[order % 5], capsize=4, label=variant.name)
        axes.set_xlim(0, 1.15 * max(latency for _, latency in points))
        axes.set_xlabel(f"latency on {target}, ms")
        axes.set_ylabel("accuracy, %, 95 % interval")
        axes.grid(True, color="#e9ecef")
        _legend(axes)
        return finish()


def _legend(axes: Any) -> None:
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=4, frameon=False, fontsize=9)


def _run_value(variant: VariantResult, target: str, name: str) -> float | None:
    runs = variant.device(target).runs
    measurement = getattr(runs[0], name) if runs else None
    return None if measurement is None else float(measurement.value)


def _device_value(variant: VariantResult, target: str, name: str) -> float | None:
    measurement = getattr(variant.device(target), name)
    return None if measurement is None else float(measurement.value)


@contextmanager
def _figure(width: float, height: float) -> Iterator[tuple[Any, Callable[[], str]]]:
    """Axes of the given size in inches, and a function that returns them as SVG."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    # Text stays text; a fixed salt makes equal reports equal files.
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "edgeprune", "font.family": "sans-serif"}):
        figure = Figure(figsize=(width, height), layout="constrained")
        axes = figure.subplots()
        axes.spines[["top", "right"]].set_visible(False)
        axes.set_axisbelow(True)
        yield axes, lambda: _svg(figure)


def _svg(figure: Any) -> str:
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None}, transparent=True)
    text = buffer.getvalue()
    # Only the element itself: the prologue names its DTD by an address, and the page must name none.
    return re.sub(r"<metadata>.*?</metadata>", "", text[text.index("<svg") :], flags=re.DOTALL)
