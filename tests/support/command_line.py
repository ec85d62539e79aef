"""Runs the command line in this process and judges how it fails."""

from __future__ import annotations

from dataclasses import dataclass

from typer.testing import CliRunner

from edgeprune.cli import app


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    def is_users_fault(self) -> str:
        """Assert exit code 2 and one sentence without a traceback; returns the sentence."""
        assert self.code == 2, (self.code, self.out, self.err)
        assert "Traceback" not in self.out + self.err
        said = [line for line in self.err.splitlines() if line.startswith("edgeprune: ")]
        assert len(said) == 1, self.err
        assert self.err.splitlines()[-1] == said[0], "nothing may follow the sentence"
        return said[0]


def edgeprune(*arguments: object) -> Ended:
    """Run a command."""
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Ended(result.exit_code, result.stdout, result.stderr)
