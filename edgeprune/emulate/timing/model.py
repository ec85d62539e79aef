"""What every timing model takes and gives."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Literal

from edgeprune.emulate.timing.instruction import Decoder, Instruction, Kind
from edgeprune.targets import McuCpu


@dataclass(frozen=True)
class BlockCost:
    """What one basic block costs.

    Attributes:
        instructions: Number of instructions.
        cycles: When the block falls through.
        taken_cycles: Added when the block that runs next does not follow in memory.
        arrival_cycles: Added when this block is reached by such a branch.
        mispredicted_cycles: Added when the way out differs from the one that a 2-bit
            predictor expected; 0 where the core predicts nothing.
        holds_it: Whether an IT instruction is in it.
    """

    instructions: int
    cycles: int
    taken_cycles: int
    arrival_cycles: int
    mispredicted_cycles: int
    holds_it: bool


@dataclass(frozen=True)
class InstructionCost:
    """One line of a report: an instruction and the cycles it adds to its block."""

    address: int
    text: str
    cycles: int


@dataclass(frozen=True)
class Trust:
    """How far to believe a model.

    Attributes:
        error_class: `calibrated` where the model was compared with published results of
            hardware, else `modelled`.
        text: One sentence: what it stands on and how far to trust it.
    """

    error_class: Literal["calibrated", "modelled"]
    text: str


@dataclass(frozen=True)
class Prices:
    """What a model finds out about a block: `cycles` has one entry per instruction."""

    cycles: tuple[int, ...]
    taken_cycles: int = 0
    mispredicted_cycles: int = 0


class TimingModel(ABC):
    """Prices basic blocks of one core.

    A block is priced by itself: when it starts, every register is ready and nothing is
    under way.  An encoding that the decoder does not know counts as one instruction.

    Args:
        cpu: The processor, for what its maker chose (for example the multiplier).
    """

    trust: ClassVar[Trust]

    def __init__(self, cpu: McuCpu) -> None:
        self._cpu = cpu
        self._decoder = Decoder()

    def block(self, code: bytes, address: int) -> BlockCost:
        """Price the block `code` at `address`."""
        instructions = self._decoder.decode(code, address)
        prices = self._price(instructions)
        return BlockCost(
            instructions=len(instructions),
            cycles=sum(prices.cycles),
            taken_cycles=prices.taken_cycles,
            arrival_cycles=self._arrival_cycles(instructions[0]) if instructions else 0,
            mispredicted_cycles=prices.mispredicted_cycles,
            holds_it=any(instruction.kind is Kind.IT for instruction in instructions),
        )

    def explain(self, code: bytes, address: int) -> tuple[InstructionCost, ...]:
        """The same block, instruction by instruction; a wait counts for the instruction that waits."""
        instructions = self._decoder.decode(code, address)
        priced = zip(instructions, self._price(instructions).cycles, strict=True)
        return tuple(InstructionCost(i.address, i.text, cycles) for i, cycles in priced)

    @abstractmethod
    def _price(self, block: tuple[Instruction, ...]) -> Prices:
        """Price the instructions of a block in order."""

    def _arrival_cycles(self, first: Instruction) -> int:
        """Cycles that a branch to `first` takes beyond those of the branch itself."""
        return 0
