"""Float model to .tflite, in a subprocess that may die without taking the caller along."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgeprune.errors import DataError, ModelError
from edgeprune.models import custom
from edgeprune.models.dataset import Dataset
from edgeprune.models.loader import FloatModel
from edgeprune.quantize.calibration import Calibration
from edgeprune.quantize.job import Job, Scheme

#: Examples that calibration looks at unless told otherwise.
DEFAULT_SAMPLES = 200
_TIMEOUT_S = 1800
_WORKER = "edgeprune.quantize.worker"


@dataclass(frozen=True)
class QuantizedModel:
    """A .tflite file on disk.

    Attributes:
        path: Where it lies.
        scheme: How it was quantized.
        sha256: Hex digest of the file.
        nbytes: Size of the file.
        note: What was done otherwise than asked for, and why; empty where nothing was.
    """

    path: Path
    scheme: Scheme
    sha256: str
    nbytes: int
    note: str = ""


def convert(
    model: FloatModel,
    data: Dataset | Calibration | None,
    scheme: Scheme | str,
    out: Path,
    samples: int = DEFAULT_SAMPLES,
) -> QuantizedModel:
    """Convert `model` to a .tflite file with batch size 1 and the model's order of inputs and outputs.

    Loops of recurrent layers are written out where the scheme needs it.

    Args:
        model: The float model, with any number of inputs and outputs.
        data: Calibrates int8 and int16x8: a data set with its training inputs, or examples for
            each input; unused by the other schemes.
        scheme: A `Scheme` or its value.
        out: The file to write; it appears whole or not at all.
        samples: How many training examples of a data set calibrate, drawn with a fixed seed.

    Raises:
        DataError: The scheme needs calibration and there is no data, or it does not fit the model.
        ModelError: The scheme is unknown, an input has no fixed size, or the converter failed or died.
    """
    scheme = _scheme(scheme)
    open_ended = [t.name for t in model.model.inputs if None in tuple(t.shape[1:])]
    if open_ended:
        raise ModelError(
            f"{model.source}: input {open_ended[0]!r} has no fixed size, and a device needs one; "
            "save the model with an input of the size it will see"
        )
    calibration = _calibration(model, data, scheme, samples) if scheme.calibrated else None
    content = _converted(model, calibration, scheme, out)
    return QuantizedModel(out, scheme, hashlib.sha256(content).hexdigest(), len(content))


def _converted(model: FloatModel, calibration: Calibration | None, scheme: Scheme, out: Path) -> bytes:
    """Convert `model` in the form that the scheme needs; returns the bytes of `out`."""
    from edgeprune.quantize.recurrent import unrolled

    if not scheme.calibrated:
        return _in_subprocess(model, model.model, None, scheme, out)
    try:
        return _in_subprocess(model, unrolled(model.model) or model.model, calibration, scheme, out)
    except ModelError:
        without_fusion = unrolled(model.model, fused_too=True)
        if without_fusion is None:
            raise
        return _in_subprocess(model, without_fusion, calibration, scheme, out)


def convert_trained(model: FloatModel, trained: Any, out: Path) -> bytes:
    """Convert to int8 what quantization-aware training made of `model`; returns the bytes of `out`.

    Args:
        model: For messages.
        trained: tf-keras model in TF-MOT's quantization wrappers, which know all ranges.
        out: The file to write.

    Raises:
        ModelError: The converter failed or died.
    """
    return _in_subprocess(model, trained, None, Scheme.INT8, out, "model.h5")


def _in_subprocess(
    model: FloatModel,
    form: Any,
    calibration: Calibration | None,
    scheme: Scheme,
    out: Path,
    file: str = "model.keras",
) -> bytes:
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".convert-", dir=out.parent) as name:
        folder = Path(name)
        saved, examples = str(folder / file), folder / "calibration.npz"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # tf-keras calls .h5 old
            form.save(saved)
        if calibration is not None:
            calibration.save(examples)
        own = tuple(str(file) for file in custom.files())
        job = Job(saved, str(examples) if calibration else None, scheme.value, str(folder / "model.tflite"), own)
        job.write(folder / "job.json")
        _run(model, scheme, folder / "job.json")
        content = Path(job.out).read_bytes()
        Path(job.out).replace(out)
    return content


def _scheme(scheme: Scheme | str) -> Scheme:
    try:
        return Scheme(scheme)
    except ValueError:
        raise ModelError(
            f"quantization {str(scheme)!r} is unknown; choose one of {', '.join(s.value for s in Scheme)}"
        ) from None


def _calibration(model: FloatModel, data: Dataset | Calibration | None, scheme: Scheme, samples: int) -> Calibration:
    if data is None:
        raise DataError(f"{scheme.value} needs examples to learn the range of each activation; give a data file")
    if samples < 1:
        raise DataError(
            f"calibration with {samples} examples is not possible; give at least 1, better {DEFAULT_SAMPLES}"
        )
    calibration = Calibration.of(model, data, samples) if isinstance(data, Dataset) else data
    calibration.check_against(model)
    return calibration


def _environment() -> dict[str, str]:
    """The parent's environment, with the package's own folder importable wherever it was started from."""
    package_root = str(Path(__file__).resolve().parents[2])
    paths = [package_root, *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "TF_CPP_MIN_LOG_LEVEL": "3"}


def _run(model: FloatModel, scheme: Scheme, job: Path) -> None:
    """Run the worker and turn its failure into one sentence."""
    try:
        done = subprocess.run(
            [sys.executable, "-m", _WORKER, str(job)],
            env=_environment(),
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise ModelError(
            f"{model.source}: converting to {scheme.value} took more than {_TIMEOUT_S // 60} minutes and was stopped; "
            "try a smaller model"
        ) from None
    if done.returncode == 0:
        return
    lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
    last = lines[-1][:300] if lines else "it wrote nothing"
    how = f"died of {_signal(-done.returncode)}" if done.returncode < 0 else "failed"
    raise ModelError(
        f"{model.source}: the TFLite converter {how} while converting to {scheme.value} ({last}); "
        "try another quantization, or unroll recurrent layers"
    )


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
