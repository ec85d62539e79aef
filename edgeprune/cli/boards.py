"""`build`, `measure`, `validate` and `emulate`: firmware and the boards that run it."""

from __future__ import annotations

import enum
import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgeprune.cli.console import progress, show, show_json, show_removals, show_table
from edgeprune.cli.options import Json
from edgeprune.errors import UserError

if TYPE_CHECKING:
    from edgeprune.build import Firmware, SparseEntry
    from edgeprune.measure import RunResult
    from edgeprune.measure.arrays import Array, InputBatch
    from edgeprune.measure.machine import MachineSettings
    from edgeprune.progress import Progress

_CPU_NUMBER = r"\s*[0-9]{1,4}\s*"
#: From this share of zeros on a model counts as pruned by zeros.
_PATTERN = 0.1
EXAMPLES = {
    "build": "Example: edgeprune build model.tflite --target nucleo-l4r5zi --out firmware",
    "measure": "Example: edgeprune measure firmware --via emulator --runs 20",
    "validate": "Example: edgeprune validate firmware --via emulator --data data.npz",
    "emulate": "Example: edgeprune emulate firmware --pty",
}


class _Optimize(enum.Enum):
    """The objectives of `edgeprune.plan`, which is imported when needed only."""

    LATENCY = "latency"
    BALANCED = "balanced"
    SIZE = "size"


_Folder = Annotated[Path, typer.Argument(help="A folder made by `edgeprune build`.")]
_Via = Annotated[str, typer.Option("--via", help="emulator, qemu, serial:PORT, adb:SERIAL, ssh:HOST, local or host.")]


def build(
    model: Annotated[Path, typer.Argument(help="A .tflite file.")],
    out: Annotated[Path, typer.Option("--out", help="Folder to write.")],
    target: Annotated[str, typer.Option("--target", help="Profile, see `edgeprune targets`.")] = "cortex-m4",
    toolchain: Annotated[str | None, typer.Option("--toolchain", help="zig (the default) or gcc.")] = None,
    name: Annotated[str | None, typer.Option("--name", help="Name that the firmware reports.")] = None,
    profile: Annotated[
        bool, typer.Option("--profile/--no-profile", help="Also build firmware-profile.elf, which times each layer.")
    ] = True,
    mlperf: Annotated[
        str | None, typer.Option("--mlperf", help="Stand in for kws01, vww01 or ic01 of MLPerf Tiny to its hosts.")
    ] = None,
    optimize: Annotated[
        _Optimize, typer.Option("--optimize", help="What kernels are chosen for: time, memory, or both together.")
    ] = _Optimize.BALANCED,
    keep_constant_channels: Annotated[
        bool,
        typer.Option("--keep-constant-channels", help="Compute channels too that are the same for every input."),
    ] = False,
    json_: Json = False,
) -> None:
    """Generate what runs a model on the target: C firmware, or a LiteRT deployment."""
    from edgeprune import tflite
    from edgeprune.build import build_firmware, find_toolchain
    from edgeprune.plan import Objective
    from edgeprune.sparsify import deployable
    from edgeprune.targets import load_target

    board = load_target(target)
    compiler = find_toolchain(toolchain) if toolchain else None
    content, sparse = deployable(tflite.read(model), board)
    firmware = build_firmware(
        content, board, out, name, compiler, profile, mlperf, Objective(optimize.value),
        keep_constant_channels=keep_constant_channels, sparse=sparse,
    )  # fmt: skip
    if json_:
        show_json(json.loads(firmware.manifest.to_json()))
        return
    image = firmware.manifest.image
    rows = [(entry.name, entry.kernel or "no code", f"{entry.macs:,}") for entry in firmware.manifest.layers]
    if image is None:
        _show_zeros(firmware.manifest.sparse)
        show(_deployed(firmware))
        return
    show_table(("layer", "kernel", "MAC"), rows, text_columns=2)
    show_removals(firmware.manifest.removals)
    show(
        f"wrote {out}: flash {image.flash_bytes:,} B, RAM {image.ram_bytes:,} B (arena {image.arena_bytes:,} B, "
        f"of which {image.peak_layer} needs {image.arena_lower_bound_bytes:,} B) "
        f"and {image.stack_bytes:,} B of stack, built with {image.toolchain.name} {image.toolchain.version}"
    )


