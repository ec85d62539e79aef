"""Registers that keep what is written, with the rules that make a device of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Field:
    """Some bits of a register.

    Attributes:
        offset: Of the register, in bytes.
        shift: Number of the lowest bit.
        width: Bits.
    """

    offset: int
    shift: int
    width: int = 1

    @property
    def mask(self) -> int:
        """The field's bits, in place."""
        return ((1 << self.width) - 1) << self.shift

    def of(self, word: int) -> int:
        """Value of the field in `word`, the register's value."""
        return (word & self.mask) >> self.shift


class RegisterFile:
    """Words that read as written.

    Args:
        values: Value after reset of each register that does not start as 0, by offset.
        shown: Called with offset and stored value of a register that is read; returns what is read.
        changed: Called after a write with offset, former and new value.
        kept: Called with offset, stored and written value before a write; returns what is
            stored.  For bits that hardware guards.
    """

    def __init__(
        self,
        values: Mapping[int, int] | None = None,
        *,
        shown: Callable[[int, int], int] | None = None,
        changed: Callable[[int, int, int], None] | None = None,
        kept: Callable[[int, int, int], int] | None = None,
    ) -> None:
        self._values = dict(values or {})
        self._shown, self._changed, self._kept = shown, changed, kept
        self.words: dict[int, int] = dict(self._values)

    def reset(self) -> None:
        """Return to the values after reset; nobody is told."""
        self.words = dict(self._values)

    def read(self, offset: int) -> int:
        """Value of a register."""
        word = self.words.get(offset, 0)
        return word if self._shown is None else self._shown(offset, word)

    def write(self, offset: int, value: int) -> None:
        """Set a register."""
        before = self.words.get(offset, 0)
        after = value if self._kept is None else self._kept(offset, before, value)
        self.words[offset] = after
        if self._changed is not None:
            self._changed(offset, before, after)

    def get(self, field: Field) -> int:
        """Stored value of a field."""
        return field.of(self.words.get(field.offset, 0))

    def put(self, field: Field, value: int) -> None:
        """Set a field from inside the chip; nobody is told."""
        word = self.words.get(field.offset, 0)
        self.words[field.offset] = word & ~field.mask | value << field.shift & field.mask


class Ready:
    """A flag that follows an enable bit after a while.

    It reads 0 the first times after the bit was set, so that a firmware that does not wait for
    it is seen, and nothing depends on the speed of the emulator.  Twice, because one read may
    be that of a read-modify-write of another bit.

    Args:
        enable: Asks whether what the flag tells of is switched on.
        flag: Where it is.
    """

    _LOOKS = 2

    def __init__(self, enable: Callable[[], bool], flag: Field) -> None:
        self._enable, self.flag = enable, flag
        self._left = 0 if enable() else self._LOOKS

    @property
    def on(self) -> bool:
        """Whether what the flag tells of is ready."""
        if not self._enable():
            self._left = self._LOOKS
        return self._left == 0

    def restart(self) -> None:
        """What the flag tells of begins anew."""
        self._left = self._LOOKS

    def show(self, word: int) -> int:
        """The register's `word` with the flag in it, as the firmware reads it now."""
        shown = word & ~self.flag.mask | (self.flag.mask if self.on else 0)
        if self._enable() and self._left:
            self._left -= 1
        return shown
