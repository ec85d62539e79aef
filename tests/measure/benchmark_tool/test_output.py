"""benchmark_model's output: recorded ones of several versions, and every way that a connection damages them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeprune.errors import DeviceError
from edgeprune.measure.benchmark_tool import BenchmarkRun, parse_output

RECORDED = Path(__file__).parent / "recorded"
TEXTS = {name: (RECORDED / f"{name}.txt").read_text() for name in ("2019", "2020", "2021", "2023")}
#: The layout of LiteRT's tool, which tells percentiles too.
TEXTS["percentiles"] = TEXTS["2023"].replace(
    "avg=116066 std=1906", "avg=116066 std=1906 p5=112001 median=116100 p95=119000"
)


@pytest.mark.parametrize(
    ("name", "init", "first", "warm", "count", "avg", "overall"),
    [
        ("2019", 9933, 127425, 76605.9, 15, 66767.6, None),
        ("2020", 855, 49060, 34825.1, 50, 33209.4, 12.8672),
        ("2021", 18777, 64791, 57758.2, 50, 55043.2, 18.7227),
        ("2023", 530, 124020, 117225, 50, 116066, 12.1914),
        ("percentiles", 530, 124020, 117225, 50, 116066, 12.1914),
    ],
)
def test_recorded_versions(
    name: str, init: float, first: float, warm: float, count: int, avg: float, overall: float | None
) -> None:
    run = parse_output(TEXTS[name])
    assert (run.init_us, run.first_us, run.warmup_avg_us) == (init, first, warm)
    assert (run.runs.count, run.runs.avg_us, run.overall_mb) == (count, avg, overall)


def test_percentiles_where_they_are_told() -> None:
    assert parse_output(TEXTS["2023"]).runs.median_us is None
    runs = parse_output(TEXTS["percentiles"]).runs
    assert (runs.p5_us, runs.median_us, runs.p95_us) == (112001, 116100, 119000)


def test_inferences_that_all_take_the_same_time() -> None:
    text = re.sub(r"count=50.*", "count=50 curr=116066(all same)", TEXTS["2023"])
    runs = parse_output(text).runs
    assert (runs.count, runs.min_us, runs.avg_us, runs.std_us, runs.median_us) == (50, 116066, 116066, 0, 116066)
    once = re.sub(r"count=50.*", "count=1 curr=116066", TEXTS["2023"])
    assert parse_output(once).runs.count == 1


def test_no_warm_up() -> None:
    text = re.sub(r"count=5 .*", "count=0", TEXTS["2023"]).replace("Warmup (avg): 117225", "Warmup (avg): 0")
    assert parse_output(text).runs.avg_us == 116066


def test_the_last_of_several_runs_counts() -> None:
    assert parse_output(TEXTS["2021"] + TEXTS["2023"]).runs.avg_us == 116066


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "ends before the warm-up was over"),
        ("ERROR: Failed to load model", "failed: Failed to load model"),
        (TEXTS["2023"].split("INFO: Running benchmark for at least 50")[0], "ends after the warm-up"),
        (TEXTS["2023"].split("INFO: Inference timings")[0], "ends after the inferences"),
        (TEXTS["2023"].replace("count=50", "cou\nnt=50"), "1 of the two lines"),
        (TEXTS["2023"].replace("avg=116066 std", "avg=11606 std"), "contradict themselves"),
        (TEXTS["2023"].replace("avg=116066 std", "avg=116166 std"), "116166 us in one line and 116066"),
        (TEXTS["2023"].replace(" max=121324", ""), "lack max"),
        (re.sub(r"count=50.*", "count=0", TEXTS["2023"]), "ran no inference"),
    ],
)
def test_what_is_no_result(text: str, words: str) -> None:
    with pytest.raises(DeviceError, match=re.escape(words)):
        parse_output(text)


def result_or_none(text: str) -> BenchmarkRun | None:
    try:
        return parse_output(text)
    except DeviceError:
        return None


@pytest.mark.parametrize("name", TEXTS)
def test_a_cut_output_gives_the_result_or_an_error(name: str) -> None:
    """Cut anywhere: never the warm-up, never half a number."""
    whole = parse_output(TEXTS[name])
    cuts = [result_or_none(TEXTS[name][:end]) for end in range(len(TEXTS[name]))]
    assert {(cut.runs, cut.init_us, cut.warmup_avg_us) for cut in cuts if cut} <= {
        (whole.runs, whole.init_us, whole.warmup_avg_us)
    }
    assert any(cut is None for cut in cuts)


@settings(deadline=None)
@given(
    st.sampled_from(sorted(TEXTS)),
    st.lists(st.tuples(st.floats(0, 1), st.sampled_from(["INFO: Created TensorFlow Lite XNNPACK delegate for CPU.",
             "WARNING: linker: something=3 avg=12 count=7", "count=", "", "min=3 max=4"])), max_size=5),
)  # fmt: skip
def test_other_lines_between_its_own_change_nothing(name: str, noise: list[tuple[float, str]]) -> None:
    lines = TEXTS[name].splitlines()
    for place, line in noise:
        lines.insert(round(place * len(lines)), line)
    assert parse_output("\n".join(lines)).runs == parse_output(TEXTS[name]).runs


@settings(deadline=None)
@given(
    st.sampled_from(sorted(TEXTS)), st.floats(0, 1), st.sampled_from(["INFO: Created", "E tflite", "\n", "x", " 12"])
)
def test_text_in_the_middle_of_a_line_never_makes_another_number(name: str, place: float, noise: str) -> None:
    text, at = TEXTS[name], round(place * len(TEXTS[name]))
    whole, found = parse_output(text), result_or_none(text[:at] + noise + text[at:])
    if found is not None and found.runs != whole.runs:
        # What one line alone tells, and nothing repeats, may lose a part; the averages cannot.
        assert (found.runs.count > 0) and found.runs.avg_us == whole.runs.avg_us
