"""Float model to .tflite, in a subprocess that may die without taking the caller along."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgeprune.errors import DataError, ModelError
from edgeprune.models.dataset import Dataset, Floats
from edgeprune.models.loader import FloatModel
from edgeprune.quantize.job import Job, Scheme

#: Examples that calibration looks at unless told otherwise.
DEFAULT_SAMPLES = 200
_SEED = 0
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
    """

    path: Path
    scheme: Scheme
    sha256: str
    nbytes: int


def convert(
    model: FloatModel, data: Dataset | None, scheme: Scheme | str, out: Path, samples: int = DEFAULT_SAMPLES
) -> QuantizedModel:
    """Convert `model` to a .tflite file with batch size 1.

    Args:
        model: The float model.
        data: Its training inputs calibrate int8 and int16x8; unused by the other schemes.
        scheme: A `Scheme` or its value.
        out: The file to write; it appears whole or not at all.
        samples: How many training examples calibrate, drawn with a fixed seed.

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
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".convert-", dir=out.parent) as name:
        folder = Path(name)
        job = Job(str(folder / "model.keras"), None, scheme.value, str(folder / "model.tflite"))
        model.model.save(job.model)
        if calibration is not None:
            examples = folder / "calibration.npy"
            np.save(examples, calibration)
            job = Job(job.model, str(examples), job.scheme, job.out)
        job.write(folder / "job.json")
        _run(model, scheme, folder / "job.json")
        content = Path(job.out).read_bytes()
        Path(job.out).replace(out)
    return QuantizedModel(out, scheme, hashlib.sha256(content).hexdigest(), len(content))


def _scheme(scheme: Scheme | str) -> Scheme:
    try:
        return Scheme(scheme)
    except ValueError:
        raise ModelError(
            f"quantization {str(scheme)!r} is unknown; choose one of {', '.join(s.value for s in Scheme)}"
        ) from None


def _calibration(model: FloatModel, data: Dataset | None, scheme: Scheme, samples: int) -> Floats:
    """A seeded draw of training inputs as float32 [samples, ...]."""
    if data is None:
        raise DataError(f"{scheme.value} needs examples to learn the range of each activation; give a data file")
    if samples < 1:
        raise DataError(
            f"calibration with {samples} examples is not possible; give at least 1, better {DEFAULT_SAMPLES}"
        )
    data.check_against(model.input_shape, int(model.model.outputs[0].shape[-1]))
    count = min(samples, len(data.x_train))
    chosen = np.sort(np.random.default_rng(_SEED).choice(len(data.x_train), count, replace=False))
    return data.real(data.x_train[chosen])


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
