"""LiteRT and tflite-runtime on this machine: latency, and outputs for accuracy."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edgeprune.errors import ModelError
from edgeprune.measure.arrays import Array, InputBatch, to_input, to_real
from edgeprune.measure.litert_worker import MINIMUM_RUNS
from edgeprune.measure.values import LatencyStatistics, Measurement, Origin, RunResult
from edgeprune.models.tensorflow import muted
from edgeprune.progress import SILENT, Progress
from edgeprune.tflite import TfliteModel

_WORKER_SECONDS = 600
_NOTE = "on this machine's CPU; says nothing about a phone's latency"


def runtimes() -> tuple[str, ...]:
    """The runtimes installed here, the maintained one first."""
    modules = {"litert": "ai_edge_litert", "tflite-runtime": "tflite_runtime"}
    return tuple(name for name, module in modules.items() if importlib.util.find_spec(module))


def benchmark(model: Path, runtime: str, threads: int, runs: int = MINIMUM_RUNS) -> RunResult:
    """Time `model` in a process of its own, pinned to `threads` CPUs, after a warm-up.

    Args:
        model: The .tflite file.
        runtime: One of `runtimes()`.
        threads: Threads and CPUs.
        runs: Inferences that count at least; 50 is the least.

    Raises:
        ModelError: the runtime cannot run the model.
    """
    with tempfile.TemporaryDirectory(prefix="edgeprune-") as folder:
        job, result = Path(folder, "job.json"), Path(folder, "result.json")
        order = {"runtime": runtime, "model": str(model), "threads": threads, "runs": max(runs, MINIMUM_RUNS)}
        job.write_text(json.dumps({**order, "result": str(result)}), encoding="utf-8")
        command = [sys.executable, "-m", "edgeprune.measure.litert_worker", str(job)]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, errors="replace", timeout=_WORKER_SECONDS, check=False
            )
        except subprocess.TimeoutExpired:
            raise ModelError(f"{runtime} did not finish {model} within {_WORKER_SECONDS} s") from None
        if done.returncode != 0 or not result.is_file():
            lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
            raise ModelError(f"{runtime} cannot run {model}: {lines[-1][:300]}")
        reading = json.loads(result.read_text(encoding="utf-8"))
    statistics = LatencyStatistics(**reading["statistics"])
    latency = Measurement(
        value=statistics.median_us / 1000,
        unit="ms",
        origin=Origin.MEASURED,
        device="host",
        low=statistics.p5_us / 1000,
        high=statistics.p95_us / 1000,
        runs=statistics.count,
        note=f"median, 5th and 95th percentile, {_NOTE}",
    )
    return RunResult("host", "host", reading["runtime"], latency, statistics=statistics)


def run_on_host(model: TfliteModel, inputs: InputBatch, progress: Progress = SILENT) -> tuple[Array, ...]:
    """Outputs of LiteRT with XNNPACK for each input: one array [N, ...] per model output.

    Raises:
        ModelError: LiteRT cannot run the model.
    """
    engine = _interpreter(model)
    sources = [detail["index"] for detail in engine.get_input_details()]
    results = [detail["index"] for detail in engine.get_output_details()]
    rows = []
    progress.start(f"LiteRT on {len(inputs)} inputs", len(inputs))
    for number in range(len(inputs)):
        for index, array in zip(sources, inputs.sample(number), strict=True):
            engine.set_tensor(index, array)
        engine.invoke()
        rows.append([engine.get_tensor(index) for index in results])
        progress.advance()
    progress.finish()
    return tuple(np.stack(column) for column in zip(*rows, strict=True))


def scores(
    model: TfliteModel, examples: npt.NDArray[np.float32], progress: Progress = SILENT
) -> npt.NDArray[np.float32]:
    """The model's real-valued outputs [N, classes] for real-valued examples [N, ...], by LiteRT on this machine."""
    source, output = model.graph.input_tensors()[0], model.graph.output_tensors()[0]
    stored = to_input(examples, source).reshape(len(examples), *source.shape)
    (rows,) = run_on_host(model, InputBatch((stored,)), progress)
    return to_real(rows, output).reshape(len(examples), -1)


def _interpreter(model: TfliteModel) -> Any:
    from ai_edge_litert.interpreter import Interpreter

    try:
        with muted():  # it announces its delegate
            engine = Interpreter(model_content=model.content, num_threads=1)
            engine.allocate_tensors()
    except (ValueError, RuntimeError) as error:
        raise ModelError(f"LiteRT cannot run {model.graph.name}: {str(error).splitlines()[0]}") from None
    return engine
