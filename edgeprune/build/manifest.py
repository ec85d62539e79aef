"""`manifest.json`: what lies in a built folder, for people, scripts and later steps."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from edgeprune.errors import UserError
from edgeprune.schema import describe
from edgeprune.targets import HostTarget, McuTarget, PhoneTarget

FILE_NAME = "manifest.json"


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class KernelEntry(_Entry):
    """What one kernel would cost a layer: estimated cycles, bytes of tables and of working memory."""

    kernel: str
    cycles: int
    table_bytes: int
    scratch_bytes: int


class LayerEntry(_Entry):
    """One layer.

    Attributes:
        kernel: The C function that runs it, None where no code is needed.
        reason: Why that one.
        cost: What it is expected to cost; the other kernels are in `others`.
        ram_bytes: What is alive in the arena while it runs; None for a LiteRT deployment.
    """

    name: str
    op: str
    kernel: str | None
    macs: int
    parameters: int
    output_shape: tuple[int, ...]
    reason: str = ""
    cost: KernelEntry | None = None
    others: tuple[KernelEntry, ...] = ()
    ram_bytes: int | None = None


class RemovalEntry(_Entry):
    """What went from a layer because it is constant for every input, or because nothing reads it.

    Attributes:
        layer: Name of the layer.
        channels: Output channels that it had.
        constant: How many of them are provably constant.
        removed: How many of the constant ones went.
        unread: How many others went.
        macs: Multiply-accumulates saved.
        weight_bytes: Bytes of weights and biases saved.
    """

    layer: str
    channels: int
    constant: int
    removed: int
    unread: int
    macs: int
    weight_bytes: int


class PortEntry(_Entry):
    """A model input or output; `scale` 0 means that it is not quantized."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    scale: float
    zero_point: int


class ToolchainEntry(_Entry):
    """The compiler that built the image."""

    name: str
    version: str


class ImageEntry(_Entry):
    """Sizes of a microcontroller's image, in bytes.

    Attributes:
        flash_bytes: Code, constants and initial values.
        ram_bytes: Variables and arena; the stack comes on top.
        stack_bytes: RAM kept free for the stack.
        arena_bytes: All tensors and scratch memory, a part of `ram_bytes`.
        arena_lower_bound_bytes: What is alive at the busiest moment; no arena can be smaller.
        peak_layer: The layer that runs at that moment.
        optimize: What kernels were chosen for.
        firmware_sha256: Identity of `firmware.elf`, which the running firmware reports; see `seal`.
        profile_sha256: The same of `firmware-profile.elf`; None where it was not built.
    """

    toolchain: ToolchainEntry
    flash_bytes: int
    ram_bytes: int
    stack_bytes: int
    arena_bytes: int
    arena_lower_bound_bytes: int
    peak_layer: str
    optimize: str
    firmware_sha256: str
    profile_sha256: str | None

    @property
    def digests(self) -> tuple[str, ...]:
        """Identities of all images of this build."""
        return tuple(digest for digest in (self.firmware_sha256, self.profile_sha256) if digest)


class NativeEntry(_Entry):
    """The static program of a phone's deployment, beside the .tflite for LiteRT.

    Attributes:
        sha256: Of `model-aarch64`; None where there is none.
        arena_bytes: All its tensors and scratch memory.
        reason: Why there is none, else empty.
    """

    sha256: str | None
    arena_bytes: int = 0
    reason: str = ""


class SparseEntry(_Entry):
    """What became of the zeros in a model for a phone.

    Attributes:
        zeros: Share of the weights that layers multiply by.
        layers: Names of those that are in the sparse encoding.
        error: The largest difference that this makes to an output, relative to the largest output.
        reason: Why the zeros, or some of them, save no time; empty where all that can do.
    """

    zeros: float
    layers: tuple[str, ...]
    error: float
    reason: str


class Manifest(_Entry):
    """The whole file.

    Attributes:
        format: Version of this layout; it changes when an older reader would misread the file.
        edgeprune: Version of the package that wrote it.
        name: Model name.
        sha256: Digest of `model.tflite`, which the firmware reports as its identity.
        target: The complete profile it was built for.
        layers: Those that run, without the channels that went.
        removals: What went, for the layers where anything is constant.
        image: Toolchain and sizes; None for a LiteRT deployment.
        native: The program beside it; None for anything but a phone.
        sparse: What became of zeros; None where that was not asked.
    """

    format: Literal[1] = 1
    edgeprune: str
    name: str
    sha256: str
    target: Annotated[McuTarget | PhoneTarget | HostTarget, Field(discriminator="kind")]
    inputs: tuple[PortEntry, ...]
    outputs: tuple[PortEntry, ...]
    layers: tuple[LayerEntry, ...]
    removals: tuple[RemovalEntry, ...] = ()
    image: ImageEntry | None = None
    native: NativeEntry | None = None
    sparse: SparseEntry | None = None

    def to_json(self) -> str:
        """The file's text.

        The sizes stand at the top level, where scripts look for them.
        """
        document = self.model_dump(mode="json")
        image = document.pop("image")
        document.update(image or {})
        return json.dumps(document, indent=2) + "\n"


def read_manifest(folder: Path) -> Manifest:
    """Read `folder/manifest.json`.

    Raises:
        UserError: the folder was not made by `edgeprune build`, or the file is damaged.
    """
    path = folder / FILE_NAME
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError:
        raise UserError(f"{folder} holds no {FILE_NAME}; make it with `edgeprune build MODEL --out {folder}`") from None
    except ValueError as error:
        raise UserError(f"{path} is damaged ({error}); build the folder again") from None
    if not isinstance(document, dict):
        raise UserError(f"{path} is damaged (it is no JSON object); build the folder again")
    image = {key: document.pop(key) for key in ImageEntry.model_fields if key in document}
    try:
        return Manifest.model_validate_json(json.dumps({**document, "image": image or None}))
    except ValidationError as error:
        raise UserError(f"{describe(path, error, Manifest)}; build the folder again") from None
