"""Options that several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
Custom = Annotated[
    list[Path] | None,
    typer.Option("--custom", help="A Python file that registers your own layers; it is run.", metavar="FILE.py"),
]


def run_custom(files: list[Path] | None) -> None:
    """Run the files, so that models with their layers can be read; raises UserError where one fails."""
    if files:
        from edgeprune.models.custom import run_file

        for file in files:
            run_file(file)
