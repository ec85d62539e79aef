"""What `benchmark_model` tells about one run, whatever its version and the way it tells it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RunTimes:
    """Times of the inferences of one phase, in microseconds.

    Attributes:
        count: Inferences.
        first_us, min_us, max_us, avg_us, std_us: As the tool counts them; the deviation is the
            population's, in whole microseconds.
        p5_us, median_us, p95_us: None in versions that do not tell them.
    """

    count: int
    first_us: float | None
    min_us: float
    max_us: float
    avg_us: float
    std_us: float
    p5_us: float | None = None
    median_us: float | None = None
    p95_us: float | None = None


@dataclass(frozen=True)
class BenchmarkRun:
    """One run of the tool.

    Attributes:
        init_us: Time to load the model and to prepare its tensors and delegates.
        first_us: The first inference, None where the version does not tell it.
        warmup_avg_us: Mean of the warm-up, which is in no other figure.
        runs: The inferences that count.
        peak_mb: Peak memory in MB (2**20 bytes), where it was asked for.
        overall_mb: Memory that initialization and inference added, where the version tells it.
        delegates: Lines that say which delegate took the graph.
    """

    init_us: float
    first_us: float | None
    warmup_avg_us: float
    runs: RunTimes
    peak_mb: float | None = None
    overall_mb: float | None = None
    delegates: tuple[str, ...] = ()


@dataclass(frozen=True)
class OperatorTime:
    """One operator's mean share of an inference.

    Attributes:
        kind: What the runtime calls its type, such as `CONV_2D` or `Convolution (NHWC, F32) SPMM`.
        name: The tensors or the number that the runtime adds, may be empty.
        mean_us: Microseconds per inference.
        calls: How often an inference runs it.
    """

    kind: str
    name: str
    mean_us: float
    calls: int
