"""What a board says about itself and its inferences."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Identity:
    """What runs on a board.

    Attributes:
        model: Name of the model.
        sha256: Of its .tflite file, hexadecimal.
        firmware: Version of edgeprune that the firmware is from.
        clock_hz: Frequency of the cycle counter.
        profile: Whether the firmware times each layer.
        image: SHA-256 of the firmware itself, hexadecimal.
        board: Name of the target that it was built for.
        origin: `hardware`, `emulated` (edgeprune's emulator) or `qemu`.
    """

    model: str
    sha256: str
    firmware: str
    clock_hz: int
    profile: bool
    image: str
    board: str
    origin: str

    @property
    def emulated(self) -> bool:
        """Whether the board is an emulated one, whatever line leads to it."""
        return self.origin != "hardware"


@dataclass(frozen=True)
class MemoryUse:
    """Bytes of RAM.

    Attributes:
        stack_used: Deepest use since start; more than `stack_size` is an overflow.
        stack_size: What is reserved for the stack.
        arena: What the model's tensors take.
    """

    stack_used: int
    stack_size: int
    arena: int


@dataclass(frozen=True)
class LayerCycles:
    """Cycles of one layer, one figure per inference."""

    index: int
    name: str
    cycles: tuple[int, ...]


@dataclass(frozen=True)
class InferenceResult:
    """One `infer` command of MLPerf Tiny.

    Attributes:
        microseconds: Device time for all counted inferences together.
        results: The outputs as real numbers, rounded to three decimals.
    """

    microseconds: int
    results: tuple[float, ...]
