"""`analyze` and `convert`: steps on one model file."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgeprune.cli.console import progress, show, show_json, show_removals, show_table
from edgeprune.cli.options import Custom, Json, run_custom
from edgeprune.errors import UserError

if TYPE_CHECKING:
    from edgeprune.models import Dataset, FloatModel
    from edgeprune.progress import Progress
    from edgeprune.quantize import QuantizedModel
    from edgeprune.tflite import TfliteModel

EXAMPLES = {
    "analyze": "Example: edgeprune analyze model.tflite --target cortex-m4",
    "convert": "Example: edgeprune convert small.keras --data data.npz --quantize int8 --out small.tflite",
}

_Data = Annotated[Path, typer.Option("--data", help="x_train, y_train, x_test, y_test in one .npz.")]


def analyze(
    model: Annotated[Path, typer.Argument(help=".tflite, .keras, .h5 or SavedModel.")],
    target: Annotated[str, typer.Option("--target", help="Profile to judge the layers by.")] = "cortex-m4",
    custom: Custom = None,
    json_: Json = False,
) -> None:
    """Show per layer what it costs, whether the target runs it, and whether its zeros help there."""
    from edgeprune.optimize import optimize, remove_constant_channels
    from edgeprune.plan import analyse
    from edgeprune.targets import load_target

    run_custom(custom)
    profile = load_target(target)
    source = _as_tflite(model, profile.kind)
    layers = analyse(source.graph, profile)
    removals = remove_constant_channels(optimize(source.graph))[1] if profile.kind == "mcu" else ()
    if json_:
        total = {"macs": sum(layer.macs for layer in layers), "parameters": sum(layer.parameters for layer in layers)}
        show_json({"model": model.name, "sha256": source.sha256, "target": profile.name, **total,
                   "layers": [asdict(layer) for layer in layers],
                   "removals": [asdict(removal) for removal in removals]})  # fmt: skip
        return
    rows = []
    constant = {removal.layer: str(removal.constant) for removal in removals}
    for layer in layers:
        shape = "x".join(str(extent) for extent in layer.output_shape)
        zeros = "" if layer.sparsity is None else f"{100 * layer.sparsity:.0f} %"
        rows.append(
            (layer.name, layer.kernel or "not supported", shape, f"{layer.macs:,}", f"{layer.parameters:,}", zeros,
             layer.weights.text if layer.weights else "", constant.get(layer.name, "0"))
        )  # fmt: skip
    total_macs, total_parameters = sum(layer.macs for layer in layers), sum(layer.parameters for layer in layers)
    rows.append(("total", "", "", f"{total_macs:,}", f"{total_parameters:,}", "", "", ""))
    show_table(
        ("layer", f"runs on {profile.name} as", "output", "MAC", "parameters", "zeros", "pattern", "constant"), rows, 2
    )
    show_removals(removals)
    for layer in layers:
        for text in filter(None, (layer.fault, layer.sparsity_note)):
            show(f"{layer.name}: {text}")


def _as_tflite(path: Path, kind: str) -> TfliteModel:
    """The model as .tflite; a Keras model is converted, for a microcontroller to int8 with random calibration."""
    from edgeprune import tflite

    if path.is_file() and path.suffix == ".tflite":
        return tflite.read(path)
    import tempfile

    from edgeprune import models
    from edgeprune.quantize import Calibration, Scheme, convert

    loaded = models.load(path)
    calibration, scheme = None, Scheme.NONE
    if kind == "mcu":
        scheme = Scheme.INT8
        calibration = Calibration.random(loaded)  # only the structure is looked at, so what calibrates does not matter
    with tempfile.TemporaryDirectory(prefix="edgeprune-") as folder, progress() as bars:
        bars.start(f"convert {path.name}", None)
        converted = Path(folder, f"{path.stem}.tflite")
        convert(loaded, calibration, scheme, converted)
        return tflite.read(converted)


def convert(
    model: Annotated[Path, typer.Argument(help=".keras, .h5 or SavedModel.")],
    out: Annotated[Path, typer.Option("--out", help="The .tflite file to write.")],
    quantize: Annotated[str, typer.Option("--quantize", help="int8, int16x8, float16, dynamic or none.")] = "int8",
    data: Annotated[
        Path | None, typer.Option("--data", help="Calibration and accuracy; int8 and int16x8 need it.")
    ] = None,
    samples: Annotated[int, typer.Option("--samples", min=1, help="Training examples that calibrate.")] = 200,
    qat_epochs: Annotated[
        int, typer.Option("--qat-epochs", min=0, help="Epochs of quantization-aware training before int8.")
    ] = 0,
    custom: Custom = None,
    json_: Json = False,
) -> None:
    """Quantize a Keras model to .tflite, and show its accuracy before and after."""
    if qat_epochs and (quantize != "int8" or data is None):
        raise UserError(f"--qat-epochs {qat_epochs} trains for int8 on a data file; add --quantize int8 and --data")
    from edgeprune import models, tflite
    from edgeprune.measure import litert
    from edgeprune.measure.accuracy import accuracy, right_answers
    from edgeprune.quantize import convert as to_tflite

    dataset = None if data is None else models.load_dataset(data)
    run_custom(custom)
    source = models.load(model)
    with progress() as bars:
        bars.start(f"convert {model.name} to {quantize}", None)
        if dataset is not None and qat_epochs:
            result = _trained(source, dataset, out, qat_epochs, samples, bars)
        else:
            result = to_tflite(source, dataset, quantize, out, samples)
        shares = None
        if dataset is not None:
            before = right_answers(models.scores(source, dataset.test_inputs()), dataset)
            after = right_answers(litert.scores(tflite.read(out), dataset.test_inputs(), bars), dataset)
            shares = accuracy(before), accuracy(after)
    if json_:
        found = None if shares is None else {"before": asdict(shares[0]), "after": asdict(shares[1])}
        show_json({"path": str(result.path), "scheme": result.scheme.value, "sha256": result.sha256,
                   "bytes": result.nbytes, "accuracy": found, "note": result.note})  # fmt: skip
        return
    show(f"wrote {result.path}: {result.scheme.value}, {result.nbytes:,} B")
    if result.note:
        show(result.note)
    for label, share in zip(("before", "after"), shares or (), strict=False):
        show(f"accuracy {label}: {100 * share.value:.2f} % ({100 * share.low:.2f} to {100 * share.high:.2f})")


def _trained(model: FloatModel, data: Dataset, out: Path, epochs: int, samples: int, bars: Progress) -> QuantizedModel:
    """Convert with quantization-aware training that continues after an interruption."""
    import shutil

    from edgeprune.quantize import AwareTraining, convert_aware
    from edgeprune.resources import checkpoints_folder

    checkpoints = checkpoints_folder(out)
    result = convert_aware(model, data, AwareTraining(epochs), out, checkpoints, bars, samples=samples)
    shutil.rmtree(checkpoints, ignore_errors=True)
    return result


COMMANDS = (analyze, convert)
