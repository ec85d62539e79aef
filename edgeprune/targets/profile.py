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

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class McuCpu(_Section):
    """Processor of a microcontroller."""

    core: Literal["cortex-m4"]
    clock_hz: Annotated[int, Field(gt=0)]
    flash_timing: Literal["none"] = "none"  # zero wait states

    @property
    def has_dsp(self) -> bool:
        """Whether the core has the DSP extension (SMLAD and friends)."""
        return self.core == "cortex-m4"


class Memory(_Section):
    """One memory: `base` is its first address, `size` its bytes."""

    base: Annotated[int, Field(ge=0)]
    size: Annotated[int, Field(gt=0)]


class Uart(_Section):
    """The serial line that reports go through; `baud` in bit/s."""

    base: Annotated[int, Field(ge=0)]
    baud: Annotated[int, Field(gt=0)]


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
    """

    name: str
    title: str
    kind: Literal["mcu"]
    platform: str
    emulated: bool
    dtypes: tuple[Literal["int8"], ...] = Field(strict=False)
    stack_bytes: Annotated[int, Field(ge=512)]
    cpu: McuCpu
    flash: Memory
    ram: Memory
    uart: Uart
    energy: Energy | None = None


class PhoneTarget(_Section):
    """A phone-class Arm CPU that runs LiteRT with XNNPACK."""

    name: str
    title: str
    kind: Literal["phone"]
    core: str
    threads: Annotated[int, Field(gt=0)]
    dtypes: tuple[Literal["float32", "float16", "int8", "int16x8"], ...] = Field(strict=False)


class HostTarget(_Section):
    """This machine; its figures are never another device's."""

    name: str
    title: str
    kind: Literal["host"]
    threads: Annotated[int, Field(gt=0)]
    dtypes: tuple[Literal["float32", "float16", "int8", "int16x8"], ...] = Field(strict=False)


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
