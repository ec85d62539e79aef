"""Runs firmware on a board, real or emulated, and collects its reports."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgeprune.build import Firmware
from edgeprune.devices import BoardClient, open_transport
from edgeprune.devices.transports.emulator import SCHEME as EMULATOR
from edgeprune.emulate import load_image
from edgeprune.errors import UserError
from edgeprune.graph import DType
from edgeprune.measure.arrays import Array, InputBatch
from edgeprune.measure.values import LayerTiming, Measurement, Origin, RunResult
from edgeprune.progress import SILENT, Progress
from edgeprune.targets import McuTarget

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


@dataclass
class _Symbols:
    """Names of the functions in the image that runs, read when a board reports a fault."""

    elf: Path

    def describe(self, address: int) -> str:
        return load_image(self.elf).describe(address)


def run_on_board(
    firmware: Firmware, via: str, inputs: InputBatch, runs: int, layers: bool = True, progress: Progress = SILENT
) -> BoardRun:
    """Run every input once, and more inferences on the last until there were `runs`.

    Args:
        firmware: Built for a microcontroller.
        via: `emulator` or `serial:PORT`.
        inputs: At least one.
        runs: Inferences to time at least.
        layers: Also time each layer, where the way allows it: an emulated board is started
            anew with the profiling build; a real one must run that build already.
        progress: Advances by one per inference.

    Raises:
        UserError: the folder holds no firmware, or there is no such way.
        DeviceError: the board does not answer, or runs another model.
    """
    target = firmware.manifest.target
    if not isinstance(target, McuTarget):
        raise UserError(f"{firmware.folder} was built for {target.name}, which is no microcontroller; use --via host")
    total = max(runs, len(inputs))
    progress.start(f"{firmware.manifest.name} on {target.name} via {via}", total)
    symbols = _Symbols(firmware.elf)
    with open_transport(via, firmware.elf, target) as line:
        board = BoardClient(line, describe=symbols.describe)
        identity = board.require(firmware.manifest.name, firmware.manifest.sha256)
        if identity.profile:
            symbols.elf = firmware.profile_elf
        cycles, outputs = _run_all(board, firmware, inputs, runs, progress)
        memory = board.memory()
        timed = board.layers(_PROFILE_RUNS) if layers and identity.profile else ()
    if layers and via == EMULATOR:
        symbols.elf = firmware.profile_elf
        with open_transport(via, firmware.profile_elf, target) as line:
            board = BoardClient(line, describe=symbols.describe)
            _load(board, inputs.sample(len(inputs) - 1))
            timed = board.layers(_PROFILE_RUNS)
    progress.finish()
    origin = Origin.EMULATED if identity.emulated else Origin.MEASURED

    def of(values: tuple[int, ...], unit: str, note: str = "") -> Measurement:
        return Measurement.of(values, unit, origin, target.name, note)

    counted = of(cycles, "cycles")
    latency = counted.scaled(1e3 / identity.clock_hz, "ms", note=f"at {identity.clock_hz / 1e6:g} MHz")
    result = RunResult(
        device=target.name,
        via=via,
        runtime=_RUNTIME,
        latency=latency,
        cycles=counted,
        energy=estimated_energy(target, latency),
        stack=of((memory.stack_used,), "B", f"of {memory.stack_size:,} B reserved"),
        layers=tuple(LayerTiming(layer.index, layer.name, of(layer.cycles, "cycles")) for layer in timed),
    )
    return BoardRun(result, outputs)


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
    for number in range(len(inputs)):
        _load(board, inputs.sample(number))
        cycles += board.run(1, progress.advance)
        rows.append(
            [
                np.frombuffer(board.output(index), DType(port.dtype).numpy).reshape(port.shape)
                for index, port in enumerate(ports)
            ]
        )
    if runs > len(inputs):
        cycles += board.run(runs - len(inputs), progress.advance)
    return tuple(cycles), tuple(np.stack(column) for column in zip(*rows, strict=True))
