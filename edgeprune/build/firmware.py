"""Builds a model for a target into a folder, whole or not at all."""

from __future__ import annotations

import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

import edgeprune
from edgeprune import ops
from edgeprune.build.image import ImageSizes, image_sizes, write_bin_and_hex
from edgeprune.build.manifest import (
    FILE_NAME,
    ImageEntry,
    KernelEntry,
    LayerEntry,
    Manifest,
    NativeEntry,
    PortEntry,
    RemovalEntry,
    SparseEntry,
    ToolchainEntry,
    read_manifest,
)
from edgeprune.build.native import PROGRAM, build_native
from edgeprune.build.seal import seal
from edgeprune.build.toolchain import Toolchain, find_toolchain
from edgeprune.emit import emit_firmware, emit_model, load_platform
from edgeprune.errors import DoesNotFit, UnsupportedError, UserError
from edgeprune.graph import Graph, Tensor
from edgeprune.optimize import Removal
from edgeprune.optimize import optimize as optimized
from edgeprune.plan import LayerPlan, Objective, Option, Plan, make_narrow_plan, make_plan
from edgeprune.staging import staged_folder
from edgeprune.targets import McuTarget, PhoneTarget, Target
from edgeprune.tflite import TfliteModel

_MODEL = "model.tflite"
_RELEASE, _PROFILE = "firmware.elf", "firmware-profile.elf"
#: Models of MLPerf Tiny that firmware can stand in for, with what else must be defined: hosts send
#: images as unsigned bytes, and the firmware shifts them to int8.
MLPERF_MODELS: dict[str, tuple[str, ...]] = {
    "kws01": (), "vww01": ("EP_MLPERF_UINT8=1",), "ic01": ("EP_MLPERF_UINT8=1",),
}  # fmt: skip


@dataclass(frozen=True)
class Firmware:
    """A built folder.

    For a microcontroller it holds `firmware.elf` (.bin, .hex), `firmware-profile.elf` (.bin,
    .hex), which also times each layer, and `src/`; for a phone the model, which LiteRT runs, and
    `model-aarch64`, a program that needs nothing else; for this host just the model.
    """

    folder: Path
    manifest: Manifest

    @property
    def model(self) -> Path:
        """The .tflite file that it was built from."""
        return self.folder / _MODEL

    @property
    def elf(self) -> Path:
        """The image to flash."""
        return self.folder / _RELEASE

    @property
    def program(self) -> Path | None:
        """The static program for 64-bit Arm; None where there is none."""
        native = self.manifest.native
        return None if native is None or native.sha256 is None else self.folder / PROGRAM

    @property
    def profile_elf(self) -> Path | None:
        """The image that times each layer, its totals including the timing; None where it was not built."""
        image = self.manifest.image
        return None if image is None or image.profile_sha256 is None else self.folder / _PROFILE


