"""How long work reports its progress, without knowing who is watching."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Receives the progress of one task after another."""

    def start(self, task: str, total: int | None) -> None:
        """Begin a task of `total` steps (None: unknown); what ran before is finished."""

    def advance(self, steps: int = 1, note: str = "") -> None:
        """Report that further steps are done; `note` is a short live figure such as a loss."""

    def finish(self) -> None:
        """End the current task."""


class _Silent:
    def start(self, task: str, total: int | None) -> None:
        pass

    def advance(self, steps: int = 1, note: str = "") -> None:
        pass

    def finish(self) -> None:
        pass


#: Watches nothing.
SILENT: Progress = _Silent()
