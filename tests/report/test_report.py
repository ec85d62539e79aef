"""The report: reads back, hides no origin, asks for nothing outside itself, and can be looked at."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from edgeprune.errors import UserError
from edgeprune.measure import RunResult
from edgeprune.report import VariantResult, read_report, write_report
from edgeprune.report.tables import summary_table
from edgeprune.report.verdict import verdicts
from edgeprune.report.write import html, markdown
from support.reports import sample_report

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def test_it_reads_back_equal(tmp_path) -> None:
    report = sample_report()
    write_report(report, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["report.html", "report.json", "report.md"]
    assert read_report(tmp_path) == report
    assert read_report(tmp_path / "report.json") == report


def test_equal_reports_are_equal_files() -> None:
    assert html(sample_report()) == html(sample_report())


@pytest.mark.parametrize("content", ["", "{", "{}", '{"format": 1}'])
def test_damage_is_one_sentence(tmp_path, content: str) -> None:
    (tmp_path / "report.json").write_text(content)
    with pytest.raises(UserError, match="damaged"):
        read_report(tmp_path)


def test_no_report_there(tmp_path) -> None:
    with pytest.raises(UserError, match=r"holds no report\.json; make it with"):
        read_report(tmp_path)


def test_every_figure_has_an_origin() -> None:
    table = summary_table(sample_report())
    assert table.header[-1] == "origin"
    assert all(row[-1] for row in table.rows)
    origins = {row[0]: row[-1] for row in table.rows}
    assert origins["cortex-m4: latency"] == "emulated"
    assert origins["cortex-m4: energy"] == "estimated"
    assert origins["host: latency"] == "measured"
    assert origins["multiply-accumulates"] == "counted"


def test_host_times_stay_with_the_host() -> None:
    table = summary_table(sample_report())
    assert not [row for row in table.rows if row[0].startswith("phone") and "latency" in row[0]]


def test_verdict_of_a_faster_model_explains_the_gap() -> None:
    first = verdicts(sample_report(latency_ratio=2.0, macs_ratio=3.0))[0]
    assert first.faster
    assert first.latency_ratio == pytest.approx(2.0)
    assert first.text.startswith("Yes: on cortex-m4 pruned is 2.00x as fast")
    assert "3.00x fewer multiply-accumulates" in first.text
    assert "cycles per multiply-accumulate instead of" in first.text


def test_verdict_of_zeros_says_no_and_why() -> None:
    first = verdicts(sample_report(latency_ratio=1.0, macs_ratio=1.0))[0]
    assert not first.faster
    assert first.text.startswith("No: on cortex-m4 pruned is not faster")
    assert "zeros stay in place" in first.text


def test_a_proportional_speed_up_needs_no_excuse() -> None:
    text = verdicts(sample_report(latency_ratio=3.0, macs_ratio=3.0))[0].text
    assert "less than" not in text


class _References(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value or "" for name, value in attrs if name in {"src", "href", "xlink:href", "data", "action"}]
        assert tag not in {"script", "iframe", "object", "embed"}


def test_the_page_asks_for_nothing_outside() -> None:
    parser = _References()
    parser.feed(html(sample_report()))
    assert [r for r in parser.found if not r.startswith(("#", "data:"))] == []
    assert not re.search(r"url\((?!#)|@import", html(sample_report()))


def test_names_cannot_inject_markup() -> None:
    page = html(sample_report(name="<script>alert(1)</script>"))
    assert "<script>" not in page
    assert "a\\|b" in markdown(sample_report(name="x", variant="a|b"))


@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
def test_chromium_renders_it(tmp_path) -> None:
    write_report(sample_report(), tmp_path)
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--window-size=1200,2400", "--virtual-time-budget=3000"]
    page = (tmp_path / "report.html").as_uri()
    dump = subprocess.run(
        [CHROMIUM, *flags, "--dump-dom", page], capture_output=True, text=True, timeout=120, check=True
    )
    assert dump.stdout.count("<svg") == 3
    assert dump.stdout.count("<table>") >= 3
    shot = tmp_path / "shot.png"
    subprocess.run([CHROMIUM, *flags, f"--screenshot={shot}", page], capture_output=True, timeout=120, check=True)
    from PIL import Image

    with Image.open(shot) as image:
        colours = image.convert("RGB").getcolors(1 << 24)
    assert len(colours) > 50, "the page is blank"


def test_a_device_that_counts_instructions_only_is_not_called_faster() -> None:
    def counted(run: RunResult) -> RunResult:
        instructions = replace(run.cycles, unit="instructions")
        layers = tuple(replace(layer, cycles=None, instructions=replace(layer.cycles, unit="instructions"))
                       for layer in run.layers)  # fmt: skip
        return replace(run, latency=None, cycles=None, energy=None, instructions=instructions, layers=layers)

    def variant(v: VariantResult) -> VariantResult:
        board, *others = v.devices
        return replace(v, devices=(replace(board, runs=tuple(counted(run) for run in board.runs)), *others))

    report = sample_report(latency_ratio=2.0)
    report = replace(report, variants=tuple(variant(v) for v in report.variants))
    verdict = verdicts(report)[0]
    assert verdict.text.startswith("Not known: cortex-m4 counts instructions, not time, 1.2e+07 instructions to")
    page = markdown(report)
    assert "cortex-m4: instructions" in page
    assert "dense: instructions/MAC" in page
    assert "cortex-m4: latency" not in page
    assert "thousand instructions per inference" in html(report)


def test_the_page_says_what_emulated_cycles_stand_on() -> None:
    for page in (html(sample_report()), markdown(sample_report())):
        assert page.count("Counts of cortex-m4, emulated: modelled: a test.") == 1
