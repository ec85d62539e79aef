"""What a kernel's cost comes to on a target, whose flash may make the core wait."""

from __future__ import annotations

from edgeprune.ops.base import Cost
from edgeprune.targets import CompiledTarget, FlashTiming, McuTarget

#: Bytes of Thumb-2 code that straight-line loops of 32-bit instructions fetch per cycle.
_CODE_BYTES_PER_CYCLE = 3.3


def cycles_on(cost: Cost, target: CompiledTarget) -> float:
    """Cycles of one execution, with what tables and code wait for the target's flash.

    Tables are read in order, so each word of the flash array is waited for once.  A loop that
    the instruction cache holds costs nothing more; a larger one is fetched anew in each round.
    Phones have no flash to wait for.
    """
    timing = target.flash.timing if isinstance(target, McuTarget) else None
    if timing is None or not timing.wait_states:
        return cost.cycles
    tables = cost.table_bytes / timing.word_bytes * timing.wait_states
    return cost.cycles + tables + _code_waits(cost, timing)


def _code_waits(cost: Cost, timing: FlashTiming) -> float:
    cache = timing.instruction_cache
    if cache is not None and cost.loop_bytes <= cache.sets * cache.ways * cache.line_bytes:
        return 0.0
    words_per_cycle = _CODE_BYTES_PER_CYCLE / timing.word_bytes
    # Prefetching overlaps the next word's wait states with the execution of this one, after the
    # cycle in which this one came.
    hidden = 1 / words_per_cycle - 1 if timing.prefetch else 0.0
    return cost.cycles * words_per_cycle * max(0.0, timing.wait_states - hidden)
