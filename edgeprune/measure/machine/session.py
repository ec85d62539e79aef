"""A session on a machine: programs and models run in turns, each turn between two looks at the machine."""

from __future__ import annotations

import contextlib
import statistics
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from edgeprune.build import Firmware
from edgeprune.devices.machine import Machine, MachineFacts, open_machine
from edgeprune.errors import DeviceError, UserError
from edgeprune.measure.arrays import Array, InputBatch
from edgeprune.measure.machine.power import energy_of
from edgeprune.measure.machine.programs import STATIC, Program, Turn, place_programs
from edgeprune.measure.machine.settings import MachineSettings, choose_cpus
from edgeprune.measure.rounds import abba, median
from edgeprune.measure.runner import RunnerOptions
from edgeprune.measure.steady import Conditions, clocks_of, snapshot, wait_until_cool, with_clock
from edgeprune.measure.values import LatencyStatistics, Measurement, Origin, RunResult
from edgeprune.progress import SILENT, Progress
from edgeprune.targets import PhoneTarget

_CLOCK_LOG = "clock.log"
_FIXED_SECONDS = 20.0


@dataclass(frozen=True, eq=False)
class MachineRun:
    """What one deployment did on a machine.

    Attributes:
        results: One for each program that ran it.
        outputs: Of the first program that gives them: one array [N, ...] per model output for the N inputs.
        exact_outputs: Of our compiler's program, whose arithmetic is the reference kernels'.
        facts: The machine.
    """

    results: tuple[RunResult, ...]
    outputs: tuple[Array, ...] | None
    exact_outputs: tuple[Array, ...] | None
    facts: MachineFacts


@dataclass(frozen=True)
class _Kept:
    """A turn that counts, what was wrong with it, and how many before it were discarded."""

    turn: Turn
    unsteady: tuple[str, ...]
    discarded: int


def run_on_machine(
    firmware: Firmware, via: str, inputs: InputBatch, settings: MachineSettings, progress: Progress = SILENT
) -> MachineRun:
    """As `measure_in_turns`, of one deployment."""
    return measure_in_turns([(firmware, inputs)], via, settings, progress)[0]


def measure_in_turns(
    work: Sequence[tuple[Firmware, InputBatch]], via: str, settings: MachineSettings, progress: Progress = SILENT
) -> tuple[MachineRun, ...]:
    """Measure deployments on a machine in turns: A B B A, so that drift falls on all of them alike.

    Args:
        work: Deployments with their inputs, of which the last is timed.
        via: `adb:SERIAL`, `ssh:HOST` or `local`.
        settings: How.
        progress: Advances by one per turn.

    Raises:
        UserError: a folder holds firmware for a microcontroller, or nothing that runs on the machine.
        DeviceError: the machine is lost, silent or full.
        ModelError: a runtime there cannot run a model.
    """
    targets = [firmware.manifest.target for firmware, _ in work]
    for (firmware, _), target in zip(work, targets, strict=True):
        if not isinstance(target, PhoneTarget):
            raise UserError(
                f"{firmware.folder} was built for {target.name}, which does not run on {via}; build it for a phone "
                "such as phone-a76"
            )
    with open_machine(via) as machine:
        facts = machine.facts()
        benches = [
            _Bench(machine, facts, firmware, inputs, f"{number}-{firmware.manifest.sha256[:8]}", settings, progress)
            for number, (firmware, inputs) in enumerate(work)
        ]
        with fixed_performance(machine, facts):
            progress.start(f"turns on {machine.name}", settings.rounds * sum(len(b.programs) for b in benches))
            for number in abba(len(benches), settings.rounds):
                benches[number].run_turns(progress)
            progress.finish()
            return tuple(bench.finish(progress) for bench in benches)


@contextlib.contextmanager
def fixed_performance(machine: Machine, facts: MachineFacts) -> Iterator[None]:
    """Android's mode in which clocks stay where they can stay for long; nothing elsewhere or where it is refused."""
    if not facts.system.startswith("Android"):
        yield
        return
    command = ("cmd", "power", "set-fixed-performance-mode-enabled")
    with contextlib.suppress(DeviceError):
        machine.run((*command, "true"), _FIXED_SECONDS)
    try:
        yield
    finally:
        with contextlib.suppress(DeviceError):
            machine.run((*command, "false"), _FIXED_SECONDS)