def _show_zeros(sparse: SparseEntry | None) -> None:
    """What became of the zeros, where they are a pattern."""
    if sparse is None or sparse.zeros < _PATTERN:
        return
    if sparse.layers:
        show(
            f"{len(sparse.layers)} layers are in the sparse encoding, which XNNPACK runs sparsely ({sparse.zeros:.1%} "
            f"zeros); outputs differ by {sparse.error:.1e} of the largest at most"
        )
    if sparse.reason:
        show(sparse.reason)


def _deployed(firmware: Firmware) -> str:
    """What was written for a phone or for this host, and the next step."""
    name, native = firmware.manifest.target.name, firmware.manifest.native
    if native is None:
        return f"wrote {firmware.folder}: a LiteRT deployment for {name}; measure it with --via host"
    beside = f"no static program ({native.reason})" if native.sha256 is None else "a static program beside it"
    way = "measure it with --via adb:SERIAL or ssh:HOST"
    return f"wrote {firmware.folder}: a LiteRT deployment for {name}, {beside}; {way}"


def measure(
    folder: _Folder,
    via: _Via,
    runs: Annotated[int, typer.Option("--runs", min=1, help="Inferences to time.")] = 10,
    input_: Annotated[Path | None, typer.Option("--input", help="input_0, ... of shape [N, ...] in one .npz.")] = None,
    output: Annotated[
        Path | None, typer.Option("--output", help="Where to write output_0, ... of shape [N, ...].")
    ] = None,
    layers: Annotated[bool, typer.Option(help="Also time each layer, where the device can.")] = True,
    rounds: Annotated[
        int, typer.Option("--rounds", min=1, help="Phones: turns of --runs inferences; from 6 on with a 95 % interval.")
    ] = 6,
    threads: Annotated[
        int | None, typer.Option("--threads", min=1, help="Phones: threads, else the profile's.")
    ] = None,
    cpus: Annotated[
        str | None, typer.Option("--cpus", help="Phones: CPUs to stay on, such as 4,5; else the profile's core.")
    ] = None,
    benchmark_model: Annotated[
        Path | None, typer.Option("--benchmark-model", help="Android: the official benchmark_model, to run it too.")
    ] = None,
    energy: Annotated[
        float,
        typer.Option("--energy", min=0, max=3600, help="Phones: seconds of each window of energy, best 60; 0: none."),
    ] = 0.0,
    json_: Json = False,
) -> None:
    """Run a built model and show latency, cycles, energy and the time of each layer."""
    from edgeprune.build import load_firmware
    from edgeprune.build.program_file import check_phone_program
    from edgeprune.measure.arrays import save_outputs
    from edgeprune.measure.machine import MachineSettings

    firmware = load_firmware(folder)
    inputs = _inputs(firmware, input_)
    if benchmark_model is not None:
        check_phone_program(benchmark_model, "benchmark_model")
    settings = MachineSettings(
        runs, rounds, threads=threads, cpus=_cpus(cpus), benchmark_model=benchmark_model, energy_seconds=energy,
        profile=layers,
    )  # fmt: skip
    with progress() as bars:
        results, outputs = _measured(firmware, via, inputs, settings, bars)
    if output is not None:
        if outputs is None:
            raise UserError(f"what ran via {via} gives no outputs; leave --output out")
        save_outputs(output, outputs)
    if json_:
        from edgeprune.measure.values import to_plain

        show_json({"name": firmware.manifest.name, "sha256": firmware.manifest.sha256,
                   "runs": [to_plain(result) for result in results]})  # fmt: skip
        return
    for result in results:
        _show_run(result)


def _measured(
    firmware: Firmware, via: str, inputs: InputBatch, settings: MachineSettings, bars: Progress
) -> tuple[tuple[RunResult, ...], tuple[Array, ...] | None]:
    """Results and outputs by whatever way `via` names."""
    from edgeprune.devices.machine import machine_schemes

    if via == "host":
        from edgeprune.measure.host import run_deployment

        return run_deployment(firmware, inputs, settings.runs, bars)
    if via.partition(":")[0] in machine_schemes():
        from edgeprune.measure.machine import run_on_machine

        on_machine = run_on_machine(firmware, via, inputs, settings, bars)
        return on_machine.results, on_machine.outputs
    from edgeprune.measure.board import run_on_board

    ran = run_on_board(firmware, via, inputs, settings.runs, settings.profile, bars)
    return (ran.result,), ran.outputs


