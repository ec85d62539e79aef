"""Times one call of a firmware function, as a debugger on the board would."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from edgeprune.emulate.core import M4
from edgeprune.emulate.elf import load_image
from edgeprune.targets import McuTarget


@dataclass(frozen=True)
class FunctionCost:
    """What one function took itself, without those it called."""

    name: str
    cycles: int
    instructions: int


@dataclass(frozen=True)
class CallCost:
    """One call.

    Attributes:
        cycles: From its first instruction to its return.
        instructions: Executed in that time.
        functions: Where they went, the most expensive first.
    """

    cycles: int
    instructions: int
    functions: tuple[FunctionCost, ...]


def call_function(elf: Path, target: McuTarget, function: str, *arguments: int) -> CallCost:
    """Run the start-up code to `main`, then call `function` and count.

    Args:
        elf: Firmware for `target`.
        target: The emulated board.
        function: Name of a global function.
        arguments: Up to four word arguments.

    Raises:
        UserError: the file is no firmware, or has no such function.
        CpuFaultError: the firmware faults.
    """
    core = M4(load_image(elf), target)
    core.boot()
    return measure_call(core, function, *arguments)


def measure_call(core: M4, function: str, *arguments: int) -> CallCost:
    """Call `function` on a core that has booted, and count."""
    core.clear_counts()
    start = core.cycles
    core.call(function, *arguments)
    cycles = core.cycles - start
    spent: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0])
    for block in core.counts():
        entry = spent[core.image.function_at(block.address)]
        entry[0] += block.cycles
        entry[1] += block.instructions
    functions = sorted((FunctionCost(name, *totals) for name, totals in spent.items()), key=lambda f: -f.cycles)
    return CallCost(cycles, sum(f.instructions for f in functions), tuple(functions))