class _Bench:
    """One deployment on the machine, with what its programs told so far."""

    def __init__(
        self, machine: Machine, facts: MachineFacts, firmware: Firmware, inputs: InputBatch, name: str,
        settings: MachineSettings, progress: Progress,
    ) -> None:  # fmt: skip
        target = firmware.manifest.target
        assert isinstance(target, PhoneTarget)
        self._machine, self._facts, self._firmware, self._settings = machine, facts, firmware, settings
        self._target = target.name
        threads = settings.threads or target.threads
        cpus = choose_cpus(facts, target.core, threads) if settings.cpus is None else settings.cpus
        self.programs = place_programs(firmware, machine, facts, settings, progress)
        self._kept: list[list[_Kept]] = [[] for _ in self.programs]
        with tempfile.TemporaryDirectory(prefix="edgeprune-") as folder:
            path = Path(folder, "inputs")
            path.write_bytes(b"".join(a.tobytes() for n in range(len(inputs)) for a in inputs.sample(n)))
            sent = machine.push(path, f"{name}.inputs", progress)
        self._name = name
        self._count = len(inputs)
        present = {core.name.lower() for core in facts.cores if core.name}
        #: A figure of another core than the profile's says so.
        self._stand_in = () if target.core in present else (
            f"{machine.name} has no {target.core} ({', '.join(sorted(present)) or 'it does not tell its cores'}): "
            "another core ran it",
        )  # fmt: skip
        self._options = RunnerOptions(threads, cpus, settings.warmup, settings.runs, sent)

    def run_turns(self, progress: Progress) -> None:
        """One turn of each program."""
        for number, program in enumerate(self.programs):
            self._kept[number].append(self._turn(program))
            progress.advance(1, program.kind)

    def _turn(self, program: Program) -> _Kept:
        """A turn; it is run again while the clock moves, as often as the settings say."""
        discarded = 0
        while True:
            turn, conditions = self._watched(program)
            if not conditions.clock_moved or discarded >= self._settings.repeats:
                return _Kept(turn, conditions.unsteady, discarded)
            discarded += 1

    def _watched(self, program: Program) -> tuple[Turn, Conditions]:
        machine, cpus = self._machine, self._options.cpus
        before, _ = wait_until_cool(lambda: snapshot(machine, cpus), self._settings.cooling)
        log = f"{machine.workspace}/{_CLOCK_LOG}"
        command = program.command(self._options)
        done = machine.run(with_clock(command, cpus[0], log) if cpus else command, self._settings.turn_seconds)
        turn = program.turn(done, machine.name)
        khz = clocks_of(machine.read(log)) if cpus else ()
        facts = self._facts
        return turn, Conditions(before, snapshot(machine, cpus), khz, facts.battery_percent, facts.charging)

    def finish(self, progress: Progress) -> MachineRun:
        """Outputs, operators and energy, each by a turn of its own that is not timed, and the results."""
        results = []
        for program, kept in zip(self.programs, self._kept, strict=True):
            result = self._result(kept)
            if self._settings.profile:
                result = replace(result, layers=self._extra(program, profile=True).layers(self._target))
            if self._settings.energy_seconds:
                result = self._with_energy(result, program, progress)
            results.append(result)
        found = [(program.kind, outputs) for program in self.programs if (outputs := self._outputs(program))]
        exact = next((outputs for kind, outputs in found if kind == STATIC), None)
        return MachineRun(tuple(results), found[0][1] if found else None, exact, self._facts)

    def _extra(self, program: Program, profile: bool = False, outputs: str | None = None) -> Turn:
        base = self._options
        options = RunnerOptions(base.threads, base.cpus, base.warmup, base.runs, base.inputs, outputs, profile)
        done = self._machine.run(program.command(options), self._settings.turn_seconds)
        return program.turn(done, self._machine.name)

    def _outputs(self, program: Program) -> tuple[Array, ...] | None:
        """What the program computed for each input; None where it does not tell."""
        name = f"{self._name}.outputs"
        path = f"{self._machine.workspace}/{name}"
        if path not in program.command(RunnerOptions(outputs=path)):
            return None
        self._extra(program, outputs=path)
        with tempfile.TemporaryDirectory(prefix="edgeprune-") as folder:
            local = Path(folder, name)
            self._machine.pull(name, local)
            return self._split(local.read_bytes())

    def _split(self, content: bytes) -> tuple[Array, ...]:
        """Bytes of all outputs of each inference as one array [N, ...] per output."""
        ports = [(np.dtype(port.dtype), port.shape) for port in self._firmware.manifest.outputs]
        sizes = [dtype.itemsize * int(np.prod(shape)) for dtype, shape in ports]
        if len(content) != self._count * sum(sizes):
            raise DeviceError(
                f"{self._machine.name} gave {len(content):,} B of outputs where {self._count * sum(sizes):,} were "
                "awaited; measure again"
            )
        rows = np.frombuffer(content, np.uint8).reshape(self._count, -1)
        columns = np.split(rows, np.cumsum(sizes)[:-1], axis=1)
        return tuple(
            np.ascontiguousarray(column).view(dtype).reshape(self._count, *shape)
            for column, (dtype, shape) in zip(columns, ports, strict=True)
        )

    def _result(self, kept: Sequence[_Kept]) -> RunResult:
        turns = [one.turn for one in kept]
        of_turns = [statistics.median(turn.us) / 1000 for turn in turns]
        note = f"median of {len(turns)} turns of {turns[0].inferences} inferences, on " + (
            f"CPU {', '.join(map(str, turns[0].cpus))}" if turns[0].cpus else "the CPUs that the system chose"
        )
        latency = median(of_turns, "ms", self._target, Origin.MEASURED, note)
        peak = [float(turn.peak_bytes) for turn in turns if turn.peak_bytes is not None]
        memory = Measurement.of(peak, "B", Origin.MEASURED, self._target, "of the whole process") if peak else None
        return RunResult(
            self._target, self._machine.name, turns[0].runtime, latency, statistics=_statistics(turns),
            memory=memory, notes=(*self._stand_in, *_notes(kept)),
        )  # fmt: skip

    def _with_energy(self, result: RunResult, program: Program, progress: Progress) -> RunResult:
        assert result.latency is not None
        try:
            energy = energy_of(
                self._machine, program, self._options, result.latency.value / 1000, self._settings.energy_seconds,
                self._target, progress,
            )  # fmt: skip
        except DeviceError as error:
            return replace(result, notes=(*result.notes, f"energy not measured: {error}"))
        return replace(result, energy=energy)


