"""Compiles generated models for this machine, under sanitizers where the compiler has them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np

from edgeprune.build import Toolchain
from edgeprune.emit import emit_firmware, emit_model, load_platform
from edgeprune.graph import Graph
from edgeprune.optimize import optimize
from edgeprune.plan import Objective, make_plan
from edgeprune.targets import McuTarget, load_target
from edgeprune.tflite import read_bytes


def host_toolchains() -> list[Toolchain]:
    """zig always; the system's gcc, which brings the address sanitizer, where there is one."""
    found = [Toolchain("zig", "", (sys.executable, "-m", "ziglang", "cc", "-fsanitize=undefined"))]
    if gcc := shutil.which("gcc"):
        flags = ("-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
        found.append(Toolchain("gcc", "", (gcc, *flags)))
    return found


def roomy_target(core: str = "cortex-m55") -> McuTarget:
    """The generic target with memory for any test model; the default core can run every kernel."""
    target = load_target("cortex-m4")
    assert isinstance(target, McuTarget)
    ram = target.ram.model_copy(update={"size": 1 << 28})
    flash = target.flash.model_copy(update={"size": 1 << 28})
    cpu = target.cpu.model_copy(update={"core": core})
    return target.model_copy(update={"ram": ram, "flash": flash, "cpu": cpu})


def compile_on_host(
    model: bytes | Graph, folder: Path, toolchain: Toolchain, core: str = "cortex-m55",
    kernels: frozenset[str] = frozenset(),
    objective: Objective = Objective.BALANCED,
) -> Path:  # fmt: skip
    """Generate the C of a .tflite file or of a graph for a core, and build it as a program of this machine.

    `kernels` are labels of kernels that are taken wherever they can run.
    """
    graph = model if isinstance(model, Graph) else read_bytes(model, "model.tflite").graph
    plan = make_plan(optimize(graph), roomy_target(core), objective, kernels)
    tree = emit_model(plan, "model", "0" * 64).merged(emit_firmware("host", None))
    tree.write(folder)
    toolchain.link(load_platform("host"), folder, "model")
    return folder / "model"


def run_on_host(program: Path, inputs: list[list[np.ndarray]], like: list[list[np.ndarray]]) -> list[list[np.ndarray]]:
    """Outputs of the program for each set of inputs, shaped like `like`."""
    sent = b"".join(array.tobytes() for arrays in inputs for array in arrays)
    done = subprocess.run([program], input=sent, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode(errors="replace")[-2000:]
    results, position = [], 0
    for arrays in like:
        row = []
        for array in arrays:
            piece = done.stdout[position : position + array.nbytes]
            row.append(np.frombuffer(piece, array.dtype).reshape(array.shape))
            position += array.nbytes
        results.append(row)
    assert position == len(done.stdout)
    return results
