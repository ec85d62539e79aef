"""Target profiles: typed, frozen, read from `targets/<name>.toml`.

A profile is data without code.  `kind` selects the schema: `mcu` targets run
generated firmware, `phone` targets a LiteRT deployment, `host` is this machine.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter, ValidationError

from edgeprune.errors import TargetError
from edgeprune.resources import targets_folder
from edgeprune.schema import describe
from edgeprune.targets.cpus import ApplicationCpu, McuCpu, Section

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


class CacheShape(Section):
    """A cache in front of the flash.

    Attributes:
        sets, ways, line_bytes: Its geometry; one set means fully associative.
        fills_line: Whether a miss brings the whole line in, or only the flash word read.
    """

    sets: Annotated[int, Field(gt=0)]
    ways: Annotated[int, Field(gt=0)]
    line_bytes: Annotated[int, Field(gt=0)]
    fills_line: bool = False


class FlashTiming(Section):
    """What lies between the core and its flash; without it flash answers at once.

    Attributes:
        wait_states: Cycles that a read of the array takes beyond the first.
        word_bytes: Bytes that one read of the array delivers.
        prefetch: Whether the next word is fetched ahead of the instructions.
        shared_port: Whether a data read waits for a prefetch that is under way.
        instruction_cache: None where there is none.
        data_cache: None where there is none; `"shared"`: the instruction cache serves data too.
        source: Manual and section that the figures are from.
    """

    wait_states: Annotated[int, Field(ge=0)]
    word_bytes: Annotated[int, Field(gt=0)]
    prefetch: bool
    shared_port: bool = True
    instruction_cache: CacheShape | None = None
    data_cache: CacheShape | Literal["shared"] | None = None
    source: str


class Memory(Section):
    """One memory: `base` is its first address, `size` its bytes."""

    base: Annotated[int, Field(ge=0)]
    size: Annotated[int, Field(gt=0)]


class Flash(Memory):
    """The memory that the image lies in, and how fast it is."""

    timing: FlashTiming | None = None


class Uart(Section):
    """The serial line that reports go through.

    Attributes:
        base: First address of its registers.
        baud: Bit rate.
        tx, rx: Pins as the data sheet names them, where the platform must route them.
        usb: `VID:PID` (hexadecimal) under which the board's USB bridge shows this line.
    """

    base: Annotated[int, Field(ge=0)]
    baud: Annotated[int, Field(gt=0)]
    tx: str | None = None
    rx: str | None = None
    usb: Annotated[str, Field(pattern=r"^[0-9a-f]{4}:[0-9a-f]{4}$")] | None = None


class Probe(Section):
    """The debug probe that flashes the board.

    Attributes:
        kind: `stlink`, `jlink`, `cmsis-dap`, `uf2` (drag and drop) or `bossa`.
        usb: `VID:PID` of the probe (hexadecimal).
        pyocd: Name of the chip for pyocd, where it knows it.
    """

    kind: Literal["stlink", "jlink", "cmsis-dap", "uf2", "bossa"]
    usb: Annotated[str, Field(pattern=r"^[0-9a-f]{4}:[0-9a-f]{4}$")]
    pyocd: str | None = None


class Qemu(Section):
    """How qemu-system-arm plays this board: `machine` as its -M option names it."""

    machine: str


class Energy(Section):
    """What an energy estimate stands on: active power in mW, and where the figure is from."""

    active_mw: Annotated[float, Field(gt=0)]
    source: str


class McuTarget(Section):
    """A microcontroller board (or its emulated stand-in).

    Attributes:
        platform: Folder in `firmware_templates/` with start-up, linker script and UART.
        emulated: Whether the package can emulate this board.
        stack_bytes: RAM kept free for the stack.
        qemu: Its stand-in in QEMU, where there is one.
        probe: What flashes it; None for a board that exists only emulated.
        source: Documents that the memory map, clock and pins are from.
    """

    name: str
    title: str
    kind: Literal["mcu"]
    platform: str
    emulated: bool
    dtypes: tuple[Literal["float32", "int8", "int16x8"], ...] = Field(strict=False)
    stack_bytes: Annotated[int, Field(ge=512)]
    cpu: McuCpu
    flash: Flash
    ram: Memory
    uart: Uart
    qemu: Qemu | None = None
    probe: Probe | None = None
    energy: Energy | None = None
    source: str = ""


class PhoneTarget(Section):
    """A phone-class Arm CPU that runs LiteRT with XNNPACK, or a program that holds the model.

    Attributes:
        platform: Folder in `firmware_templates/` with what surrounds the model in such a program.
    """

    name: str
    title: str
    kind: Literal["phone"]
    core: str
    threads: Annotated[int, Field(gt=0)]
    dtypes: tuple[Literal["float32", "float16", "int8", "int16x8"], ...] = Field(strict=False)
    platform: str = "aarch64"

    @property
    def cpu(self) -> ApplicationCpu:
        """What a program is compiled for."""
        return ApplicationCpu(core=self.core)


class HostTarget(Section):
    """This machine; its figures are never another device's."""

    name: str
    title: str
    kind: Literal["host"]
    threads: Annotated[int, Field(gt=0)]
    dtypes: tuple[Literal["float32", "float16", "int8", "int16x8"], ...] = Field(strict=False)


#: What the compiler makes programs for.
CompiledTarget = McuTarget | PhoneTarget
Target = McuTarget | PhoneTarget | HostTarget
_ADAPTER: TypeAdapter[Target] = TypeAdapter(Annotated[Target, Field(discriminator="kind")])


def list_targets() -> tuple[str, ...]:
    """Names of the profiles that ship with edgeprune, sorted."""
    return tuple(sorted(path.stem for path in targets_folder().glob("*.toml")))


def load_target(name: str) -> Target:
    """Load a profile by its name, or from a path that ends in .toml.

    Raises:
        TargetError: no such profile, unreadable TOML, or a key or value that the
            schema does not allow; the message names the file, the key and what is allowed.
    """
    path = Path(name) if name.endswith(".toml") else targets_folder() / f"{name}.toml"
    if not path.is_file():
        known = ", ".join(list_targets())
        raise TargetError(f"there is no target {name!r}; known targets: {known}; or give the path of a .toml file")
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise TargetError(f"{path}: not a readable TOML file: {error}") from None
    try:
        return _ADAPTER.validate_python(document)
    except ValidationError as error:
        kinds = {"mcu": McuTarget, "phone": PhoneTarget, "host": HostTarget}
        chosen = kinds.get(str(document.get("kind")))
        raise TargetError(describe(path, error, *([chosen] if chosen else kinds.values()))) from None
