"""Puts a profile's flash timing into the counter (`hook.c`), which applies it as code runs."""

from __future__ import annotations

from edgeprune.emulate.hook import Counter, library
from edgeprune.targets import CacheShape, FlashTiming, McuTarget

_NOWHERE = 0xFFFF_FFFF


def install_flash_model(counter: Counter, target: McuTarget) -> None:
    """Let code and constants of the target's flash cost what its timing says; without one, nothing."""
    timing = target.flash.timing
    if timing is None:
        return
    flash = counter.flash
    flash.base, flash.end = target.flash.base, target.flash.base + target.flash.size
    flash.wait_states, flash.word_bytes = timing.wait_states, timing.word_bytes
    flash.prefetch, flash.shared_port = int(timing.prefetch), int(timing.shared_port)
    flash.word = flash.prefetched_word = flash.data_word = _NOWHERE
    flash.instructions = _cache(timing.instruction_cache, timing, target)
    shared = timing.data_cache == "shared"
    flash.data = flash.instructions if shared else _cache(timing.data_cache, timing, target)


def _cache(shape: CacheShape | str | None, timing: FlashTiming, target: McuTarget) -> int | None:
    if not isinstance(shape, CacheShape):
        return None
    pointer: int | None = library().cache_new(
        shape.sets, shape.ways, shape.line_bytes, timing.word_bytes, int(shape.fills_line),
        target.flash.base, target.flash.size,
    )  # fmt: skip
    if not pointer:
        raise MemoryError("the emulator's cache")
    return pointer
