"""The standard output of `benchmark_model`.

Every version prints a line of statistics for the warm-up and another one for the inferences that
count, both of the same form, and at the end a summary with both averages.  The summary decides
which line is which, and whether the lines are whole: the text of a phone's log is mixed with
other lines, and ends wherever the connection did.

| version | summary | lines |
|---|---|---|
| until TensorFlow 1.13 | `Average inference timings in us: Warmup: .., Init: .., no stats: ..` | bare |
| until 2.12 | `Inference timings in us: Init: .., First inference: .., Warmup (avg): .., Inference (avg): ..` | bare |
| from 2.13 | the same | begin with `INFO: ` |
| LiteRT | the same | statistics also have `p5`, `median`, `p95` |
"""

from __future__ import annotations

import itertools
import re

from edgeprune.errors import DeviceError
from edgeprune.measure.benchmark_tool.values import BenchmarkRun, RunTimes

_NUMBER = r"([0-9]+(?:\.[0-9]+)?(?:e[+-]?[0-9]+)?)"
_BEGIN = re.compile(r"Running benchmark for at least [0-9]+ iterations")
#: What a phone's log and later versions put before each line.
LOG_PREFIX = re.compile(r"^(?:[0-9-]+ [0-9:.]+ +[0-9]+ +[0-9]+ [A-Z] tflite *: ?|[A-Z]+: )")
_STATISTICS = re.compile(r"^count=([0-9]+)((?: +[a-z0-9]+=[0-9.e+-]+)*)(\(all same\))?\s*$")
_FIELD = re.compile(rf"([a-z0-9]+)={_NUMBER}(?![0-9.e])")
_SUMMARIES = (
    re.compile(
        rf"Inference timings in us: Init: {_NUMBER}, First inference: (?P<first>{_NUMBER}), "
        rf"Warmup \(avg\): (?P<warm>{_NUMBER}), Inference \(avg\): (?P<avg>{_NUMBER})\s*$"
    ),
    re.compile(
        rf"Average inference timings in us: Warmup: (?P<warm>{_NUMBER}), Init: {_NUMBER}, "
        rf"(?:no|with) stats: (?P<avg>{_NUMBER})\s*$"
    ),
)
_OVERALL = re.compile(rf"[Mm]emory footprint.*\(MB\): init={_NUMBER} overall={_NUMBER}\s*$")
_PEAK = re.compile(rf"Overall peak memory footprint \(MB\) via periodic monitoring: {_NUMBER}\s*$")
_DELEGATE = re.compile(r"((?:Explicitly applied|Applying) .*delegate.*|.*delegate created\.?)\s*$")
#: Averages are printed with six digits in both places.
_SAME = 1e-5


def parse_output(text: str) -> BenchmarkRun:
    """The result in what the tool printed; other programs' lines may stand between its own.

    Args:
        text: Standard output, of which standard error may be a part, or a phone's log.

    Raises:
        DeviceError: There is no result in it, or it is damaged; says which.
    """
    lines = [LOG_PREFIX.sub("", line) for line in text.splitlines()]
    ends = [number for number, line in enumerate(lines) if any(summary.search(line) for summary in _SUMMARIES)]
    if not ends:
        raise _no_result(lines)
    summary = next(found for pattern in _SUMMARIES if (found := pattern.search(lines[ends[-1]])))
    phases = _phases(lines[ends[-2] if len(ends) > 1 else 0 : ends[-1]])
    if len(phases) < 2:
        raise _damaged(f"{len(phases)} of the two lines with statistics, warm-up and result, are whole")
    warm_up, runs = phases[-2:]
    for what, phase, told in (("warm-up", warm_up, summary["warm"]), ("result", runs, summary["avg"])):
        if phase.count and abs(phase.avg_us - float(told)) > _SAME * float(told):
            raise _damaged(f"the {what}'s average is {phase.avg_us:g} us in one line and {told} us in another")
    if runs.count == 0:
        raise DeviceError("benchmark_model ran no inference that counts; give it --num_runs of at least 1")
    first = summary.groupdict().get("first")
    return BenchmarkRun(
        _init_us(summary),
        float(first) if first else warm_up.first_us,
        float(summary["warm"]),
        runs,
        _last(_PEAK, lines, 1),
        _last(_OVERALL, lines, 2),
        tuple(dict.fromkeys(found[1] for line in lines if (found := _DELEGATE.search(line)))),
    )


def _init_us(summary: re.Match[str]) -> float:
    found = re.search(rf"Init: {_NUMBER}", summary[0])
    assert found is not None, summary[0]
    return float(found[1])


def _phases(lines: list[str]) -> list[RunTimes]:
    """The statistics that are whole, each after the line that announces it."""
    announced, phases = False, []
    for line in lines:
        if _BEGIN.search(line):
            announced = True
        elif announced and (found := _STATISTICS.search(line)):
            phases.append(_run_times(int(found[1]), dict(_FIELD.findall(found[2])), bool(found[3])))
            announced = False
    return phases


def _run_times(count: int, fields: dict[str, str], all_same: bool) -> RunTimes:
    """Of one line; inferences that all took the same time are told by the last one's."""
    told = {name: float(value) for name, value in fields.items()}
    if count == 0:
        return RunTimes(0, None, 0.0, 0.0, 0.0, 0.0)
    if "curr" in told and (count == 1 or all_same):
        same = told["curr"]
        return RunTimes(count, same, same, same, same, 0.0, same, same, same)
    missing = [name for name in ("first", "min", "max", "avg", "std") if name not in told]
    if missing:
        raise _damaged(f"the statistics lack {' and '.join(missing)}")
    times = RunTimes(
        count, told["first"], told["min"], told["max"], told["avg"], told["std"],
        told.get("p5"), told.get("median"), told.get("p95"),
    )  # fmt: skip
    order = [t for t in (times.min_us, times.p5_us, times.median_us, times.p95_us, times.max_us) if t is not None]
    tolerance = 1 + _SAME
    if any(a > b * tolerance for a, b in itertools.pairwise(order)) or not (
        times.min_us <= times.avg_us * tolerance and times.avg_us <= times.max_us * tolerance
    ):
        raise _damaged(f"the statistics contradict themselves ({times.min_us:g} to {times.max_us:g} us)")
    return times


def _last(pattern: re.Pattern[str], lines: list[str], group: int) -> float | None:
    found = [match for line in lines if (match := pattern.search(line))]
    return float(found[-1][group]) if found else None


def _damaged(what: str) -> DeviceError:
    return DeviceError(f"benchmark_model's output is damaged: {what}; run it again")


def _no_result(lines: list[str]) -> DeviceError:
    """Why there is no summary, as far as the text tells."""
    errors = [line.strip() for line in lines if re.search(r"\bERROR\b|[Ff]ailed|CANNOT LINK|[Uu]nconsumed", line)]
    if errors:
        return DeviceError(f"benchmark_model failed: {errors[0][:200]}")
    reached = ("before the warm-up was over", "after the warm-up", "after the inferences")[min(2, len(_phases(lines)))]
    return DeviceError(
        f"benchmark_model's output ends {reached}, without its summary; run it again, with a longer time-out if the "
        "model is slow"
    )
