"""What people see: progress on stderr, results on stdout."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from edgeprune.progress import Progress

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

    from edgeprune.build.manifest import RemovalEntry
    from edgeprune.optimize import Removal


class _Bars:
    """Draws each task as a bar with the time left."""

    def __init__(self, bars: RichProgress) -> None:
        self._bars = bars
        self._task: TaskID | None = None

    def start(self, task: str, total: int | None) -> None:
        self.finish()
        self._task = self._bars.add_task(task, total=total, note="")

    def advance(self, steps: int = 1, note: str = "") -> None:
        if self._task is not None:
            self._bars.update(self._task, advance=steps, note=note)

    def finish(self) -> None:
        if self._task is not None:
            task = self._bars.tasks[self._bars.task_ids.index(self._task)]
            done = task.total if task.total is not None else 1
            self._bars.update(self._task, total=done, completed=done)
            self._task = None


class _Lines:
    """Writes one line per task, for logs and pipes."""

    def start(self, task: str, total: int | None) -> None:
        sys.stderr.write(f"{task}\n")

    def advance(self, steps: int = 1, note: str = "") -> None:
        pass

    def finish(self) -> None:
        pass


@contextmanager
def progress() -> Iterator[Progress]:
    """Progress on stderr while the block runs: bars on a terminal, lines elsewhere."""
    if not sys.stderr.isatty():
        yield _Lines()
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as RichProgress

    columns = (
        SpinnerColumn(finished_text="[green]done"),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(elapsed_when_finished=True),
        TextColumn("[dim]{task.fields[note]}"),
    )
    with RichProgress(*columns, console=Console(stderr=True)) as bars:
        drawn = _Bars(bars)
        yield drawn
        drawn.finish()


def show_json(document: Any) -> None:
    """Print one JSON document on stdout."""
    sys.stdout.write(json.dumps(document, indent=2) + "\n")


def show(text: str) -> None:
    """Print a line of the result on stdout."""
    sys.stdout.write(f"{text}\n")


def show_table(header: Sequence[str], rows: Sequence[Sequence[str]], text_columns: int = 1) -> None:
    """Print a table on stdout; the first columns are text, the others figures."""
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for index, title in enumerate(header):
        table.add_column(title, justify="left" if index < text_columns else "right", overflow="fold")
    for row in rows:
        table.add_row(*row)
    console = Console(highlight=False, markup=False, width=None if sys.stdout.isatty() else 200)
    console.print(table)


def show_removals(removals: Sequence[Removal | RemovalEntry]) -> None:
    """Print what was, or would be, removed without loss; nothing where no channel is constant or unread."""
    if not removals:
        return
    rows = [
        (r.layer, *(f"{n:,}" for n in (r.channels, r.constant, r.removed, r.unread, r.macs, r.weight_bytes)))
        for r in removals
    ]
    totals = (sum(r.macs for r in removals), sum(r.weight_bytes for r in removals))
    rows.append(("total", "", "", "", "", *(f"{total:,}" for total in totals)))
    header = ("layer", "channels", "constant", "removed", "unread, removed", "MAC saved", "bytes saved")
    show("channels that are the same for every input, or that nothing reads:")
    show_table(header, rows)
