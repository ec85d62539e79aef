"""`prune` for .tflite files, which cannot be retrained; needs no TensorFlow."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgeprune.cli.console import progress, show, show_json, show_removals, show_table
from edgeprune.errors import UserError

if TYPE_CHECKING:
    from edgeprune.compact import Calibrated, Calibration, Lossless
    from edgeprune.tflite import TfliteModel


def prune_tflite(model: Path, data: Path | None, out: Path, method: str, settings: dict[str, Any], json_: bool) -> None:
    """Write a smaller .tflite file.

    Args:
        model: The .tflite file.
        data: The .npz that `calibrated` needs.
        out: The file to write.
        method: One of `cli.pruning.TFLITE_METHODS`.
        settings: Settings of `calibrated`.
        json_: Whether to print one JSON document.
    """
    from edgeprune import tflite
    from edgeprune.cli.pruning import TFLITE_METHODS

    source = tflite.read(model)
    if method not in TFLITE_METHODS:
        raise UserError(
            f"{model.name} is a .tflite file, which cannot be retrained as --method {method} would; "
            f"give --method {' or '.join(TFLITE_METHODS)}, or the Keras model it was made from"
        )
    if out.suffix != ".tflite":
        raise UserError(f"--out {out} must end in .tflite, as {model.name} does")
    if method == "lossless":
        if settings:
            raise UserError(f"--method lossless has no settings, so {next(iter(settings))} cannot be set; leave it out")
        _lossless(source, out, json_)
    elif data is None:
        raise UserError("--data is missing; --method calibrated needs an .npz with x_train, y_train, x_test and y_test")
    else:
        from edgeprune.compact import Calibration
        from edgeprune.prune.options import read_settings

        _calibrated(source, data, out, read_settings(Calibration, settings, "--set"), json_)


def _calibrated(source: TfliteModel, data: Path, out: Path, settings: Calibration, json_: bool) -> None:
    from edgeprune.compact import calibrated
    from edgeprune.models.dataset import load_dataset

    dataset = load_dataset(data)
    with progress() as bars:
        result = calibrated(source, dataset, settings, bars)
    _write(out, result.model)
    if json_:
        document = {name: value for name, value in vars(result).items() if name not in {"model", "change"}}
        show_json({"method": "calibrated", "path": str(out), "sha256": result.model.sha256, **document,
                   "change": asdict(result.change)})  # fmt: skip
        return
    change = result.change
    _show_sizes(result, ("accuracy", f"{100 * result.accuracy_before:.2f} %", f"{100 * result.accuracy_after:.2f} %"))
    show(
        f"accuracy changed by {change.points:+.2f} points ({change.low:+.2f} to {change.high:+.2f}, McNemar p = "
        f"{change.p_value:.2g}) on the test split, by {result.held_out_points:+.2f} on held-out training examples"
    )
    show("widths: " + ", ".join(f"{before} -> {after}" for before, after in result.widths))
    show(f"wrote {out}")


def _lossless(source: TfliteModel, out: Path, json_: bool) -> None:
    from edgeprune.compact import lossless

    with progress() as bars:
        bars.start(f"remove what no output of {source.graph.name} depends on", None)
        result = lossless(source)
    _write(out, result.model)
    if json_:
        document = {name: value for name, value in vars(result).items() if name not in {"model", "removals"}}
        show_json({"method": "lossless", "path": str(out), "sha256": result.model.sha256, **document,
                   "removals": [asdict(removal) for removal in result.removals]})  # fmt: skip
        return
    show_removals(result.removals)
    _show_sizes(result)
    if result.reason:
        show(f"nothing could go: {result.reason}; {out} is a copy")
    else:
        show(f"outputs are identical; compared on {result.inputs_compared} inputs with two kinds of kernels")
        show(f"wrote {out}")


def _show_sizes(result: Lossless | Calibrated, *rows_before: tuple[str, str, str]) -> None:
    rows = [
        *rows_before,
        ("multiply-accumulates", f"{result.macs_before:,}", f"{result.macs_after:,}"),
        ("bytes", f"{result.bytes_before:,}", f"{result.bytes_after:,}"),
    ]
    show_table(("", "before", "after"), rows)


def _write(out: Path, model: TfliteModel) -> None:
    from edgeprune.staging import staged_file

    with staged_file(out) as stage:
        stage.write_bytes(model.content)
