"""Windows of emulated time: one call, every call of a function while firmware runs, every layer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from edgeprune.emulate.core import Core
from edgeprune.emulate.image import load_image
from edgeprune.targets import McuTarget

_LINK_REGISTER = 14


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
        cycles: From its first instruction to its return, interrupts included.
        instructions: Executed in that time.
        functions: Where they went, the most expensive first.
    """

    cycles: int
    instructions: int
    functions: tuple[FunctionCost, ...]


def call_function(
    elf: Path, target: McuTarget, function: str, *arguments: int, memory_model: bool | None = None
) -> CallCost:
    """Run the start-up code to `main`, then call `function` and count.

    Args:
        elf: Firmware for `target`.
        target: The emulated board; what its start-up needs of peripherals must not matter.
        function: Name of a global function.
        arguments: Up to four word arguments.
        memory_model: As for `Core`.

    Raises:
        UserError: the file is no firmware, or has no such function.
        CpuFaultError: the firmware faults.
    """
    core = Core(load_image(elf), target, memory_model=memory_model)
    core.boot()
    return measure_call(core, function, *arguments)


def measure_call(core: Core, function: str, *arguments: int) -> CallCost:
    """Call `function` on a core that has booted, and count."""
    core.counter.clear()
    start = core.cycles
    core.call(function, *arguments)
    return _cost_since(core, start)


def _cost_since(core: Core, start: int) -> CallCost:
    """What ran since the counts were cleared, at the cycle `start`."""
    spent: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0])
    for block in core.counter.counts():
        entry = spent[core.image.function_at(block.address)]
        entry[0] += block.cycles
        entry[1] += block.instructions
    functions = sorted((FunctionCost(name, *totals) for name, totals in spent.items()), key=lambda f: -f.cycles)
    return CallCost(core.cycles - start, sum(f.instructions for f in functions), tuple(functions))


class _CallMonitor:
    """Counts from each entry of a function to its return."""

    def __init__(self, core: Core, function: str) -> None:
        self.calls: list[CallCost] = []
        self._core = core
        self._function = function
        self._start = 0
        core.watch(function, self._entered)

    def _entered(self) -> None:
        core = self._core
        back = core.register(_LINK_REGISTER) & ~1
        core.counter.clear()
        self._start = core.cycles

        def left() -> None:
            core.watch(back, None)
            self.calls.append(_cost_since(core, self._start))

        core.watch(back, left)

    def close(self) -> None:
        self._core.watch(self._function, None)


@contextmanager
def monitored_calls(core: Core, function: str) -> Iterator[list[CallCost]]:
    """Collect the cost of every call of `function` while the block lets the firmware run.

    Recursive calls count as one; two functions cannot be monitored at once, since both would
    clear the core's counts.
    """
    monitor = _CallMonitor(core, function)
    try:
        yield monitor.calls
    finally:
        monitor.close()


@contextmanager
def monitored_windows(core: Core, first: str | int, last: str | int) -> Iterator[list[CallCost]]:
    """Collect what each window costs, from a call of `first` to the next call of `last`.

    Args:
        core: Runs the firmware while the block is open.
        first: Name or address of the function whose first instruction opens a window.
        last: Of the function whose first instruction, which does not count, closes it.
    """
    windows: list[CallCost] = []
    start: int | None = None

    def opened() -> None:
        nonlocal start
        core.counter.clear()
        start = core.cycles

    def closed() -> None:
        nonlocal start
        if start is not None:
            windows.append(_cost_since(core, start))
        start = None

    core.watch(first, opened)
    core.watch(last, closed)
    try:
        yield windows
    finally:
        core.watch(first, None)
        core.watch(last, None)


@dataclass(frozen=True)
class LayerCost:
    """Cycles of one layer in one inference, without the firmware's own bookkeeping between layers."""

    index: int
    cycles: int


def measure_layers(core: Core) -> tuple[LayerCost, ...]:
    """Call `ep_invoke` of firmware that times its layers, and tell the layers apart from outside.

    Raises:
        UserError: the image was not built to time layers.
    """
    costs: list[LayerCost] = []
    start = 0

    def begin() -> None:
        nonlocal start
        start = core.cycles

    def layer_done() -> None:
        back = core.register(_LINK_REGISTER) & ~1
        costs.append(LayerCost(core.register(0), core.cycles - start))

        def resume() -> None:
            core.watch(back, None)
            begin()

        core.watch(back, resume)

    core.watch("ep_profile_layer", layer_done)
    core.watch("ep_invoke", begin)
    try:
        core.call("ep_invoke")
    finally:
        core.watch("ep_profile_layer", None)
        core.watch("ep_invoke", None)
    return tuple(costs)
