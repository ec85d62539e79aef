"""Chooses a kernel for every layer: the cheapest in time, in memory, or in both together."""

from __future__ import annotations

import enum
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from edgeprune.ops import Kernel, KernelCode
from edgeprune.targets import CompiledTarget, McuTarget

#: About what firmware takes beside the model, so that a saving counts by what it is of the whole.
FIRMWARE_FLASH, FIRMWARE_RAM = 12_000, 1_500
#: How much worse a plan looks per multiple by which it exceeds a memory.
_OVERFLOW = 1e3
#: Of the logarithm; less is rounding.
_SMALLEST_GAIN = 1e-12
#: The objective that decides between plans that are equal by the first.
_TIE = 1e-3
#: Limits of RAM from which the search starts.
_STARTS = 6


class Objective(enum.Enum):
    """What the plan is to be good at (`--optimize`).

    The plan with the least product cycles^a * flash^b * RAM^c is taken, so under `balanced`
    one per cent of any of the three is worth one per cent of another.
    """

    LATENCY = "latency"
    BALANCED = "balanced"
    SIZE = "size"

    @property
    def exponents(self) -> tuple[float, float, float]:
        """(a, b, c) for cycles, flash and RAM."""
        return {
            Objective.LATENCY: (1.0, _TIE, _TIE),
            Objective.BALANCED: (1.0, 1.0, 1.0),
            Objective.SIZE: (_TIE, 1.0, 1.0),
        }[self]


@dataclass(frozen=True, eq=False)
class Option:
    """One kernel for one layer.

    Attributes:
        kernel: The kernel.
        code: Its tables and parameters for this layer.
        cycles: Expected on the target.
        scratch_bytes: Working memory.
        saved_bytes: RAM saved while the layer runs, because its output may lie over its input.
    """

    kernel: Kernel
    code: KernelCode
    cycles: float
    scratch_bytes: int
    saved_bytes: int = 0

    @cached_property
    def table_bytes(self) -> int:
        """Flash that the tables take."""
        return self.code.table_bytes

    @cached_property
    def code_parts(self) -> frozenset[tuple[object, int]]:
        """Pieces of code with their bytes; layers that need the same piece share it."""
        own = (self.kernel.name, self.kernel.code_bytes)
        return frozenset({own, (self.code.definitions, self.code.definition_bytes)})


@dataclass(frozen=True, eq=False)
class Choice:
    """The option taken for a layer, in words why, and what else there was."""

    option: Option
    reason: str
    others: tuple[Option, ...]


def select(
    options: Sequence[tuple[Option, ...]], live_bytes: Sequence[int], target: CompiledTarget, objective: Objective
) -> tuple[Choice | None, ...]:
    """Take one option per layer.

    Coordinate descent: layers are revisited until no change of one layer improves the product.
    What matters between layers is shared: code is paid once per kernel and definition, and
    scratch only where it raises the peak.  Several layers may raise it alike, so that no change
    of one of them helps; hence the descent starts from the fastest choice within several limits
    of RAM, and the best end is taken.

    Args:
        options: Per layer, in order; empty for a view.
        live_bytes: Per layer the bytes of all tensors alive while it runs, nothing in place.
        target: A microcontroller's flash and RAM bound the plan, where any plan keeps within them.
        objective: What to minimise.
    """
    score = _Score(options, live_bytes, target, objective)
    ends = [_descend(start, score) for start in _starts(options, live_bytes)]
    taken = min(ends, key=score.of)
    return tuple(
        Choice(row[i], _reason(row, i, objective), tuple(o for o in row if o is not row[i])) if row else None
        for row, i in zip(options, taken, strict=True)
    )


def _starts(options: Sequence[tuple[Option, ...]], live_bytes: Sequence[int]) -> list[list[int]]:
    """The fastest choice, and the fastest within limits between the least RAM possible and its own."""
    needs = [
        [live + option.scratch_bytes - option.saved_bytes for option in row]
        for live, row in zip(live_bytes, options, strict=True)
    ]
    least = max((min(row) for row in needs if row), default=0)
    limits = sorted({need for row in needs for need in row if need >= least}) or [0]
    chosen = sorted({limits[round(i * (len(limits) - 1) / _STARTS)] for i in range(_STARTS + 1)})
    starts = []
    for limit in chosen:
        within = [[i for i, need in enumerate(row) if need <= limit] for row in needs]
        start = [
            min(fitting, key=lambda i, row=row: row[i].cycles) if row else -1  # type: ignore[misc]
            for row, fitting in zip(options, within, strict=True)
        ]
        if start not in starts:
            starts.append(start)
    return starts


