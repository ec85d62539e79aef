"""Runs firmware on a board, real or emulated, and collects its reports."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgeprune.build import Firmware
from edgeprune.devices import (
    BoardClient,
    Identity,
    LayerCycles,
    MemoryUse,
    Transport,
    open_transport,
    starts_firmware,
)
from edgeprune.devices.transports.qemu import NANOSECONDS_PER_INSTRUCTION
from edgeprune.devices.transports.qemu import SCHEME as QEMU
from edgeprune.emulate import load_image
from edgeprune.emulate.timing import timing_model
from edgeprune.errors import DeviceError, UserError
from edgeprune.graph import DType
from edgeprune.measure.arrays import Array, InputBatch
from edgeprune.measure.values import LayerTiming, Measurement, Origin, RunResult
from edgeprune.progress import SILENT, Progress
from edgeprune.targets import McuTarget, PhoneTarget

#: Inferences behind each layer's figure.
_PROFILE_RUNS = 8
_RUNTIME = "edgeprune firmware"


@dataclass(frozen=True, eq=False)
class BoardRun:
    """What a board reported.

    Attributes:
        result: Latency, cycles, energy, stack and layers.
        outputs: One array [N, ...] per model output for the N inputs.
    """

    result: RunResult
    outputs: tuple[Array, ...]


@dataclass(frozen=True)
class _Readings:
    """What came over the line, before it is interpreted."""

    identity: Identity
    cycles: tuple[int, ...]
    memory: MemoryUse
    layers: tuple[LayerCycles, ...]
    repeats: int


def run_on_board(
    firmware: Firmware, via: str, inputs: InputBatch, runs: int, layers: bool = True, progress: Progress = SILENT
) -> BoardRun:
    """Run every input once, and more inferences on the last until there were `runs`.

    Args:
        firmware: Built for a microcontroller.
        via: `emulator`, `qemu` or `serial:PORT`.
        inputs: At least one.
        runs: Inferences to time at least.
        layers: Also time each layer, where the way allows it: an emulated board is started
            anew with the profiling build; a real one must run that build already.
        progress: Advances by one per inference.

    Raises:
        UserError: the folder holds no firmware, or there is no such way.
        DeviceError: the board does not answer, runs another build, or is a QEMU whose clock
            counts nothing that is known.
    """
    target = _board_of(firmware)
    readings, outputs = _talk(firmware, target, via, inputs, runs, layers, progress)
    if readings.identity.origin == QEMU and via != QEMU:
        raise DeviceError(
            f"what answers at {via} is QEMU, whose clock may count anything; use --via qemu, which starts it so that "
            "its clock counts instructions"
        )
    return BoardRun(_result(target, via, readings), outputs)


def outputs_of_board(
    firmware: Firmware, via: str, inputs: InputBatch, progress: Progress = SILENT
) -> tuple[Array, ...]:
    """Outputs [N, ...] for the N inputs; raises as `run_on_board` does."""
    return _talk(firmware, _board_of(firmware), via, inputs, 1, False, progress)[1]


def _board_of(firmware: Firmware) -> McuTarget:
    target = firmware.manifest.target
    if not isinstance(target, McuTarget):
        ways = "adb:SERIAL or ssh:HOST" if isinstance(target, PhoneTarget) else "host"
        raise UserError(f"{firmware.folder} was built for {target.name}, which is no microcontroller; use --via {ways}")
    return target


def _talk(
    firmware: Firmware, target: McuTarget, via: str, inputs: InputBatch, runs: int, layers: bool, progress: Progress
) -> tuple[_Readings, tuple[Array, ...]]:
    """Everything that is said to the board, and to its profiling build where that can be started too."""
    progress.start(f"{firmware.manifest.name} on {target.name} via {via}", max(runs, len(inputs)))
    with open_transport(via, firmware.elf, target) as line:
        board, identity = _connect(firmware, line)
        cycles, outputs = _run_all(board, firmware, inputs, runs, progress)
        memory, repeats = board.memory(), board.repeats
        timed = board.layers(_PROFILE_RUNS) if layers and identity.profile else ()
    if layers and not timed and firmware.profile_elf is not None and starts_firmware(via):
        with open_transport(via, firmware.profile_elf, target) as line:
            board, _ = _connect(firmware, line)
            _load(board, inputs.sample(len(inputs) - 1))
            timed = board.layers(_PROFILE_RUNS)
            repeats += board.repeats
    progress.finish()
    return _Readings(identity, cycles, memory, timed, repeats), outputs


def _connect(firmware: Firmware, line: Transport) -> tuple[BoardClient, Identity]:
    """A client of the board, which runs one of the images of this build, and who it says it is."""
    manifest, symbols = firmware.manifest, _Symbols(firmware.elf)
    board = BoardClient(line, describe=symbols.describe)
    images = () if manifest.image is None else manifest.image.digests
    identity = board.require(manifest.name, manifest.sha256, images)
    if identity.profile and firmware.profile_elf is not None:
        symbols.elf = firmware.profile_elf
    return board, identity


@dataclass
class _Symbols:
    """Names of the functions in the image that runs, read when a board reports a fault."""

    elf: Path

    def describe(self, address: int) -> str:
        return load_image(self.elf).describe(address)


def _result(target: McuTarget, via: str, readings: _Readings) -> RunResult:
    identity = readings.identity
    origin = Origin.EMULATED if identity.emulated else Origin.MEASURED

    def of(values: tuple[int, ...], unit: str, note: str = "") -> Measurement:
        return Measurement.of(values, unit, origin, target.name, note)

    stack = of((readings.memory.stack_used,), "B", f"of {readings.memory.stack_size:,} B reserved")
    if identity.origin == QEMU:
        # Its clock moves on with the instructions: a tick is so many of them.
        tick = 1e9 / (identity.clock_hz * NANOSECONDS_PER_INSTRUCTION)
        note = f"by QEMU's -icount clock, in steps of {tick:g}; QEMU knows no cycles{_repeated(readings)}"
        instructions = of(readings.cycles, "ticks").scaled(tick, "instructions", note=note)
        timed = tuple(
            LayerTiming(layer.index, layer.name, None, of(layer.cycles, "ticks").scaled(tick, "instructions"))
            for layer in readings.layers
        )
        return RunResult(target.name, via, _RUNTIME, None, instructions=instructions, stack=stack, layers=timed)
    trust = timing_model(target.cpu).trust if identity.emulated else None
    counted = of(readings.cycles, "cycles", "" if trust is None else f"{trust.error_class}: {trust.text}")
    latency = counted.scaled(
        1e3 / identity.clock_hz, "ms", note=f"at {identity.clock_hz / 1e6:g} MHz{_repeated(readings)}"
    )
    return RunResult(
        device=target.name,
        via=via,
        runtime=_RUNTIME,
        latency=latency,
        cycles=counted,
        energy=estimated_energy(target, latency),
        stack=stack,
        layers=tuple(LayerTiming(layer.index, layer.name, of(layer.cycles, "cycles")) for layer in readings.layers),
    )


def _repeated(readings: _Readings) -> str:
    """What the reader must know of a bad line: no reading is lost silently."""
    count = readings.repeats
    return f"; {count} exchange{'s' * (count > 1)} repeated, as the line had damaged them" if count else ""


def estimated_energy(target: McuTarget, latency: Measurement) -> Measurement | None:
    """Active power of the profile times latency, in mJ; None where the profile knows no power."""
    if target.energy is None:
        return None
    note = f"latency times {target.energy.active_mw:g} mW active power; {target.energy.source}"
    return latency.scaled(target.energy.active_mw / 1000, "mJ", Origin.ESTIMATED, note)


def _load(board: BoardClient, sample: tuple[Array, ...]) -> None:
    for index, array in enumerate(sample):
        board.load_input(array.tobytes(), index)


def _run_all(
    board: BoardClient, firmware: Firmware, inputs: InputBatch, runs: int, progress: Progress
) -> tuple[tuple[int, ...], tuple[Array, ...]]:
    """Cycles of every inference, and the outputs of the first one on each input."""
    ports = firmware.manifest.outputs
    cycles: list[int] = []
    rows: list[list[Array]] = []
    board.reset_states()
    for number in range(len(inputs)):
        _load(board, inputs.sample(number))
        cycles.append(board.step())
        progress.advance(1)
        rows.append(
            [
                np.frombuffer(board.output(index), DType(port.dtype).numpy).reshape(port.shape)
                for index, port in enumerate(ports)
            ]
        )
    if runs > len(inputs):
        cycles += board.run(runs - len(inputs), progress.advance)
    return tuple(cycles), tuple(np.stack(column) for column in zip(*rows, strict=True))
