"""`run` and `report`: the whole job, and its result once more."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgeprune.cli.console import progress, show, show_table

EXAMPLES = {
    "run": "Example: edgeprune run models/fashion/recipe.toml --out fashion-report",
    "report": "Example: edgeprune report fashion-report",
}


def run(
    recipe: Annotated[Path, typer.Argument(help="What to do: model, data, variants, targets.")],
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder for report and artefacts.", show_default="NAME-report")
    ] = None,
) -> None:
    """Prune, quantize, build, measure and compare: the whole job."""
    from edgeprune.pipeline import run as run_recipe
    from edgeprune.recipe import load_recipe

    job = load_recipe(recipe)
    folder = out or Path(f"{job.name}-report")
    with progress() as bars:
        result = run_recipe(job, folder, bars)
    _summarise(folder, result)


def report(
    folder: Annotated[Path, typer.Argument(help="A folder made by `edgeprune run`.")],
    markdown: Annotated[bool, typer.Option("--markdown", help="Print the whole report as Markdown.")] = False,
    json_: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Show the report of an earlier run, and write its pages anew."""
    from edgeprune.report import read_report, write_report
    from edgeprune.report.write import markdown as as_markdown
    from edgeprune.report.write import to_json

    result = read_report(folder)
    if folder.is_dir():
        write_report(result, folder)
    if json_:
        show(to_json(result))
    elif markdown:
        show(as_markdown(result))
    else:
        _summarise(folder, result)


def _summarise(folder: Path, result: object) -> None:
    from edgeprune.report import Report
    from edgeprune.report.tables import summary_table
    from edgeprune.report.verdict import verdicts

    assert isinstance(result, Report)
    table = summary_table(result)
    show_table(table.header, table.rows)
    show("")
    for verdict in verdicts(result):
        show(f"{verdict.text} ({verdict.runtime})")
    show(f"\nOpen {folder / 'report.html'} in a browser; what to deploy lies in {folder}/VARIANT/TARGET/.")


COMMANDS = (run, report)