def _notes(kept: Sequence[_Kept]) -> tuple[str, ...]:
    """What was not steady, each thing once, with the number of turns that it concerns."""
    found: dict[str, int] = {}
    for one in kept:
        for reason in one.unsteady:
            found[reason] = found.get(reason, 0) + 1
    notes = [f"not steady in {count} of {len(kept)} turns: {reason}" for reason, count in found.items()]
    discarded = sum(one.discarded for one in kept)
    return tuple(notes + ([f"{discarded} turns were discarded since the clock moved"] if discarded else []))


def _statistics(turns: Sequence[Turn]) -> LatencyStatistics:
    """Of all inferences of all turns together; loading and first inference are the medians of the turns."""
    times = np.concatenate([turn.us for turn in turns])
    p5, middle, p95 = (float(value) for value in np.percentile(times, [5, 50, 95]))
    return LatencyStatistics(
        init_us=statistics.median(turn.init_us for turn in turns),
        first_us=statistics.median(turn.first_us for turn in turns),
        warmup_avg_us=statistics.fmean(turn.warmup_us for turn in turns),
        count=sum(turn.inferences for turn in turns),
        min_us=float(times.min()), max_us=float(times.max()), avg_us=float(times.mean()), std_us=float(times.std()),
        p5_us=p5, median_us=middle, p95_us=p95,
    )  # fmt: skip
