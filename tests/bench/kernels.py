"""`make bench`, second part: cycles, flash and RAM of the four models of MLPerf Tiny.

Two of them are the public files, where they lie beside the checkout; the person detector and
the anomaly detector have random weights.  Bounds and the figures of X-CUBE-AI 10.2 (cycles on
a Cortex-M4 at zero wait states, and with the flash of the STM32L4R5 at 120 MHz) and of TFLite
Micro with CMSIS-NN (bytes) are those that this project set itself.
"""

from __future__ import annotations

import tempfile
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from common import SHARED, behind_flash, board, built, compilers, head, qemu_instructions, referee, show

from edgeprune.build import Firmware
from edgeprune.build.manifest import LayerEntry
from edgeprune.devices.transports.qemu import available
from edgeprune.emulate import Core, call_function, load_image, measure_layers
from edgeprune.measure.reference import ReferenceModel
from edgeprune.plan import Objective
from edgeprune.targets import McuTarget
from edgeprune.tflite import read_bytes
from support.device import invoke
from support.networks import autoencoder, mobilenet
from support.reference import random_inputs

_MILLION = 1e6


@dataclass(frozen=True)
class Bounds:
    """What a model is held against: million cycles, and kilobytes of flash and RAM."""

    cycles: float
    goal: float
    behind_flash: float
    flash: float
    ram: float


BOUNDS = {
    "kws_int8": Bounds(4.0, 3.2, 5.13, 90, 20),
    "ic_int8": Bounds(10.0, 8.0, 19.66, 140, 54),
    "vww_random": Bounds(9.5, 8.6, 10.35, 300, 62),
    "ad_random": Bounds(0.45, 0.36, 0.573, 290, 2.6),
}


#: Cycles per MAC that a core without DSP extension may take.
PER_MAC = {("cortex-m0plus", "kws_int8"): 11.0, ("cortex-m0plus", "ic_int8"): 7.8}


def main() -> None:
    """Print every table."""
    with tempfile.TemporaryDirectory(prefix="edgeprune-bench-") as scratch:
        folder = Path(scratch)
        models = find_models(folder)
        print_latency(models, folder)
        print_kinds(models, folder)
        print_behind_flash(models, folder)
        print_memory(models, folder)
        print_other_cores(models, folder)
        print_helium(models, folder)


def find_models(folder: Path) -> dict[str, Path]:
    """Files of the models that are here."""
    models = {name: SHARED / "models" / f"{name}.tflite" for name in ("kws_int8", "ic_int8")}
    for name, make in (("vww_random", mobilenet), ("ad_random", autoencoder)):
        models[name] = folder / f"{name}.tflite"
        models[name].write_bytes(make())
    return {name: path for name, path in models.items() if path.is_file()}


def mega(cycles: float) -> str:
    """Millions, three decimals."""
    return f"{cycles / _MILLION:.3f}"


def is_exact(firmware: Firmware, target: McuTarget) -> bool:
    """Whether a few random inputs give what the reference kernels give."""
    content = firmware.model.read_bytes()
    inputs = random_inputs(content, 3)
    reference = ReferenceModel(content)
    wanted = [list(reference.run(row)) for row in inputs]
    core = Core(load_image(firmware.elf), target)
    core.boot()
    found = [invoke(core, row, like) for row, like in zip(inputs, wanted, strict=True)]
    return all((a == b).all() for x, y in zip(found, wanted, strict=True) for a, b in zip(x, y, strict=True))


def print_latency(models: dict[str, Path], folder: Path) -> None:
    """Million cycles at zero wait states, kernels chosen for latency."""
    head("Cortex-M4, zero wait states, --optimize latency, million cycles", "model", "compiler", "cycles", "referee",
         "per MAC", "at most", "goal", "exact")  # fmt: skip
    target = board("cortex-m4")
    for name, model in models.items():
        for compiler in compilers():
            firmware = built(model, target, compiler, folder, Objective.LATENCY)
            cycles = call_function(firmware.elf, target, "ep_invoke", memory_model=True).cycles
            wanted = referee(firmware.elf, "ep_invoke", "--mem")
            macs = sum(layer.macs for layer in firmware.manifest.layers)
            exact = "yes" if is_exact(firmware, target) else "NO"
            show(name, compiler, mega(cycles), "" if wanted is None else mega(wanted), f"{cycles / macs:.3f}",
                 BOUNDS[name].cycles, BOUNDS[name].goal, exact)  # fmt: skip


