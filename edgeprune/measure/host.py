"""A LiteRT deployment on this machine, the stand-in where no phone is connected."""

from __future__ import annotations

from edgeprune import tflite
from edgeprune.build import Firmware
from edgeprune.errors import UserError
from edgeprune.measure import litert
from edgeprune.measure.arrays import Array, InputBatch
from edgeprune.measure.values import RunResult
from edgeprune.progress import SILENT, Progress
from edgeprune.targets import McuTarget


def run_deployment(
    firmware: Firmware, inputs: InputBatch, runs: int, progress: Progress = SILENT
) -> tuple[tuple[RunResult, ...], tuple[Array, ...]]:
    """Time every installed runtime, and compute the outputs by LiteRT.

    Args:
        firmware: Built for a phone or the host.
        inputs: At least one.
        runs: Inferences to time at least; never fewer than 50.
        progress: Receives the steps.

    Raises:
        UserError: the folder was built for a microcontroller.
        ModelError: a runtime cannot run the model.
    """
    target = firmware.manifest.target
    if isinstance(target, McuTarget):
        raise UserError(
            f"{firmware.folder} holds firmware for {target.name}, whose time this machine cannot tell; "
            "use --via emulator or --via serial:PORT"
        )
    results = []
    for runtime in litert.runtimes():
        progress.start(f"{runtime} on this host", None)
        results.append(litert.benchmark(firmware.model, runtime, target.threads, runs))
    outputs = litert.run_on_host(tflite.read(firmware.model), inputs, progress)
    return tuple(results), outputs
