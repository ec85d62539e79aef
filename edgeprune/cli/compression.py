"""`compress` and `decompress`: models as small files for download."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgeprune.cli.console import progress, show, show_json, show_table
from edgeprune.cli.options import Json
from edgeprune.errors import ModelError, UserError

if TYPE_CHECKING:
    from edgeprune.compress import Compressed, CompressionReport, Contents
    from edgeprune.progress import Progress

EXAMPLES = {
    "compress": "Example: edgeprune compress small.tflite --out small.epz",
    "decompress": "Example: edgeprune decompress small.epz --out small.tflite",
}


def compress(
    model: Annotated[Path, typer.Argument(help=".tflite, .keras, .h5 or SavedModel.")],
    out: Annotated[Path, typer.Option("--out", help="The .epz file to write.")],
    json_: Json = False,
) -> None:
    """Entropy-code a model without loss, and show what each tensor costs.

    Of a Keras model the layers and weights are kept, and a weight of minus zero becomes zero.
    """
    from edgeprune.staging import staged_file

    with progress() as bars:
        compressed = _compressed(model, bars)
    with staged_file(out) as stage:
        stage.write_bytes(compressed.content)
    report = compressed.report
    if json_:
        totals = {"path": str(out), "bytes": report.nbytes, "original_bytes": report.original, "ratio": report.ratio}
        show_json({**totals, **asdict(report)})
        return
    _show_report(report)
    show(f"wrote {out}: {report.nbytes:,} B, {report.ratio:.2f}x smaller than {report.original:,} B")


def _compressed(model: Path, bars: Progress) -> Compressed:
    if model.suffix == ".tflite" and not model.is_dir():
        from edgeprune.compress import encode_tflite

        try:
            return encode_tflite(model.read_bytes(), bars)
        except FileNotFoundError:
            raise ModelError(f"{model}: there is no such model; give a .tflite, .keras or .h5 file") from None
    from edgeprune import models
    from edgeprune.compress.keras_file import encode_model

    return encode_model(models.load(model), bars)


def _show_report(report: CompressionReport) -> None:
    header = ("tensor", "type", "shape", "coding", "non-zero", "values", "bits each", "positions", "symbols",
              "codebook", "header", "bytes")  # fmt: skip
    rows = [
        (t.name, t.dtype, "x".join(str(extent) for extent in t.shape), t.coding,
         f"{100 * t.nonzero / max(1, t.elements):.2f} %", f"{t.distinct:,}", f"{t.bits_per_element:.2f}",
         *(f"{count:,}" for count in (t.positions, t.symbols, t.codebook, t.header, t.nbytes)))
        for t in report.tensors
    ]  # fmt: skip
    for label, count in (
        ("names, types, shapes", report.names),
        ("all that is not weights", report.rest),
        ("magic and checksums", report.framing),
    ):
        rows.append((label, *[""] * (len(header) - 2), f"{count:,}"))
    rows.append(("total", *[""] * (len(header) - 2), f"{report.nbytes:,}"))
    show_table(header, rows, 4)


def decompress(
    file: Annotated[Path, typer.Argument(help="An .epz file.")],
    out: Annotated[Path, typer.Option("--out", help="The .tflite, .keras or .npz file to write.")],
    json_: Json = False,
) -> None:
    """Restore a model from an .epz file, bit by bit."""
    from edgeprune.compress import CompressedFileError, decode

    if out.suffix not in (".tflite", ".keras", ".npz"):
        raise UserError(f"{out}: --out must end in .tflite, .keras or .npz")
    try:
        content = file.read_bytes()
    except OSError as error:
        raise CompressedFileError(f"cannot read {file}: {error.strerror or error}; give an .epz file") from None
    with progress() as bars:
        contents = decode(content, progress=bars)
    _write(contents, out)
    if json_:
        show_json({"path": str(out), "bytes": out.stat().st_size, "tensors": len(contents.tensors)})
        return
    show(f"wrote {out}: {len(contents.tensors)} tensors restored bit by bit, checksums right")


def _write(contents: Contents, out: Path) -> None:
    from edgeprune.staging import staged_file

    if out.suffix == ".keras":
        from edgeprune.compress.keras_file import restore_model

        restore_model(contents, out)
        return
    with staged_file(out) as stage:
        if out.suffix == ".tflite":
            from edgeprune.compress.tflite_file import restored_file

            stage.write_bytes(restored_file(contents))
        else:
            import numpy as np

            names = [tensor.name for tensor in contents.tensors]
            if len(set(names)) < len(names):
                names = [f"tensor_{index}" for index in range(len(names))]
            np.savez(stage, **{name: tensor.values for name, tensor in zip(names, contents.tensors, strict=True)})


COMMANDS = (compress, decompress)
