"""Writes `report.json`, `report.md` and `report.html`, and reads the first back."""

from __future__ import annotations

import functools
from pathlib import Path

import jinja2
from pydantic import TypeAdapter, ValidationError

from edgeprune.errors import UserError
from edgeprune.report.plots import layer_plot, ratio_plot, trade_plot
from edgeprune.report.tables import benchmarks, energy_note, groups_table, layers_table, summary_table, timing_note
from edgeprune.report.values import Report
from edgeprune.report.verdict import verdicts

JSON_NAME, MARKDOWN_NAME, HTML_NAME = "report.json", "report.md", "report.html"


@functools.cache
def _adapter() -> TypeAdapter[Report]:
    return TypeAdapter(Report)


def write_report(report: Report, folder: Path) -> None:
    """Write all three files into `folder`, which exists; raises OSError."""
    (folder / JSON_NAME).write_text(to_json(report) + "\n", encoding="utf-8")
    (folder / MARKDOWN_NAME).write_text(markdown(report), encoding="utf-8")
    (folder / HTML_NAME).write_text(html(report), encoding="utf-8")


def to_json(report: Report) -> str:
    """The report as JSON; `read_report` reads it back."""
    return _adapter().dump_json(report, indent=2).decode()


def read_report(folder: Path) -> Report:
    """Read the report in `folder`.

    Raises:
        UserError: there is none, or it is damaged or of another version.
    """
    path = folder / JSON_NAME if folder.is_dir() else folder
    try:
        return _adapter().validate_json(path.read_bytes())
    except OSError:
        raise UserError(
            f"{folder} holds no {JSON_NAME}; make it with `edgeprune run RECIPE.toml --out {folder}`"
        ) from None
    except ValidationError as error:
        fault = error.errors()[0]
        where = ".".join(str(part) for part in fault["loc"])
        raise UserError(f"{path} is damaged ({where}: {fault['msg']}); run the recipe again") from None


def markdown(report: Report) -> str:
    """The report as Markdown, to paste into an issue or a paper."""
    return _render("report.md.j2", report)


def html(report: Report) -> str:
    """The report as one HTML document without any outside reference."""
    return _render("report.html.j2", report)


def _render(template: str, report: Report) -> str:
    measured = [d.target for d in report.dense.devices if d.runs]
    boards = [d.target for d in report.dense.devices if d.runs and d.kind == "mcu"]
    main = next(iter(boards or measured), None)
    return (
        _environment()
        .get_template(template)
        .render(
            report=report,
            verdicts=verdicts(report),
            summary=summary_table(report),
            benchmarks=benchmarks(report),
            layers=[(target, layers_table(report, target)) for target in boards],
            groups=[(variant.name, groups_table(variant)) for variant in report.pruned if variant.groups],
            skipped=[(d.title, d.note, d.artefact) for d in report.dense.devices if d.note],
            energy_note=energy_note(report),
            timing_note=timing_note(report),
            ratio_plot=ratio_plot(report, main) if main and report.pruned else "",
            layer_plot=layer_plot(report, main) if main else "",
            trade_plot=trade_plot(report, main) if main else "",
        )
    )


@functools.cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("edgeprune.report"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=lambda name: bool(name and name.endswith(".html.j2")),
    )
    environment.filters["cell"] = _markdown_cell
    return environment


def _markdown_cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