def build_firmware(
    model: TfliteModel,
    target: Target,
    out: Path,
    name: str | None = None,
    toolchain: Toolchain | None = None,
    profile: bool = True,
    mlperf: str | None = None,
    optimize: Objective = Objective.BALANCED,
    kernels: frozenset[str] = frozenset(),
    keep_constant_channels: bool = False,
    sparse: SparseEntry | None = None,
) -> Firmware:
    """Build `model` for `target` into the folder `out`.

    Args:
        model: The model.
        target: A microcontroller gets firmware, any other target a LiteRT deployment; a phone gets a
            static program too, where the compiler has kernels for the model.
        out: Made whole; an older built folder is replaced.
        name: Name that the firmware reports; the file's stem by default.
        toolchain: Compiler for a microcontroller; zig by default.
        profile: Whether to build the image that times each layer too.
        mlperf: The model of MLPerf Tiny that the firmware stands in for: a key of
            `MLPERF_MODELS`; hosts of that suite then find what they expect.
        optimize: What a microcontroller's kernels are chosen for.
        kernels: Labels of kernels that are taken wherever they can run, whatever they cost.
        keep_constant_channels: Whether firmware computes all channels that are constant for every
            input, or that nothing reads, and not just those that kernels are faster with; its
            outputs are the same either way.
        sparse: What became of the model's zeros, for the manifest.

    Raises:
        UnsupportedError: the target cannot run the model.
        DoesNotFit: it exceeds the target's RAM or flash; the message has the numbers.
        ToolchainError: the compiler is missing or fails.
        UserError: `out` cannot be written.
    """
    name = name or model.graph.name
    plan: Plan | None = None
    removals: tuple[Removal, ...] = ()
    if isinstance(target, McuTarget):
        graph = optimized(model.graph)
        if keep_constant_channels:
            plan = make_plan(graph, target, optimize, kernels)
        else:
            plan, removals = make_narrow_plan(graph, target, optimize, kernels)
    else:
        _check_types(model.graph, target)
    with staged_folder(out, FILE_NAME) as stage:
        (stage / _MODEL).write_bytes(model.content)
        image = None
        if plan is not None and isinstance(target, McuTarget):
            defines = _mlperf_defines(mlperf)
            image = _build_image(plan, target, model, name, stage, toolchain or find_toolchain(), profile, defines)
        native = None
        if isinstance(target, PhoneTarget):
            native = _build_native(model, target, stage, name, kernels, keep_constant_channels)
        manifest = _manifest(model, target, name, plan, removals, image, native, sparse)
        (stage / FILE_NAME).write_text(manifest.to_json(), encoding="utf-8")
    return Firmware(out, manifest)


def load_firmware(folder: Path) -> Firmware:
    """The firmware that an earlier `build_firmware` left in `folder`.

    Raises:
        UserError: the folder is not one, or files of it are missing.
    """
    if not folder.is_dir():
        raise UserError(f"there is no folder {folder}; make it with `edgeprune build MODEL --out {folder}`")
    firmware = Firmware(folder, read_manifest(folder))
    files = [firmware.model]
    if firmware.manifest.image is not None:
        files += [elf for elf in (firmware.elf, firmware.profile_elf) if elf is not None]
    if firmware.program is not None:
        files.append(firmware.program)
    for file in files:
        if not file.is_file():
            raise UserError(f"{file} is missing; build the folder again")
    return firmware


def _mlperf_defines(model: str | None) -> tuple[str, ...]:
    if model is None:
        return ()
    if model not in MLPERF_MODELS:
        raise UserError(f"MLPerf Tiny has no model {model!r} here; known: {', '.join(MLPERF_MODELS)}")
    return (f"EP_MLPERF_MODEL={model}", *MLPERF_MODELS[model])


def _build_image(
    plan: Plan,
    target: McuTarget,
    model: TfliteModel,
    name: str,
    stage: Path,
    toolchain: Toolchain,
    profile: bool,
    defines: tuple[str, ...],
) -> ImageEntry:
    tree = emit_model(plan, name, model.sha256).merged(emit_firmware(target.platform, target))
    sources = stage / "src"
    tree.write(sources)
    platform = load_platform(target.platform)
    digests: dict[str, str] = {}
    for file, more in ((_RELEASE, ()), (_PROFILE, ("EP_PROFILE=1",)))[: 1 + profile]:
        toolchain.link(platform, sources, file, (*defines, *more), target.cpu)
        shutil.move(sources / file, stage / file)
        digests[file] = seal(stage / file)
        write_bin_and_hex(stage / file)
    sizes = image_sizes(stage / _RELEASE)
    _check_fit(plan, target, sizes)
    return ImageEntry(
        toolchain=ToolchainEntry(name=toolchain.name, version=toolchain.version),
        flash_bytes=sizes.flash_bytes,
        ram_bytes=sizes.ram_bytes,
        stack_bytes=target.stack_bytes,
        arena_bytes=plan.arena_bytes,
        arena_lower_bound_bytes=plan.arena_lower_bound,
        peak_layer=peak.name if (peak := plan.peak_layer()) else "",
        optimize=plan.objective.value,
        firmware_sha256=digests[_RELEASE],
        profile_sha256=digests.get(_PROFILE),
    )


