"""The command line: a thin layer over the Python API.

Each command imports what it needs when it runs, so that `--help` answers at once and
TensorFlow is loaded only by the steps that need it.
"""

from __future__ import annotations

import typer

import edgeprune
from edgeprune.cli import boards, compression, information, job, model_files, pruning
from edgeprune.cli.guard import guarded

_EPILOG = "Start with: edgeprune run models/fashion/recipe.toml"

app = typer.Typer(
    name="edgeprune",
    help="Does pruning make my model faster on my device? Measure it, then deploy the model that is.",
    epilog=_EPILOG,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for _module in (job, pruning, model_files, compression, boards, information):
    for _command in _module.COMMANDS:
        app.command(epilog=_module.EXAMPLES[_command.__name__])(guarded(_command))


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"edgeprune {edgeprune.__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Show the version."),
) -> None:
    """Does pruning make my model faster on my device? Measure it, then deploy the model that is."""


def main() -> None:
    """Entry point of the console script."""
    app(prog_name="edgeprune")
