"""Programs that run one model on a Linux computer: their command line, the JSON line they print, their instructions."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from edgeprune.emulate.arm_linux import ArmCore, run_arm
from edgeprune.errors import DeviceError, ModelError
from edgeprune.measure.values import LatencyStatistics, Measurement, Origin

#: Counts of two runs are compared, so that what comes before and after the inferences falls out.
_FEW, _MANY = 1, 4
_COUNT_SECONDS = 600.0


class _Line(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


_Microseconds = Annotated[float, Field(ge=0)]


class Operator(_Line):
    """An operator as the runtime ran it: mean microseconds per inference, calls per inference."""

    name: str
    us: _Microseconds
    calls: int


class RunnerReport(_Line):
    """What a runner printed.

    Attributes:
        runtime: With its version.
        cpus: What the process was confined to; empty where that was not asked for.
        delegate: What took a part of the graph or all of it; empty where none did.
        init_us, first_us: Of loading and of the first inference.
        warmup_us, runs_us: Of each inference that does not count, and of each that does.
        peak_bytes: The most memory that the process had at one time.
        spmm: Whether a sparse matrix product ran; None unless profiled.
        operators: In the order in which they ran; empty unless profiled.
    """

    format: Literal[1]
    runtime: str
    threads: int
    cpus: tuple[int, ...] = Field(strict=False)
    delegate: str
    init_us: _Microseconds
    first_us: _Microseconds
    warmup_us: tuple[_Microseconds, ...] = Field(strict=False)
    runs_us: tuple[_Microseconds, ...] = Field(strict=False, min_length=1)
    peak_bytes: int
    spmm: bool | None
    operators: tuple[Operator, ...] = Field(strict=False)

    def statistics(self) -> LatencyStatistics:
        """The times summed up as the benchmark tool does it."""
        times = sorted(self.runs_us)
        return LatencyStatistics(
            init_us=self.init_us,
            first_us=self.first_us,
            warmup_avg_us=statistics.fmean(self.warmup_us) if self.warmup_us else self.first_us,
            count=len(times),
            min_us=times[0],
            max_us=times[-1],
            avg_us=statistics.fmean(times),
            std_us=statistics.pstdev(times),
            p5_us=_quantile(times, 0.05),
            median_us=statistics.median(times),
            p95_us=_quantile(times, 0.95),
        )


@dataclass(frozen=True)
class RunnerOptions:
    """What a runner is asked for; see `firmware_templates/runner/arguments.h`.

    Attributes:
        threads: Of the runtime.
        cpus: To be confined to; empty: as the system likes.
        warmup, runs: Inferences that do not count, and that do.
        inputs, outputs: Paths, on the computer that runs it, of raw bytes.
        profile: Whether to time each operator.
        library: Path there of the runtime's library, where the runner needs one.
    """

    threads: int = 1
    cpus: tuple[int, ...] = ()
    warmup: int = 10
    runs: int = 50
    inputs: str | None = None
    outputs: str | None = None
    profile: bool = False
    library: str | None = None

    def command(self, program: str, model: str) -> tuple[str, ...]:
        """The command line; `model` is a path, or `-` for one that is built in."""
        parts = [program, model, "--threads", str(self.threads), "--warmup", str(self.warmup), "--runs", str(self.runs)]
        if self.cpus:
            parts += ["--cpus", ",".join(map(str, self.cpus))]
        files = (("--inputs", self.inputs), ("--outputs", self.outputs), ("--library", self.library))
        parts += [part for option, value in files if value is not None for part in (option, value)]
        return tuple(parts + (["--profile"] if self.profile else []))


def read_report(code: int, out: bytes, err: bytes, device: str) -> RunnerReport:
    """The report of a runner that ended with `code` after printing `out` and `err` on `device`.

    Raises:
        ModelError: the runtime there cannot run the model.
        DeviceError: it was refused, killed, or its last line is no report.
    """
    said = err.decode(errors="replace").strip().splitlines()
    last = said[-1] if said else ""
    if code == 1:
        raise ModelError(f"{device} cannot run the model: {last or 'it does not say why'}")
    if code != 0:
        raise DeviceError(f"the runner ended on {device} with code {code}: {last or 'it does not say why'}")
    lines = out.decode(errors="replace").strip().splitlines()
    try:
        return RunnerReport.model_validate_json(lines[-1] if lines else "")
    except ValidationError as error:
        shown = (lines[-1] if lines else "")[:80]
        fault = error.errors()[0]["msg"]
        raise DeviceError(
            f"the runner's last line on {device} is no report ({fault}): {shown!r}; run it again"
        ) from None


def emulated_instructions(
    program: Sequence[str], options: RunnerOptions, core: ArmCore, device: str, seconds: float = _COUNT_SECONDS
) -> Measurement:
    """Instructions of one inference on an emulated core: what further inferences add to a run.

    Args:
        program: The runner and the model.
        options: `warmup`, `runs` and `profile` are not used.
        core: What the program finds.
        device: What the figure is of.
        seconds: Time for each of the two runs.

    Raises:
        ToolchainError: qemu-aarch64 is not installed.
        ModelError: the runtime cannot run the model.
        DeviceError: the program takes too long or fails.
    """
    counts = []
    for runs in (_FEW, _MANY):
        chosen = RunnerOptions(options.threads, (), 0, runs, options.inputs, None, False, options.library)
        done = run_arm(chosen.command(program[0], program[1]), core, seconds, count=True)
        read_report(done.code, done.out, done.err, f"the emulated {core.name}")
        counts.append(done.instructions or 0)
    value = (counts[1] - counts[0]) / (_MANY - _FEW)
    note = f"instructions as counted by QEMU for {core.name}; how long they take there it does not tell"
    return Measurement.of([value], "instructions", Origin.EMULATED, device, note)


def _quantile(times: Sequence[float], share: float) -> float:
    """Linear interpolation between the sorted times."""
    position = share * (len(times) - 1)
    low = int(position)
    high = min(low + 1, len(times) - 1)
    return times[low] + (times[high] - times[low]) * (position - low)
