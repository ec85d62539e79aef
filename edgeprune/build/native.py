"""A model as one static program for 64-bit Arm Linux and Android, which needs nothing but itself."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import edgeprune
from edgeprune.build.toolchain import Toolchain, find_toolchain
from edgeprune.emit import emit_firmware, emit_model, load_platform
from edgeprune.errors import UserError
from edgeprune.optimize import optimize
from edgeprune.plan import LayerPlan, Objective, make_narrow_plan, make_plan
from edgeprune.targets import PhoneTarget
from edgeprune.tflite import TfliteModel

#: Name of the program in a deployment's folder.
PROGRAM = "model-aarch64"
#: Its C library is part of the program.  It names no core: extensions are asked for when it starts.
_TRIPLE = "aarch64-linux-musl"
_DEFINES = ("EP_PROFILE=1", f'EP_VERSION="{edgeprune.__version__}"')


@dataclass(frozen=True)
class NativeProgram:
    """A program that holds a model.

    Attributes:
        path: Where it lies.
        sha256: Of the file.
        layers: What runs, with the kernel of each layer.
        arena_bytes: All tensors and scratch memory.
    """

    path: Path
    sha256: str
    layers: tuple[LayerPlan, ...]
    arena_bytes: int


def build_native(
    model: TfliteModel,
    target: PhoneTarget,
    folder: Path,
    name: str | None = None,
    toolchain: Toolchain | None = None,
    kernels: frozenset[str] = frozenset(),
    keep_constant_channels: bool = False,
) -> NativeProgram:
    """Compile `model` to `folder/model-aarch64`; its command line is in `firmware_templates/runner/arguments.h`.

    The program runs on every 64-bit Arm core, and fastest on that of `target`, for which its
    kernels are chosen.

    Args:
        model: The model.
        target: What it is to run on.
        folder: Must exist; the program appears in it whole or not at all.
        name: Name that the program carries; the file's stem by default.
        toolchain: zig by default, which brings the C library.
        kernels: Labels of kernels that are taken wherever they can run, whatever they cost.
        keep_constant_channels: Whether all channels are computed that are constant for every
            input, or that nothing reads; outputs are the same either way.

    Raises:
        UnsupportedError: The compiler has no kernels for the model.
        ToolchainError: The compiler is missing or fails.
        UserError: The folder cannot be written.
    """
    graph = optimize(model.graph)
    if keep_constant_channels:
        plan = make_plan(graph, target, Objective.LATENCY, kernels)
    else:
        plan, _ = make_narrow_plan(graph, target, Objective.LATENCY, kernels)
    tree = emit_model(plan, name or model.graph.name, model.sha256).merged(emit_firmware(target.platform, None))
    path = folder / PROGRAM
    try:
        with tempfile.TemporaryDirectory(dir=folder, prefix=".native-") as sources:
            built = Path(sources)
            tree.write(built)
            compiler = toolchain or find_toolchain()
            compiler.link_for_linux(load_platform(target.platform), built, PROGRAM, _TRIPLE, _DEFINES)
            shutil.move(built / PROGRAM, path)
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror or error}") from None
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return NativeProgram(path, digest, plan.layers, plan.arena_bytes)
