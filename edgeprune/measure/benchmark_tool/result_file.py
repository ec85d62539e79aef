"""The result file of `benchmark_model --result_file_path`: a protocol buffer, message `BenchmarkResult`.

Its fields, from tensorflow/lite/tools/benchmark/proto/benchmark_result.proto, are described here
at run time.  Unknown fields of later versions are passed over, missing ones of earlier versions
are told by name.
"""

from __future__ import annotations

from edgeprune.errors import DeviceError
from edgeprune.measure.benchmark_tool.values import BenchmarkRun, RunTimes
from edgeprune.measure.protobuf import Schema, message_class

SCHEMA: Schema = {
    "LatencyMetrics": (
        ("avg_ms", 1, "float"), ("min_ms", 2, "float"), ("max_ms", 3, "float"), ("stddev_ms", 4, "float"),
        ("median_ms", 5, "float"), ("p5_ms", 6, "float"), ("p95_ms", 7, "float"), ("init_ms", 8, "float"),
        ("first_inference_ms", 9, "float"), ("average_warm_up_ms", 10, "float"),
    ),
    "MemoryMetrics": (
        ("init_footprint_kb", 1, "int64"), ("overall_footprint_kb", 2, "int64"), ("peak_mem_mb", 3, "float"),
    ),
    "MiscMetrics": (("model_size_mb", 1, "float"), ("num_runs", 2, "int32"), ("num_warmup_runs", 3, "int32")),
    "BenchmarkResult": (
        ("name", 1, "string"), ("latency_metrics", 2, "LatencyMetrics"), ("memory_metrics", 3, "MemoryMetrics"),
        ("misc_metrics", 4, "MiscMetrics"),
    ),
}  # fmt: skip
_NEEDED = ("avg_ms", "min_ms", "max_ms", "stddev_ms", "init_ms", "average_warm_up_ms")


def parse_result_file(content: bytes) -> BenchmarkRun:
    """The result in the file's bytes.

    Raises:
        DeviceError: The file is damaged, or lacks a figure.
    """
    from google.protobuf.message import DecodeError

    try:
        result = message_class(SCHEMA, "BenchmarkResult").FromString(content)
    except DecodeError:
        raise DeviceError("benchmark_model's result file is damaged or cut; run it again") from None
    latency, memory, runs = result.latency_metrics, result.memory_metrics, result.misc_metrics.num_runs
    missing = [name for name in _NEEDED if not latency.HasField(name)] + ([] if runs > 0 else ["num_runs"])
    if missing:
        raise DeviceError(f"benchmark_model's result file lacks {', '.join(missing)}; run it again")

    def us(name: str) -> float:
        return 1000 * float(getattr(latency, name))

    def us_or_none(name: str) -> float | None:
        return us(name) if latency.HasField(name) else None

    times = RunTimes(
        runs, None, us("min_ms"), us("max_ms"), us("avg_ms"), us("stddev_ms"),
        us_or_none("p5_ms"), us_or_none("median_ms"), us_or_none("p95_ms"),
    )  # fmt: skip
    overall = memory.overall_footprint_kb / 1024 if memory.HasField("overall_footprint_kb") else None
    peak = float(memory.peak_mem_mb) if memory.peak_mem_mb > 0 else None
    first = us_or_none("first_inference_ms")
    return BenchmarkRun(us("init_ms"), first, us("average_warm_up_ms"), times, peak, overall)
