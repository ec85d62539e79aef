"""The programs that can run a model on a machine, each labelled by what it is.

| program | runs on | times |
|---|---|---|
| LiteRT with XNNPACK, by our runner | 64-bit Arm Linux with glibc 2.34 | each inference |
| our compiler's static program | any 64-bit Arm, Android too | each inference |
| the official `benchmark_model`, from the user | Android | statistics of a run |
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from edgeprune.build import Firmware, build_litert_runner
from edgeprune.devices.machine import Completed, Machine, MachineFacts
from edgeprune.errors import DeviceError, UserError
from edgeprune.measure.benchmark_tool import parse_output, parse_profile
from edgeprune.measure.machine.settings import MachineSettings
from edgeprune.measure.runner import RunnerOptions, read_report
from edgeprune.measure.values import LayerTiming, Measurement, Origin
from edgeprune.progress import Progress

#: Our compiler's program, whose outputs equal the reference kernels'.
STATIC = "static program"
_ARM_64 = ("arm64-v8a", "aarch64", "arm64")


@dataclass(frozen=True)
class Turn:
    """What one process of a program told.

    Attributes:
        runtime: With its version.
        us: Times of inferences that count; of `benchmark_model` its median or mean alone.
        inferences: How many inferences the figure stands on.
        init_us, first_us, warmup_us: Of loading, the first inference, and the mean warm-up.
        peak_bytes: The most memory that the process had; None where it is not told.
        delegate: What took the graph; empty where nothing did.
        operators: Name and mean microseconds per inference, where they were asked for.
        cpus: What the process was confined to.
    """

    runtime: str
    us: tuple[float, ...]
    inferences: int
    init_us: float
    first_us: float
    warmup_us: float
    peak_bytes: int | None
    delegate: str
    operators: tuple[tuple[str, float], ...]
    cpus: tuple[int, ...]

    def layers(self, device: str) -> tuple[LayerTiming, ...]:
        """The operators as layers of a result."""
        return tuple(
            LayerTiming(number, name, None, time=Measurement.of([us / 1000], "ms", Origin.MEASURED, device))
            for number, (name, us) in enumerate(self.operators)
        )


class Program(Protocol):
    """Something that runs the model, put on the machine."""

    @property
    def kind(self) -> str:
        """What it is, for progress and messages."""

    def command(self, options: RunnerOptions) -> Sequence[str]:
        """The command line on the machine."""

    def turn(self, done: Completed, machine: str) -> Turn:
        """What it told; raises DeviceError or ModelError where it told nothing."""


@dataclass(frozen=True)
class Runner:
    """One of our own runners; see `edgeprune.measure.runner`."""

    kind: str
    program: str
    model: str
    library: str | None = None

    def command(self, options: RunnerOptions) -> Sequence[str]:
        """See `Program.command`."""
        chosen = RunnerOptions(
            options.threads, options.cpus, options.warmup, options.runs, options.inputs, options.outputs,
            options.profile, self.library,
        )  # fmt: skip
        return chosen.command(self.program, self.model)

    def turn(self, done: Completed, machine: str) -> Turn:
        """See `Program.turn`."""
        report = read_report(done.code, done.out, done.err, machine)
        figures = report.statistics()
        runtime = f"{report.runtime}, {report.delegate}" if report.delegate else report.runtime
        operators = tuple((operator.name, operator.us) for operator in report.operators)
        return Turn(
            runtime, report.runs_us, len(report.runs_us), figures.init_us, figures.first_us, figures.warmup_avg_us,
            report.peak_bytes, report.delegate, operators, report.cpus,
        )  # fmt: skip


@dataclass(frozen=True)
class BenchmarkTool:
    """The user's `benchmark_model`, pinned by Android's taskset."""

    program: str
    model: str
    kind: str = "benchmark_model"

    def command(self, options: RunnerOptions) -> Sequence[str]:
        """See `Program.command`; it draws its own inputs and gives no outputs."""
        mask = sum(1 << cpu for cpu in options.cpus)
        pinned = ("taskset", f"{mask:x}") if mask else ()
        return (
            *pinned, self.program, f"--graph={self.model}", f"--num_threads={options.threads}",
            f"--num_runs={options.runs}", f"--warmup_runs={options.warmup}", "--report_peak_memory_footprint=true",
            f"--enable_op_profiling={str(options.profile).lower()}",
        )  # fmt: skip

    def turn(self, done: Completed, machine: str) -> Turn:
        """See `Program.turn`."""
        text = done.out.decode(errors="replace")
        if done.code != 0:
            said = (done.err.decode(errors="replace") + text).strip().splitlines()
            last = said[-1][:200] if said else "it does not say why"
            raise DeviceError(f"benchmark_model ended on {machine} with code {done.code}: {last}")
        run = parse_output(text)
        central = run.runs.median_us if run.runs.median_us is not None else run.runs.avg_us
        operators = tuple((f"{row.kind} {row.name}".strip(), row.mean_us) for row in parse_profile(text))
        peak = None if run.peak_mb is None else round(run.peak_mb * 2**20)
        return Turn(
            "benchmark_model of the user", (central,), run.runs.count, run.init_us,
            run.first_us if run.first_us is not None else run.warmup_avg_us, run.warmup_avg_us, peak,
            "; ".join(run.delegates), operators, (),
        )  # fmt: skip


def place_programs(
    firmware: Firmware, machine: Machine, facts: MachineFacts, settings: MachineSettings, progress: Progress
) -> tuple[Program, ...]:
    """Put everything on the machine that can run the model there.

    Raises:
        UserError: nothing that was built runs there.
        ToolchainError: LiteRT for Arm cannot be had.
        DeviceError: the machine is lost or full.
    """
    if facts.abi not in _ARM_64:
        raise UserError(
            f"{machine.name} has the processor {facts.abi or 'unknown'}, and {firmware.folder} was built for "
            f"{firmware.manifest.target.name}: its time would say nothing about a phone; use --via host here"
        )
    name = f"{firmware.manifest.name}-{firmware.manifest.sha256[:8]}"
    model = machine.push(firmware.model, f"{name}.tflite", progress)
    placed: list[Program] = []
    if not facts.system.startswith("Android"):  # where LiteRT's library finds no glibc
        runner = build_litert_runner(progress=progress)
        program = machine.push(runner.program, runner.program.name, progress)
        library = machine.push(runner.library.path, runner.library.path.name, progress)
        placed.append(Runner("LiteRT", program, model, library))
    if settings.benchmark_model is not None:
        placed.append(BenchmarkTool(machine.push(settings.benchmark_model, "benchmark_model", progress), model))
    if firmware.program is not None:
        placed.append(Runner(STATIC, machine.push(firmware.program, f"{name}-static", progress), "-"))
    if not placed:
        native = firmware.manifest.native
        raise UserError(
            f"nothing runs {firmware.folder} on {machine.name}: on Android LiteRT needs --benchmark-model, and there "
            f"is no static program of it ({native.reason if native else 'it was built before there were any'})"
        )
    return tuple(placed)
