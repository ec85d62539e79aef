"""Runs a generated model on an emulated core, for what the host's plain C cannot show: the assembly."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from edgeprune.build import build_firmware
from edgeprune.emulate import Core, load_image
from edgeprune.ops import operators
from edgeprune.targets import Extension, McuTarget, load_target
from edgeprune.tflite import read_bytes

_MEGABYTE = 1 << 20


def core_for(label: str) -> McuTarget:
    """The generic target with room for any test model, and the smallest core that runs a kernel."""
    needs = {k.label: k.needs for op in operators().values() for k in op.kernels}.get(label, frozenset())
    target = load_target("cortex-m4")
    assert isinstance(target, McuTarget)
    ram = target.ram.model_copy(update={"size": 4 * _MEGABYTE})
    flash = target.flash.model_copy(update={"size": 4 * _MEGABYTE})
    cpu = target.cpu
    if not needs & {Extension.DSP, Extension.FPU}:
        cpu = cpu.model_copy(update={"core": "cortex-m0plus", "fpu": None})
    return target.model_copy(update={"ram": ram, "flash": flash, "cpu": cpu})


def run_on_core(
    content: bytes, inputs: list[list[np.ndarray]], like: list[list[np.ndarray]], folder: Path, label: str
) -> list[list[np.ndarray]]:
    """Outputs for each set of inputs, shaped like `like`, with the kernel `label` wherever it can run."""
    target = core_for(label)
    kernels = frozenset({label})
    firmware = build_firmware(read_bytes(content, "m"), target, folder / "fw", profile=False, kernels=kernels)
    core = Core(load_image(firmware.elf), target)
    core.boot()
    results = []
    for arrays, wanted in zip(inputs, like, strict=True):
        for index, array in enumerate(arrays):
            core.write(core.call("ep_input", index), array.tobytes())
        core.call("ep_invoke")
        places = [core.call("ep_output", index) for index in range(len(wanted))]
        found = [core.read(place, array.nbytes) for place, array in zip(places, wanted, strict=True)]
        results.append([np.frombuffer(raw, w.dtype).reshape(w.shape) for raw, w in zip(found, wanted, strict=True)])
    return results
