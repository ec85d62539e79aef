"""Computers that run programs for us: a phone over adb, an Arm board over ssh, or this one.

Each module in `machines/` is one way.  It has a `SCHEME`, the word before the colon of a
`--via` argument, and a function `open_machine`; it is found by being there.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from edgeprune.devices import machines
from edgeprune.devices.scheme import chosen_module, modules_by_scheme
from edgeprune.progress import SILENT, Progress

READ_SECONDS = 10.0


@dataclass(frozen=True)
class Completed:
    """A program that ended.

    Attributes:
        code: The program's own exit code; 128 and the signal's number where a signal ended it.
        out: All of its standard output.
        err: All of its standard error.
    """

    code: int
    out: bytes
    err: bytes


@dataclass(frozen=True)
class Core:
    """One core of a processor.

    Attributes:
        index: The number by which `taskset` knows it.
        name: Such as `Cortex-A76`; None where the system does not tell.
        max_hz: Highest frequency; None where the system does not tell.
        cluster: Cores with one number share a frequency; None where the system does not tell.
    """

    index: int
    name: str | None
    max_hz: int | None
    cluster: int | None


@dataclass(frozen=True)
class MachineFacts:
    """What a machine is, and how it does.

    Attributes:
        model: Such as `Pixel 8`; empty where it does not tell, as `soc`, `system` and `abi` are.
        soc: Such as `Tensor G3`.
        system: Such as `Android 14` or `Debian GNU/Linux 12`.
        abi: Such as `arm64-v8a` or `x86_64`.
        cores: By index.
        battery_percent: Charge; None without a battery.
        charging: Whether power comes from outside, over USB too; None without a battery.
        thermal: How hard the system throttles (`none` to `shutdown`), or else its hottest
            sensor, such as `54.2 °C`; None where it tells neither.
    """

    model: str
    soc: str
    system: str
    abi: str
    cores: tuple[Core, ...]
    battery_percent: int | None
    charging: bool | None
    thermal: str | None


class Machine(Protocol):
    """An open machine."""

    @property
    def name(self) -> str:
        """What `--via` calls it, such as `adb:R58N30`, `ssh:pi@rpi5` or `local`."""

    @property
    def workspace(self) -> str:
        """A folder of ours on it: made when something is first put there, removed at the end."""

    def facts(self) -> MachineFacts:
        """What the machine is, and how it does now.

        Raises:
            DeviceError: it cannot be reached, or does not answer in time.
        """

    def push(self, local: Path, name: str, progress: Progress = SILENT) -> str:
        """Put a file into the workspace, executable; one that is there already is not sent again.

        Args:
            local: The file.
            name: What it is called there.
            progress: Told of each part that has arrived.

        Returns:
            Its path on the machine.

        Raises:
            DeviceError: it cannot be reached, is full, or the file arrives damaged again and
                again. What had arrived is used when the push is repeated, by another process too.
            UserError: `local` cannot be read.
        """

    def pull(self, name: str, local: Path) -> None:
        """Fetch a file of the workspace; `local` appears whole or not at all.

        Raises:
            DeviceError: it cannot be reached, has no such file, or the file arrives damaged.
            UserError: `local` cannot be written.
        """

    def run(self, command: Sequence[str], seconds: float) -> Completed:
        """Run a program in the workspace and wait for it.

        Args:
            command: The program and its arguments, as they are: no shell looks at them.
            seconds: Time after which it is ended by force.

        Raises:
            DeviceError: it did not end in time, or the machine was lost meanwhile.
        """

    def read(self, path: str, seconds: float = READ_SECONDS) -> str | None:
        """The text of a small file such as one in `/sys`; None where it cannot be read.

        Raises:
            DeviceError: the machine cannot be reached, or does not answer in time.
        """


def open_machine(via: str) -> AbstractContextManager[Machine]:
    """Open the machine that a `--via` argument names, for the duration of a `with` block.

    Args:
        via: `adb:SERIAL`, `adb:` for the only phone, `ssh:HOST`, `local`, or another scheme
            that `machines/` knows.

    Raises:
        UserError: there is no such scheme.
        DeviceError: on entry, when the machine cannot be reached.
    """
    module, argument = chosen_module(machines, via, "a machine")
    machine: AbstractContextManager[Machine] = module.open_machine(argument)
    return machine


def machine_schemes() -> tuple[str, ...]:
    """The known schemes, sorted."""
    return tuple(modules_by_scheme(machines))