def _cpus(text: str | None) -> tuple[int, ...] | None:
    """`4,5` as numbers."""
    if text is None:
        return None
    parts = text.split(",")
    if not all(re.fullmatch(_CPU_NUMBER, part) for part in parts):
        raise UserError(f"--cpus {text} are no numbers of CPUs; write them like 4,5")
    return tuple(int(part) for part in parts)


def _inputs(firmware: Firmware, path: Path | None) -> InputBatch:
    from edgeprune import tflite
    from edgeprune.measure.arrays import load_inputs, random_batch

    tensors = tflite.read(firmware.model).graph.input_tensors()
    return random_batch(tensors, 1) if path is None else load_inputs(path, tensors)


def _show_run(result: RunResult) -> None:
    show(f"{result.runtime} on {result.device} via {result.via}")
    figures = (
        ("latency", result.latency),
        ("cycles", result.cycles),
        ("instructions", result.instructions),
        ("energy", result.energy),
        ("stack", result.stack),
        ("memory", result.memory),
    )
    known = [(label, m) for label, m in figures if m is not None]
    rows = [
        (label, *(_digits(v, m.unit) for v in (m.value, m.low, m.high)), m.unit, m.origin.value, f"{m.runs}")
        for label, m in known
    ]
    show_table(("", "median", "low", "high", "unit", "origin", "runs"), rows)
    for label, m in known:
        if m.note:
            show(f"{label}: {m.note}")
    for note in result.notes:
        show(note)
    if result.layers:
        total = sum(layer.cost.value for layer in result.layers)
        show_table(
            ("layer", result.layers[0].cost.unit, "share"),
            [
                (layer.name, _digits(layer.cost.value, layer.cost.unit), f"{100 * layer.cost.value / total:.1f} %")
                for layer in result.layers
            ],
        )
    if result.statistics is not None:
        figures_us = asdict(result.statistics)
        show_table(tuple(figures_us), [[f"{value:,.1f}" for value in figures_us.values()]], text_columns=0)


def _digits(value: float, unit: str) -> str:
    """Counts are whole, times and energies have six digits."""
    return f"{value:,.0f}" if unit in {"cycles", "instructions", "B"} else f"{value:,.6g}"


def validate(
    folder: _Folder,
    via: _Via,
    data: Annotated[Path | None, typer.Option("--data", help="Test examples; random inputs without it.")] = None,
    inputs: Annotated[int, typer.Option("--inputs", min=1, help="How many inputs to compare.")] = 100,
    json_: Json = False,
) -> None:
    """Compare a device's outputs with TFLite's reference kernels, bit by bit; exit code 1 if any differs."""
    from edgeprune.build import load_firmware
    from edgeprune.measure.session import validate_firmware

    firmware = load_firmware(folder)
    with progress() as bars:
        validation, share = validate_firmware(firmware, via, data, inputs, bars)
    if json_:
        found = None if share is None else asdict(share)
        show_json({**asdict(validation), "exact_share": validation.exact_share, "accuracy": found})
    else:
        show(
            f"{validation.exact} of {validation.inputs} outputs equal the reference kernels' bit by bit; "
            f"{validation.differing} of {validation.values} values differ, by {validation.max_error:g} at most"
        )
        if share is not None:
            show(f"accuracy on them: {100 * share.value:.2f} % ({100 * share.low:.2f} to {100 * share.high:.2f})")
    if via != "host":
        validation.require_exact(f"{folder} via {via}")


def emulate(
    folder: _Folder,
    pty: Annotated[bool, typer.Option("--pty", help="Serve the UART as a pseudo-terminal.")] = False,
    profile: Annotated[bool, typer.Option("--profile", help="Run the build that times each layer.")] = False,
) -> None:
    """Run firmware on an emulated board until stopped; without --pty its UART is this terminal."""
    from edgeprune.build import load_firmware
    from edgeprune.emulate import serve, serve_here
    from edgeprune.targets import McuTarget

    firmware = load_firmware(folder)
    target = firmware.manifest.target
    if not isinstance(target, McuTarget) or not target.emulated:
        raise UserError(f"{folder} was built for {target.name}, which is not emulated; build it for cortex-m4")
    elf = firmware.profile_elf if profile else firmware.elf
    if elf is None:
        raise UserError(f"{folder} was built without firmware-profile.elf; build it with --profile")
    if not pty:
        serve_here(elf, target)
        return

    def announce(path: str) -> None:
        typer.echo(path)

    serve(elf, target, announce)


COMMANDS = (build, measure, validate, emulate)