def _descend(taken: list[int], score: _Score) -> list[int]:
    """Change one layer after another, and all layers of one kernel to another, while that improves the score."""
    best, improved = score.of(taken), True
    while improved:
        improved = False
        for layer, row in enumerate(score.options):
            found = score.best_for(layer, taken) if len(row) > 1 else (best, -1)
            if found[0] < best - _SMALLEST_GAIN:
                best, taken, improved = found[0], [*taken[:layer], found[1], *taken[layer + 1 :]], True
        for trial in _switches(score.options, taken):
            if (value := score.of(trial)) < best - _SMALLEST_GAIN:
                best, taken, improved = value, trial, True
                break
    return taken


def _switches(options: Sequence[tuple[Option, ...]], taken: Sequence[int]) -> Iterator[list[int]]:
    """Choices in which all layers of one kernel have another, where they can: code is saved only by all together."""
    places = [{option.kernel.label: i for i, option in enumerate(row)} for row in options]
    used = [row[i].kernel.label if row else "" for row, i in zip(options, taken, strict=True)]
    for old in sorted(set(used) - {""}):
        for new in sorted(
            {label for labels, user in zip(places, used, strict=True) if user == old for label in labels}
        ):
            if new != old:
                yield [
                    labels.get(new, i) if user == old else i
                    for labels, user, i in zip(places, used, taken, strict=True)
                ]


@dataclass(frozen=True)
class _Totals:
    """What a list of choices comes to, less one layer or not."""

    cycles: float
    table_bytes: int
    code: frozenset[tuple[object, int]]
    peak: int


@dataclass(frozen=True)
class _Score:
    """Logarithm of the product that a list of choices stands for."""

    options: Sequence[tuple[Option, ...]]
    live_bytes: Sequence[int]
    target: CompiledTarget
    objective: Objective

    def of(self, taken: Sequence[int]) -> float:
        """The score of a whole choice."""
        return self._value(self._totals(taken, without=-1))

    def best_for(self, layer: int, taken: Sequence[int]) -> tuple[float, int]:
        """The best option of a layer while the others stay, and its score."""
        rest = self._totals(taken, without=layer)
        values = [
            self._value(
                _Totals(
                    rest.cycles + option.cycles,
                    rest.table_bytes + option.table_bytes,
                    rest.code | option.code_parts,
                    max(rest.peak, self.live_bytes[layer] + option.scratch_bytes - option.saved_bytes),
                )
            )
            for option in self.options[layer]
        ]
        best = min(range(len(values)), key=values.__getitem__)
        return values[best], best

    def _totals(self, taken: Sequence[int], without: int) -> _Totals:
        chosen = [row[i] if row else None for row, i in zip(self.options, taken, strict=True)]
        counted = [option for layer, option in enumerate(chosen) if option and layer != without]
        peak = max(
            (
                live + (option.scratch_bytes - option.saved_bytes if option else 0)
                for layer, (live, option) in enumerate(zip(self.live_bytes, chosen, strict=True))
                if layer != without
            ),
            default=0,
        )
        return _Totals(
            sum(option.cycles for option in counted),
            sum(option.table_bytes for option in counted),
            frozenset[tuple[object, int]]().union(*(option.code_parts for option in counted)),
            peak,
        )

    def _value(self, totals: _Totals) -> float:
        flash = FIRMWARE_FLASH + sum(size for _, size in totals.code) + totals.table_bytes
        ram = FIRMWARE_RAM + totals.peak
        a, b, c = self.objective.exponents
        return (
            a * math.log(totals.cycles + 1)
            + b * math.log(flash)
            + c * math.log(ram)
            + _OVERFLOW * self._overflow(flash, ram)
        )

    def _overflow(self, flash: int, ram: int) -> float:
        """By how much a plan exceeds a microcontroller's memories, in multiples of them."""
        if not isinstance(self.target, McuTarget):
            return 0.0
        room = self.target.ram.size - self.target.stack_bytes
        return max(0.0, flash / self.target.flash.size - 1) + max(0.0, ram / max(room, 1) - 1)


def _reason(row: tuple[Option, ...], index: int, objective: Objective) -> str:
    """Why one of a layer's options was taken, against the fastest."""
    chosen = row[index]
    if len(row) == 1:
        return "the only kernel that fits"
    fastest = min(row, key=lambda option: option.cycles)
    if chosen is fastest:
        return "the fewest cycles"
    flash = fastest.table_bytes - chosen.table_bytes
    ram = (fastest.scratch_bytes - fastest.saved_bytes) - (chosen.scratch_bytes - chosen.saved_bytes)
    savings = [
        f"{n:,} B of {what}"
        for n, what in ((flash, "tables"), (ram, "RAM"), (fastest.kernel.code_bytes - chosen.kernel.code_bytes, "code"))
        if n > 0
    ]
    slower = 100 * (chosen.cycles / max(fastest.cycles, 1) - 1)
    saved = " and ".join(savings) or "code that another layer needs too"
    return f"{slower:.0f} % slower than {fastest.kernel.label}, which costs {saved} more ({objective.value})"
