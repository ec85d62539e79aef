"""What can go wrong with a phone."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Faults:
    """What goes wrong, until told otherwise.

    Attributes:
        silent: Nothing is answered any more.
        silent_run: Text; with a command that holds it, the phone falls silent.
        offline: A new connection is accepted and never greeted.
        unauthorised: No key is accepted.
        drop_push_after: Bytes of file content after which the connection breaks.
        drop_push_times: How often it does.
        drop_run: Text; a command that holds it loses the connection, once, at its first output.
        truncate_run: Text; a command that holds it loses the last byte of its output.
        garble_run: Text; a command that holds it has a bit of its output's last byte turned over.
        exit_code: Reported in place of every command's own.
        full_push: Files cannot be written.
        full_shell: `cat` and `cp` write to a full disk.
        garble_push: How many files arrive with a bit turned over.
        garble_pull: A bit of every file that is pulled turns over.
    """

    silent: bool = False
    silent_run: str | None = None
    offline: bool = False
    unauthorised: bool = False
    drop_push_after: int = 0
    drop_push_times: int = 0
    drop_run: str | None = None
    truncate_run: str | None = None
    garble_run: str | None = None
    exit_code: int | None = None
    full_push: bool = False
    full_shell: bool = False
    garble_push: int = 0
    garble_pull: bool = False
