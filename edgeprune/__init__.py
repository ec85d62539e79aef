"""edgeprune: does pruning make my model faster on my device?  Measure it, then deploy it.

The steps of the command line as functions; each is imported on first use, so that
`import edgeprune` costs nothing and TensorFlow is loaded only by what needs it::

    import edgeprune

    recipe = edgeprune.load_recipe(Path("models/fashion/recipe.toml"))
    report = edgeprune.run(recipe, Path("fashion-report"))
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from edgeprune.build import build_firmware, load_firmware
    from edgeprune.compact.calibrated import calibrated as prune_calibrated
    from edgeprune.compact.lossless import lossless as prune_lossless
    from edgeprune.compress import decode_tensors, decode_tflite, encode_tensors, encode_tflite
    from edgeprune.measure.arrays import load_inputs, random_batch
    from edgeprune.measure.board import run_on_board
    from edgeprune.measure.host import run_deployment
    from edgeprune.measure.session import validate_firmware
    from edgeprune.models import load as load_model
    from edgeprune.models import load_dataset
    from edgeprune.models import save as save_model
    from edgeprune.pipeline import run
    from edgeprune.plan import analyse
    from edgeprune.prune.job import prune
    from edgeprune.quantize.convert import convert
    from edgeprune.recipe import load_recipe
    from edgeprune.report import read_report, write_report
    from edgeprune.sparsify import sparse as make_sparse
    from edgeprune.targets import list_targets, load_target
    from edgeprune.tflite import read as read_tflite

__version__ = "0.1.0"

__all__ = [
    "analyse",
    "build_firmware",
    "convert",
    "decode_tensors",
    "decode_tflite",
    "encode_tensors",
    "encode_tflite",
    "list_targets",
    "load_dataset",
    "load_firmware",
    "load_inputs",
    "load_model",
    "load_recipe",
    "load_target",
    "make_sparse",
    "prune",
    "prune_calibrated",
    "prune_lossless",
    "random_batch",
    "read_report",
    "read_tflite",
    "run",
    "run_deployment",
    "run_on_board",
    "save_model",
    "validate_firmware",
    "write_report",
]

#: Where each function lives, and its name there where it differs.
_HOMES = {
    "analyse": "plan",
    "build_firmware": "build",
    "convert": "quantize",
    "decode_tensors": "compress",
    "decode_tflite": "compress",
    "encode_tensors": "compress",
    "encode_tflite": "compress",
    "list_targets": "targets",
    "load_dataset": "models",
    "load_firmware": "build",
    "load_inputs": "measure.arrays",
    "load_model": "models:load",
    "load_recipe": "recipe",
    "load_target": "targets",
    "make_sparse": "sparsify:sparse",
    "prune": "prune",
    "prune_calibrated": "compact:calibrated",
    "prune_lossless": "compact:lossless",
    "random_batch": "measure.arrays",
    "read_report": "report",
    "read_tflite": "tflite:read",
    "run": "pipeline",
    "run_deployment": "measure.host",
    "run_on_board": "measure.board",
    "save_model": "models:save",
    "validate_firmware": "measure.session",
    "write_report": "report",
}


def __getattr__(name: str) -> Any:
    """Import a function of the API on first use."""
    if name not in _HOMES:
        raise AttributeError(f"module 'edgeprune' has no attribute {name!r}")
    module, _, there = _HOMES[name].partition(":")
    home = importlib.import_module(f"edgeprune.{module}")
    return home if name == module else getattr(home, there or name)