def print_kinds(models: dict[str, Path], folder: Path) -> None:
    """Cycles per MAC by kind of layer."""
    head(
        "Cycles per MAC by kind of layer, zig, --optimize latency",
        "model",
        "kind",
        "layers",
        "MAC",
        "cycles",
        "per MAC",
    )
    target = board("cortex-m4")
    for name, model in models.items():
        firmware = built(model, target, "zig", folder, Objective.LATENCY)
        graph = read_bytes(firmware.model.read_bytes(), name).graph
        core = Core(load_image(firmware.folder / "firmware-profile.elf"), target, memory_model=True)
        core.boot()
        kinds: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
        for layer, cost in zip(firmware.manifest.layers, measure_layers(core), strict=True):
            entry = kinds[kind(graph.required(graph.nodes[cost.index], 1).shape if layer.macs else (), layer)]
            for place, amount in enumerate((1, layer.macs, cost.cycles)):
                entry[place] += amount
        for label, (count, macs, cycles) in kinds.items():
            show(name, label, count, f"{macs:,}", f"{cycles:,}", f"{cycles / macs:.2f}" if macs else "")


def kind(weights: tuple[int, ...], layer: LayerEntry) -> str:
    """In words, by the shape of its weights."""
    if layer.op == "CONV_2D":
        if weights[3] <= 4:
            return f"input convolution, {weights[3]} channels"
        return "pointwise" if weights[1:3] == (1, 1) else f"convolution {weights[1]}x{weights[2]}"
    return layer.op.lower().replace("_", " ")


def print_behind_flash(models: dict[str, Path], folder: Path) -> None:
    """Million cycles with the flash of the STM32L4R5, kernels chosen for it."""
    head("STM32L4R5 at 120 MHz, --optimize latency, million cycles", "model", "compiler", "cycles", "referee", "below")
    target = behind_flash(board("cortex-m4"))
    for name, model in models.items():
        for compiler in compilers():
            firmware = built(model, target, compiler, folder / "flash", Objective.LATENCY)
            cycles = call_function(firmware.elf, target, "ep_invoke").cycles
            wanted = referee(firmware.elf, "ep_invoke", "--flash", "l4r5")
            show(name, compiler, mega(cycles), "" if wanted is None else mega(wanted), BOUNDS[name].behind_flash)


def print_memory(models: dict[str, Path], folder: Path) -> None:
    """Cycles, flash and RAM of the other two objectives."""
    head("Cortex-M4, zero wait states, memory, zig", "model", "--optimize", "million cycles", "at most", "flash kB",
         "at most", "RAM kB", "at most", "arena B", "lower bound B")  # fmt: skip
    target = board("cortex-m4")
    for name, model in models.items():
        for objective in (Objective.BALANCED, Objective.SIZE):
            firmware = built(model, target, "zig", folder, objective)
            image, bounds = firmware.manifest.image, BOUNDS[name]
            assert image is not None
            cycles = call_function(firmware.elf, target, "ep_invoke", memory_model=True).cycles
            most = f"{1.25 * bounds.cycles:.2f}" if objective is Objective.BALANCED else ""
            show(name, objective.value, mega(cycles), most, f"{image.flash_bytes / 1000:.1f}", bounds.flash,
                 f"{image.ram_bytes / 1000:.2f}", bounds.ram, f"{image.arena_bytes:,}",
                 f"{image.arena_lower_bound_bytes:,}")  # fmt: skip


def print_other_cores(models: dict[str, Path], folder: Path) -> None:
    """Cycles per MAC on the other cores' timing models, memory that answers at once."""
    head("Other cores, zero wait states, --optimize latency, cycles per MAC", "core", "model", "compiler", "cycles",
         "per MAC", "at most")  # fmt: skip
    for core in ("cortex-m0plus", "cortex-m3", "cortex-m7", "cortex-m33"):
        target = with_core(core)
        for name, model in models.items():
            for compiler in compilers():
                firmware = built(model, target, compiler, folder / core, Objective.LATENCY)
                cycles = call_function(firmware.elf, target, "ep_invoke").cycles
                macs = sum(layer.macs for layer in firmware.manifest.layers)
                show(core, name, compiler, mega(cycles), f"{cycles / macs:.2f}", PER_MAC.get((core, name), ""))


def with_core(core: str) -> McuTarget:
    """The generic target with another core, and with its FPU where that core has one."""
    target = board("cortex-m4")
    fpu = {"cortex-m7": "fpv5-sp-d16", "cortex-m33": "fpv5-sp-d16"}.get(core)
    return target.model_copy(update={"cpu": target.cpu.model_copy(update={"core": core, "fpu": fpu})})


def print_helium(models: dict[str, Path], folder: Path) -> None:
    """Instructions of a Cortex-M55 by QEMU, with Helium and with the kernels of a Cortex-M4."""
    if available() is None:
        return
    title = "Cortex-M55 (QEMU mps3-an547), million instructions"
    head(title, "model", "Helium", "kernels of a Cortex-M4", "times fewer")
    target = board("mps3-an547")
    for name, model in models.items():
        helium = qemu_instructions(built(model, target, "zig", folder / "mve", Objective.LATENCY), target)
        plain = call_function(
            built(model, board("cortex-m4"), "zig", folder, Objective.LATENCY).elf, board("cortex-m4"), "ep_invoke"
        ).instructions
        show(name, mega(helium), mega(plain), f"{plain / helium:.2f}")


if __name__ == "__main__":
    main()