def _check_fit(plan: Plan, target: McuTarget, sizes: ImageSizes) -> None:
    if sizes.flash_bytes > target.flash.size:
        raise DoesNotFit(
            f"{plan.graph.name}: code and weights of {sizes.flash_bytes:,} B exceed the flash of {target.name} "
            f"({target.flash.size:,} B) by {sizes.flash_bytes - target.flash.size:,} B; largest part: "
            f"{sizes.largest.name} ({sizes.largest.nbytes:,} B); prune the model further or choose a larger target"
        )
    needed = sizes.ram_bytes + target.stack_bytes
    if needed > target.ram.size:
        largest = plan.largest_buffer()
        raise DoesNotFit(
            f"{plan.graph.name}: variables and stack of {needed:,} B exceed the RAM of {target.name} "
            f"({target.ram.size:,} B) by {needed - target.ram.size:,} B; the arena takes {plan.arena_bytes:,} B, its "
            f"largest tensor: {largest.name} ({largest.nbytes:,} B); prune the model further or choose a larger target"
        )


def _check_types(graph: Graph, target: Target) -> None:
    """Refuse a LiteRT deployment whose arithmetic is in a type that the target's profile does not list."""
    names = {"int16": "int16x8"}
    types = {graph.required(node, 0).dtype.value for node in graph.nodes if ops.layer_macs(graph, node)}
    refused = sorted(names.get(t, t) for t in types if names.get(t, t) not in target.dtypes)
    if refused:
        raise UnsupportedError(
            f"{graph.name} computes in {', '.join(refused)}, and {target.name} runs {', '.join(target.dtypes)} only; "
            f"convert it with `edgeprune convert` and --quantize {target.dtypes[0]}"
        )


def _build_native(
    model: TfliteModel,
    target: PhoneTarget,
    stage: Path,
    name: str,
    kernels: frozenset[str],
    keep_constant_channels: bool,
) -> NativeEntry:
    try:
        built = build_native(model, target, stage, name, None, kernels, keep_constant_channels)
    except UnsupportedError as error:
        return NativeEntry(sha256=None, reason=error.fault)
    return NativeEntry(sha256=built.sha256, arena_bytes=built.arena_bytes)


def _manifest(
    model: TfliteModel,
    target: Target,
    name: str,
    plan: Plan | None,
    removals: tuple[Removal, ...],
    image: ImageEntry | None,
    native: NativeEntry | None,
    sparse: SparseEntry | None,
) -> Manifest:
    graph = model.graph if plan is None else plan.graph
    planned = [None] * len(graph.nodes) if plan is None else plan.layers
    layers = tuple(_layer(graph, index, layer) for index, layer in enumerate(planned))
    return Manifest(
        edgeprune=edgeprune.__version__,
        name=name,
        sha256=model.sha256,
        target=target,
        inputs=tuple(_port(tensor) for tensor in graph.input_tensors()),
        outputs=tuple(_port(tensor) for tensor in graph.output_tensors()),
        layers=layers,
        removals=tuple(RemovalEntry(**asdict(removal)) for removal in removals),
        image=image,
        native=native,
        sparse=sparse,
    )


def _layer(graph: Graph, index: int, plan: LayerPlan | None) -> LayerEntry:
    node = graph.nodes[index]
    choice = plan.choice if plan else None
    return LayerEntry(
        name=graph.layer_name(index),
        op=node.op,
        kernel=choice.option.kernel.name if choice else None,
        macs=ops.layer_macs(graph, node),
        parameters=ops.layer_parameters(graph, node),
        output_shape=graph.output(node).shape,
        reason=choice.reason if choice else "",
        cost=_cost(choice.option) if choice else None,
        others=tuple(_cost(option) for option in choice.others) if choice else (),
        ram_bytes=plan.ram_bytes if plan else None,
    )


def _cost(option: Option) -> KernelEntry:
    return KernelEntry(
        kernel=option.kernel.label,
        cycles=round(option.cycles),
        table_bytes=option.table_bytes,
        scratch_bytes=option.scratch_bytes,
    )


def _port(tensor: Tensor) -> PortEntry:
    quantization = tensor.quantization
    return PortEntry(
        name=tensor.name,
        dtype=tensor.dtype.value,
        shape=tensor.shape,
        scale=0.0 if quantization is None else quantization.scale,
        zero_point=0 if quantization is None else quantization.zero_point,
    )
