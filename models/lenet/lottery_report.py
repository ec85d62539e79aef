"""Table and plot of the lottery ticket curve: means over the seeds with their standard errors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from lottery import Point

_TICKET, _CONTROL, _DENSE = "#0a6e8a", "#c4682b", "#555555"


def mean_and_error(values: Sequence[float]) -> tuple[float, float]:
    """Mean, and standard error of the mean."""
    return float(np.mean(values)), float(np.std(values, ddof=1) / np.sqrt(len(values)))


def at(seeds: Sequence[Sequence[Point]], done: int, control: bool) -> list[Point]:
    """The same training of every seed."""
    return [point for seed in seeds for point in seed if (point.round, point.control) == (done, control)]


def rounds(seeds: Sequence[Sequence[Point]], control: bool) -> list[int]:
    """The rounds that have such a training."""
    return sorted({point.round for seed in seeds for point in seed if point.control == control})


def table(title: str, seeds: Sequence[Sequence[Point]]) -> str:
    """Markdown: per round accuracy of the ticket and of the control, at early stopping and at the end, in per cent."""
    lines = [
        f"\n{title}, {len(seeds)} seeds\n",
        "| weights left | ticket, early stop | new weights, early stop | ticket, end | new weights, end "
        "| ticket stops at | new weights stop at |",
        "|---|---|---|---|---|---|---|",
    ]
    controls = rounds(seeds, control=True)
    for done in rounds(seeds, control=False):
        ticket = at(seeds, done, control=False)
        again = at(seeds, done, control=True) if done in controls else []
        cells = [f"{100 * np.mean([p.remaining for p in ticket]):.1f} %"]
        for name in ("best_accuracy", "final_accuracy"):
            cells += [_cell([100 * getattr(p, name) for p in points], 2) for points in (ticket, again)]
        cells += [_cell([p.best_step for p in points], 0) for points in (ticket, again)]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _cell(values: list[float], digits: int) -> str:
    if not values:
        return ""
    mean, error = mean_and_error(values)
    return f"{mean:,.{digits}f} ± {error:.{digits}f}"


def draw(results: Mapping[str, Sequence[Sequence[Point]]], path: Path) -> None:
    """Write the plot: accuracy and early-stopping step against the share of weights left, one column per data set."""
    import matplotlib as mpl

    mpl.use("agg")
    mpl.rcParams["svg.hashsalt"] = "lottery"  # the same file from the same results
    from matplotlib import pyplot as plt

    rows = (
        ("best_accuracy", 100, "accuracy at early stopping, %"),
        ("final_accuracy", 100, "accuracy at the end, %"),
        ("best_step", 1, "early stopping at step"),
    )
    size = (4.6 * len(results) + 1.6, 8.4)
    figure, axes = plt.subplots(len(rows), len(results), figsize=size, squeeze=False, sharex=True)
    for column, (title, seeds) in enumerate(results.items()):
        for row, (name, scale, label) in enumerate(rows):
            _panel(axes[row][column], seeds, name, scale)
            axes[row][column].set_ylabel(label)
        axes[0][column].set_title(title)
        axes[-1][column].set_xlabel("weights left, %")
    figure.suptitle(f"LeNet-300-100, mean and standard error of {len(next(iter(results.values())))} seeds")
    figure.legend(
        *axes[0][0].get_legend_handles_labels(), loc="upper center", bbox_to_anchor=(0.5, 0.965), ncols=3, frameon=False
    )
    figure.tight_layout(rect=(0, 0, 1, 0.95))
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


def _panel(axis: Any, seeds: Sequence[Sequence[Point]], name: str, scale: float) -> None:
    for control, color, label in ((False, _TICKET, "rewound to the first weights"), (True, _CONTROL, "drawn anew")):
        points = [at(seeds, done, control) for done in rounds(seeds, control)]
        x = [100 * np.mean([p.remaining for p in group]) for group in points]
        y = [mean_and_error([scale * getattr(p, name) for p in group]) for group in points]
        means, errors = zip(*y, strict=True)
        axis.errorbar(x, means, errors, color=color, label=label, marker="o", markersize=3, linewidth=1.4, capsize=2)
        if not control:
            axis.axhline(means[0], color=_DENSE, linewidth=0.8, linestyle="--", label="dense")
    axis.set_xscale("log")
    axis.set_xlim(115, 4.5)
    ticks = [100, 50, 25, 13.5, 7, 5]
    axis.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axis.set_xticks([], minor=True)
    axis.grid(alpha=0.25, linewidth=0.5)
