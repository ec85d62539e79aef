"""Target profiles: typed, frozen, read from `targets/<name>.toml`.

A profile is data without code.  `kind` selects the schema: `mcu` targets run
generated firmware, `phone` targets a LiteRT deployment, `host` is this machine.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from edgeprune.errors import TargetError
from edgeprune.resources import targets_folder
from edgeprune.schema import describe
from edgeprune.targets.cores import CORES, Core, Extension

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class McuCpu(_Section):
    """Processor of a microcontroller.

    Attributes:
        core: A key of `CORES`.
        fpu: Floating-point unit as compilers name it; None where the chip has none.
        clock_hz: Frequency that the firmware sets up and counts in.
        multiplier_cycles: Of a 32-bit multiplication; a Cortex-M0+ is made with 1 or 32.
    """

    core: Literal["cortex-m0plus", "cortex-m3", "cortex-m4", "cortex-m7", "cortex-m33", "cortex-m55"]
    fpu: Literal["fpv4-sp-d16", "fpv5-sp-d16", "fpv5-d16"] | None = None
    clock_hz: Annotated[int, Field(gt=0)]
    multiplier_cycles: Literal[1, 32] = 1

    @property
    def facts(self) -> Core:
        """What the core has and lacks."""
        return CORES[self.core]

    @property
    def has_dsp(self) -> bool:
        """Whether the core has the DSP extension (SMLAD and friends)."""
        return self.facts.dsp

    @property
    def extensions(self) -> frozenset[Extension]:
        """What kernels may use; Helium only where the chip has its floating-point part too."""
        helium = self.facts.helium and self.fpu is not None
        present = {Extension.DSP: self.facts.dsp, Extension.FPU: self.fpu is not None, Extension.HELIUM: helium}
        return frozenset(extension for extension, has in present.items() if has)


class ApplicationCpu(_Section):
    """Processor of a phone or a single-board computer, with the 64-bit Arm architecture.

    A program for it runs on every such core, whichever it is compiled for: extensions that not
    all have are looked for when it starts.

    Attributes:
        core: As compilers call it; one that `CORES` lacks counts as having what all of them have.
    """

    core: str

    @property
    def facts(self) -> Core:
        """What the core has and lacks."""
        return CORES.get(self.core, CORES["cortex-a53"])

    @property
    def extensions(self) -> frozenset[Extension]:
        """What kernels may use."""
        more = {Extension.DOT_PRODUCT} if self.facts.dot_product else set()
        return frozenset({Extension.NEON, Extension.FPU} | more)


#: What kernels are chosen for.
Cpu = McuCpu | ApplicationCpu


class CacheShape(_Section):
    """A cache in front of the flash.

    Attributes:
        sets, ways, line_bytes: Its geometry; one set means fully associative.
        fills_line: Whether a miss brings the whole line in, or only the flash word read.
    """

    sets: Annotated[int, Field(gt=0)]
    ways: Annotated[int, Field(gt=0)]
    line_bytes: Annotated[int, Field(gt=0)]
    fills_line: bool = False


class FlashTiming(_Section):
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


class Memory(_Section):
    """One memory: `base` is its first address, `size` its bytes."""

    base: Annotated[int, Field(ge=0)]
    size: Annotated[int, Field(gt=0)]


class Flash(Memory):
    """The memory that the image lies in, and how fast it is."""

    timing: FlashTiming | None = None


class Uart(_Section):
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


class Probe(_Section):
    """The debug probe that flashes the board.

    Attributes:
        kind: `stlink`, `jlink`, `cmsis-dap`, `uf2` (drag and drop) or `bossa`.
        usb: `VID:PID` of the probe (hexadecimal).
        pyocd: Name of the chip for pyocd, where it knows it.
    """

    kind: Literal["stlink", "jlink", "cmsis-dap", "uf2", "bossa"]
    usb: Annotated[str, Field(pattern=r"^[0-9a-f]{4}:[0-9a-f]{4}$")]
    pyocd: str | None = None


class Qemu(_Section):
    """How qemu-system-arm plays this board: `machine` as its -M option names it."""

    machine: str


class Energy(_Section):
    """What an energy estimate stands on: active power in mW, and where the figure is from."""

    active_mw: Annotated[float, Field(gt=0)]
    source: str


class McuTarget(_Section):
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


class PhoneTarget(_Section):
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


class HostTarget(_Section):
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
