"""`targets` and `doctor`: what there is, and whether it works here."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from edgeprune.cli.console import show, show_json, show_table
from edgeprune.errors import UserError

EXAMPLES = {
    "targets": "Example: edgeprune targets",
    "doctor": "Example: edgeprune doctor",
}

_Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]


def targets(json_: _Json = False) -> None:
    """List the target profiles."""
    from edgeprune.targets import McuTarget, list_targets, load_target

    profiles = [load_target(name) for name in list_targets()]
    if json_:
        show_json([json.loads(profile.model_dump_json()) for profile in profiles])
        return
    rows = []
    for profile in profiles:
        memory = ""
        if isinstance(profile, McuTarget):
            memory = f"{profile.flash.size // 1024} KB flash, {profile.ram.size // 1024} KB RAM"
        rows.append((profile.name, profile.kind, profile.title, ", ".join(profile.dtypes), memory))
    show_table(("name", "kind", "title", "runs", "memory"), rows, text_columns=5)


def doctor(json_: _Json = False) -> None:
    """Check that compilers, emulator, runtimes and TensorFlow work here; exit code 2 if one does not."""
    from dataclasses import asdict

    from edgeprune.doctor import check_all

    checks = check_all()
    if json_:
        show_json([asdict(check) for check in checks])
    else:
        show_table(("check", "", "found"), [(c.name, c.state, c.detail) for c in checks], text_columns=3)
    broken = [check for check in checks if check.state == "broken"]
    if broken:
        raise UserError(f"{broken[0].name} does not work: {broken[0].detail}")
    if not json_:
        show("everything that is needed works")


COMMANDS = (targets, doctor)
