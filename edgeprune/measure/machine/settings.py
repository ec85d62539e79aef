"""How a machine is measured."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from edgeprune.devices.machine import MachineFacts
from edgeprune.errors import UserError
from edgeprune.measure.steady import Cooling


@dataclass(frozen=True)
class MachineSettings:
    """Settings of a session.

    Attributes:
        runs: Inferences that count, in each turn.
        rounds: Turns of each program; from six on, figures carry a 95 % interval.
        warmup: Inferences of a turn that do not count.
        threads: Of the runtime; None: as the target's profile says.
        cpus: What to confine it to; None: the profile's core where the machine has it, else its fastest.
        benchmark_model: The user's official `benchmark_model` for Android, to be run too.
        energy_seconds: Length of each window in which energy is measured; 0: it is not.
        cooling: How long to wait for a cool machine before each turn.
        profile: Whether to time each operator, in a turn of its own.
        repeats: How often a turn in which the clock moved is run again.
        turn_seconds: Time that a turn may take.
    """

    runs: int = 50
    rounds: int = 6
    warmup: int = 10
    threads: int | None = None
    cpus: tuple[int, ...] | None = None
    benchmark_model: Path | None = None
    energy_seconds: float = 0.0
    cooling: Cooling = field(default_factory=Cooling)
    profile: bool = True
    repeats: int = 2
    turn_seconds: float = 300.0

    def __post_init__(self) -> None:
        """Refuse settings that cannot work; raises UserError."""
        for name, value, least in (("runs", self.runs, 1), ("rounds", self.rounds, 1), ("threads", self.threads, 1)):
            if value is not None and value < least:
                raise UserError(f"{name} = {value} is not possible; give at least {least}")
        if self.benchmark_model is not None and not self.benchmark_model.is_file():
            raise UserError(f"there is no file {self.benchmark_model}; give the benchmark_model program for Android")


def choose_cpus(facts: MachineFacts, core: str, threads: int) -> tuple[int, ...]:
    """The CPUs that a model of `threads` threads is confined to.

    Cores of the wanted kind come first, by their number; where there are none, the fastest ones.
    Nothing is chosen where the machine does not tell its cores.
    """
    same = [c for c in facts.cores if c.name is not None and c.name.lower() == core]
    fastest = sorted(facts.cores, key=lambda c: (-(c.max_hz or 0), c.index))
    chosen = same if len(same) >= threads else fastest
    return tuple(sorted(c.index for c in chosen[:threads]))
