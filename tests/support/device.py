"""Runs a generated model on an emulated core, for what the host's plain C cannot show: the assembly."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgeprune.build import Firmware, build_firmware, find_toolchain
from edgeprune.devices import BoardClient, open_transport
from edgeprune.devices.transports import qemu
from edgeprune.emulate import Core, load_image
from edgeprune.ops import operators
from edgeprune.plan import Objective
from edgeprune.targets import Extension, McuTarget, load_target
from edgeprune.tflite import read_bytes

_MEGABYTE = 1 << 20
#: How long QEMU may take to answer, when other tests keep the machine busy.
_QEMU_SECONDS = 60.0


def core_for(label: str) -> McuTarget:
    """The generic target with room for any test model, and the smallest core that runs a kernel.

    A label that no kernel has stands for all that a Cortex-M4 can run.
    """
    needs = _needs(label)
    if needs is not None and Extension.HELIUM in needs:
        target = load_target("mps3-an547")
        assert isinstance(target, McuTarget)
        return target
    target = load_target("cortex-m4")
    assert isinstance(target, McuTarget)
    ram = target.ram.model_copy(update={"size": 4 * _MEGABYTE})
    flash = target.flash.model_copy(update={"size": 4 * _MEGABYTE})
    cpu = target.cpu
    if needs is not None and not needs & {Extension.DSP, Extension.FPU}:
        cpu = cpu.model_copy(update={"core": "cortex-m0plus", "fpu": None})
    return target.model_copy(update={"ram": ram, "flash": flash, "cpu": cpu})


def _needs(label: str) -> frozenset[Extension] | None:
    return {k.label: k.needs for op in operators().values() for k in op.kernels}.get(label)


def run_on_core(
    content: bytes,
    inputs: list[list[np.ndarray]],
    like: list[list[np.ndarray]],
    folder: Path,
    labels: frozenset[str] = frozenset(),
    objective: Objective = Objective.BALANCED,
    toolchain: str = "zig",
) -> list[list[np.ndarray]]:
    """Outputs for each set of inputs, shaped like `like`, with the kernels `labels` wherever they can run.

    The kernels must be ones that run on the same core.
    """
    target = core_for(min(labels, default=""))
    model = read_bytes(content, "m")
    firmware = build_firmware(
        model, target, folder / "fw", toolchain=find_toolchain(toolchain), profile=False, optimize=objective,
        kernels=labels, keep_constant_channels=True,
    )  # fmt: skip
    if target.cpu.facts.helium:
        return _run_in_qemu(firmware, target, inputs, like)
    core = Core(load_image(firmware.elf), target)
    core.boot()
    return [invoke(core, arrays, wanted) for arrays, wanted in zip(inputs, like, strict=True)]


def _run_in_qemu(
    firmware: Firmware, target: McuTarget, inputs: list[list[np.ndarray]], like: list[list[np.ndarray]]
) -> list[list[np.ndarray]]:
    """The emulated core has no Helium, QEMU has."""
    if qemu.available() is None:
        pytest.skip(f"{qemu.PROGRAM} is not installed")
    results = []
    with open_transport("qemu", firmware.elf, target) as line:
        board = BoardClient(line, answer_seconds=_QEMU_SECONDS)
        for arrays, wanted in zip(inputs, like, strict=True):
            for index, array in enumerate(arrays):
                board.load_input(array.tobytes(), index)
            board.run(1)
            found = [board.output(index) for index in range(len(wanted))]
            results.append([np.frombuffer(raw, w.dtype).reshape(w.shape) for raw, w in zip(found, wanted, strict=True)])
    return results


def invoke(core: Core, arrays: list[np.ndarray], like: list[np.ndarray]) -> list[np.ndarray]:
    """Outputs of one inference on a core that has booted, shaped like `like`."""
    for index, array in enumerate(arrays):
        core.write(core.call("ep_input", index), array.tobytes())
    core.call("ep_invoke")
    places = [core.call("ep_output", index) for index in range(len(like))]
    found = [core.read(place, array.nbytes) for place, array in zip(places, like, strict=True)]
    return [np.frombuffer(raw, w.dtype).reshape(w.shape) for raw, w in zip(found, like, strict=True)]
