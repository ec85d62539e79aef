"""Times one .tflite model in a process of its own: `python -m edgeprune.measure.litert_worker JOB.json`.

A runtime keeps threads, caches and, in a damaged case, the process; so each gets a
fresh one.  Prints one JSON object, the fields of `LatencyStatistics` and the runtime's name.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

#: As TFLite's benchmark tool: at least this many runs and this much time, warm-up first.
MINIMUM_RUNS = 50
_MINIMUM_SECONDS, _WARMUP_SECONDS = 1.0, 0.5


def pin_threads(count: int) -> None:
    """Confine the process to `count` CPUs where the system can do that."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, set(sorted(os.sched_getaffinity(0))[:count]))


def interpreter(runtime: str, model: str, threads: int) -> tuple[Any, str]:
    """An interpreter of `litert` or `tflite-runtime`, and its name with version and delegate."""
    if runtime == "litert":
        from ai_edge_litert.interpreter import Interpreter

        return Interpreter(
            model, num_threads=threads
        ), f"LiteRT {importlib.metadata.version('ai-edge-litert')}, XNNPACK"
    from tflite_runtime.interpreter import Interpreter as Older

    # Its prebuilt wheel has no XNNPACK kernels for int8 switched on.
    return Older(model, num_threads=threads), f"tflite-runtime {importlib.metadata.version('tflite-runtime')}"


def _microseconds(run: Any) -> float:
    start = time.perf_counter_ns()
    run()
    return (time.perf_counter_ns() - start) / 1000


def benchmark(runtime: str, model: str, threads: int, runs: int) -> dict[str, Any]:
    """Time loading, the first inference, a warm-up and then the inferences that count."""
    pin_threads(threads)
    start = time.perf_counter_ns()
    engine, name = interpreter(runtime, model, threads)
    engine.allocate_tensors()
    init = (time.perf_counter_ns() - start) / 1000
    generator = np.random.default_rng(0)
    for detail in engine.get_input_details():
        if np.issubdtype(detail["dtype"], np.floating):
            value = generator.random(detail["shape"]).astype(detail["dtype"])
        else:
            bounds = np.iinfo(detail["dtype"])
            value = generator.integers(bounds.min, bounds.max, detail["shape"]).astype(detail["dtype"])
        engine.set_tensor(detail["index"], value)
    first = _microseconds(engine.invoke)
    warmup = _repeat(engine.invoke, 1, _WARMUP_SECONDS)
    times = _repeat(engine.invoke, runs, _MINIMUM_SECONDS)
    quantiles = np.percentile(times, [5, 50, 95])
    return {
        "runtime": name,
        "statistics": {
            "init_us": init,
            "first_us": first,
            "warmup_avg_us": statistics.fmean(warmup),
            "count": len(times),
            "min_us": min(times),
            "max_us": max(times),
            "avg_us": statistics.fmean(times),
            "std_us": statistics.pstdev(times),
            "p5_us": float(quantiles[0]),
            "median_us": float(quantiles[1]),
            "p95_us": float(quantiles[2]),
        },
    }


def _repeat(run: Any, count: int, seconds: float) -> list[float]:
    end = time.perf_counter() + seconds
    times: list[float] = []
    while len(times) < count or time.perf_counter() < end:
        times.append(_microseconds(run))
    return times


def main() -> None:
    """Entry point of the process; the job is a JSON file."""
    job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    result = benchmark(job["runtime"], job["model"], job["threads"], job["runs"])
    Path(job["result"]).write_text(json.dumps(result), encoding="utf-8")


if __name__ == "__main__":
    main()
