"""Resets, oscillators, PLLs, clocks and watchdog tick of the RP2040 (datasheet 2.14 to 2.18, 4.7)."""

from __future__ import annotations

from functools import partial

from edgeprune.emulate.peripherals.device import Device, MisuseError
from edgeprune.emulate.peripherals.registers import Field, Ready, RegisterFile

_ALL_BLOCKS = 0x01FF_FFFF
_RESET, _RESET_DONE = 0x0, 0x8
_ROSC_HZ = 6.5e6
_CORE_LIMIT_HZ = 133e6


def _mhz(hertz: float) -> str:
    return f"{hertz / 1e6:g} MHz"


class Aliased:
    """A device with the bus's atomic aliases: xor, set and clear at 0x1000, 0x2000, 0x3000 (2.1.2)."""

    SIZE = 0x4000

    def __init__(self, device: Device) -> None:
        self.device = device

    def reset(self) -> None:
        """Reset the device."""
        self.device.reset()

    def read(self, offset: int) -> int:
        """All four read alike."""
        return self.device.read(offset & 0xFFF)

    def write(self, offset: int, value: int) -> None:
        """Write, toggle, set or clear."""
        kind, offset = offset >> 12, offset & 0xFFF
        if kind:
            now = self.device.read(offset)
            value = (now ^ value, now | value, now & ~value)[kind - 1]
        self.device.write(offset, value)


class Resets:
    """RESETS (2.14): what is held in reset does not answer.

    The boot ROM leaves the flash's pins released.
    """

    _RELEASED = 1 << 6 | 1 << 9  # IO_QSPI, PADS_QSPI
    _NEEDS_PERIPHERAL_CLOCK = 1 << 16 | 1 << 17 | 1 << 22 | 1 << 23

    def __init__(self, clocks: Clocks) -> None:
        self._clocks = clocks
        self._file = RegisterFile({_RESET: _ALL_BLOCKS & ~self._RELEASED})
        self._start()

    def reset(self) -> None:
        """All blocks in reset again."""
        self._file.reset()
        self._start()

    def _start(self) -> None:
        self._done = Ready(lambda: True, Field(_RESET_DONE, 0))

    def read(self, offset: int) -> int:
        """RESET_DONE follows RESET, for a block without its clock never."""
        if offset != _RESET_DONE:
            return self._file.read(offset)
        done = bool(self._done.show(0))
        return self._running() if done else self._running() & self._RELEASED

    def write(self, offset: int, value: int) -> None:
        """Hold in reset or release."""
        if offset == _RESET:
            self._file.write(offset, value & _ALL_BLOCKS)
            self._done.restart()
        elif offset != _RESET_DONE:
            self._file.write(offset, value)

    def released(self, block: int) -> bool:
        """Whether a block's reset bit is clear."""
        return not self._file.words[_RESET] >> block & 1

    def _running(self) -> int:
        running = ~self._file.words[_RESET] & _ALL_BLOCKS
        return running if self._clocks.peripheral_hz() else running & ~self._NEEDS_PERIPHERAL_CLOCK


class CrystalOscillator:
    """XOSC (2.16).

    Args:
        hertz: The crystal's.
    """

    _CTRL, _STATUS, _STARTUP = 0x00, 0x04, 0x0C
    _RANGE, _ENABLE, _DELAY = Field(0x00, 0, 12), Field(0x00, 12, 12), Field(0x0C, 0, 14)
    _ON, _1_TO_15_MHZ = 0xFAB, 0xAA0

    def __init__(self, hertz: int) -> None:
        self.hertz = hertz
        self._file = RegisterFile({self._CTRL: self._1_TO_15_MHZ, self._STARTUP: 0xC4}, changed=self._changed)
        self._start()

    def reset(self) -> None:
        """Off."""
        self._file.reset()
        self._start()

    def _start(self) -> None:
        self._stable = Ready(self._enabled, Field(self._STATUS, 31))

    @property
    def runs(self) -> bool:
        """Whether it is stable."""
        return self._stable.on

    def read(self, offset: int) -> int:
        """STATUS tells when it is stable."""
        if offset == self._STATUS:
            return self._stable.show(1 << 12 if self._enabled() else 0)
        return self._file.read(offset)

    def write(self, offset: int, value: int) -> None:
        """Set a register."""
        if offset != self._STATUS:
            self._file.write(offset, value)

    def _enabled(self) -> bool:
        return self._file.get(self._ENABLE) == self._ON

    def _changed(self, offset: int, _before: int, _after: int) -> None:
        if offset != self._CTRL or not self._enabled():
            return
        if self._file.get(self._RANGE) != self._1_TO_15_MHZ:
            raise MisuseError(f"XOSC.CTRL.FREQ_RANGE is {self._file.get(self._RANGE):#x}; 0xaa0 is its only value")
        least = self.hertz // 1000 // 256  # 1 ms (2.16.3)
        if self._file.get(self._DELAY) < least:
            raise MisuseError(
                f"XOSC.STARTUP.DELAY is {self._file.get(self._DELAY)}; a crystal of {_mhz(self.hertz)} needs 1 ms, "
                f"which is {least} at least"
            )


class Pll:
    """PLL_SYS or PLL_USB (2.18), fed by the crystal."""

    _CS, _PWR, _FBDIV, _PRIM = 0x0, 0x4, 0x8, 0xC
    _REFDIV, _BYPASS, _LOCK = Field(0x0, 0, 6), Field(0x0, 8), Field(0x0, 31)
    _PD, _POSTDIVPD, _VCOPD = Field(0x4, 0), Field(0x4, 3), Field(0x4, 5)
    _POSTDIV1, _POSTDIV2 = Field(0xC, 16, 3), Field(0xC, 12, 3)

    def __init__(self, name: str, crystal: CrystalOscillator) -> None:
        self.name, self._crystal = name, crystal
        self._file = RegisterFile({self._CS: 1, self._PWR: 0x2D, self._PRIM: 0x7_7000}, changed=self._changed)
        self._start()

    def reset(self) -> None:
        """Off."""
        self._file.reset()
        self._start()

    def _start(self) -> None:
        self._lock = Ready(self._powered, self._LOCK)

    def read(self, offset: int) -> int:
        """CS tells when it is locked."""
        word = self._file.read(offset)
        return self._lock.show(word) if offset == self._CS else word

    def write(self, offset: int, value: int) -> None:
        """Set a register."""
        self._file.write(offset, value)

    def hz(self) -> float:
        """Its output.

        Raises:
            MisuseError: it does not run, or not within its limits.
        """
        if not self._lock.on:
            raise MisuseError(f"{self.name} is used before it is locked; wait for CS.LOCK")
        if self._file.get(self._POSTDIVPD):
            raise MisuseError(f"{self.name} is used, but its post dividers are off; clear PWR.POSTDIVPD")
        first, second = self._file.get(self._POSTDIV1), self._file.get(self._POSTDIV2)
        if not (first and second):
            raise MisuseError(f"{self.name}.PRIM divides by {first} and {second}; 1 to 7 are allowed")
        return self._oscillator_hz() / (first * second)

    def _powered(self) -> bool:
        return not (self._file.get(self._PD) or self._file.get(self._VCOPD))

    def _changed(self, offset: int, before: int, after: int) -> None:
        if offset == self._PWR and self._powered():
            if not self._crystal.runs:
                raise MisuseError(f"{self.name} was switched on before the crystal is stable; wait for XOSC.STATUS")
            self._oscillator_hz()
        elif offset in (self._FBDIV, self._CS) and before != after and self._powered():
            raise MisuseError(f"{self.name}'s dividers were changed while it runs; switch it off first")

    def _oscillator_hz(self) -> float:
        divider, factor = self._file.get(self._REFDIV), self._file.words.get(self._FBDIV, 0) & 0xFFF
        if not divider or self._crystal.hertz / divider < 5e6:
            raise MisuseError(f"{self.name} gets {_mhz(self._crystal.hertz)} / {divider}; 5 MHz is the least")
        if not 16 <= factor <= 320:
            raise MisuseError(f"{self.name}.FBDIV_INT is {factor}, outside 16 to 320")
        frequency = self._crystal.hertz / divider * factor
        if not 750e6 <= frequency <= 1600e6:
            raise MisuseError(f"{self.name}'s oscillator is set to {_mhz(frequency)}, outside 750 to 1600 MHz")
        return frequency


class Clocks:
    """CLOCKS (2.15): reference, system and peripheral clock; the other generators only keep their settings."""

    _REF_CTRL, _REF_DIV, _REF_SELECTED = 0x30, 0x34, 0x38
    _SYS_CTRL, _SYS_DIV, _SYS_SELECTED = 0x3C, 0x40, 0x44
    _REF_SRC, _SYS_SRC, _SYS_AUX = Field(0x30, 0, 2), Field(0x3C, 0), Field(0x3C, 5, 3)
    _PERI_ENABLE, _PERI_KILL, _PERI_AUX = Field(0x48, 11), Field(0x48, 10), Field(0x48, 5, 3)

    def __init__(self, crystal: CrystalOscillator, pll_sys: Pll, pll_usb: Pll) -> None:
        self._crystal, self._pll_sys, self._pll_usb = crystal, pll_sys, pll_usb
        dividers = dict.fromkeys((self._REF_DIV, self._SYS_DIV, 0x58, 0x64, 0x70), 0x100)
        self._file = RegisterFile(dividers, changed=self._changed)

    def reset(self) -> None:
        """Everything from the ring oscillator."""
        self._file.reset()

    def read(self, offset: int) -> int:
        """The switches of CLK_REF and CLK_SYS tell where they are; the others have none and read 1."""
        if offset == self._REF_SELECTED:
            return 1 << self._file.get(self._REF_SRC)
        if offset == self._SYS_SELECTED:
            return 1 << self._file.get(self._SYS_SRC)
        return 1 if offset in (0x50, 0x5C, 0x68, 0x74) else self._file.read(offset)

    def write(self, offset: int, value: int) -> None:
        """Set a register."""
        self._file.write(offset, value)

    def reference_hz(self) -> float:
        """CLK_REF."""
        choices = (lambda: _ROSC_HZ, self._pll_usb.hz, self._crystal_hz, lambda: _ROSC_HZ)
        frequency = choices[self._file.get(self._REF_SRC)]()
        return frequency / max(1, self._file.words[self._REF_DIV] >> 8 & 3)

    def system_hz(self) -> float:
        """CLK_SYS, which clocks the cores."""
        source = self._aux_hz(self._file.get(self._SYS_AUX)) if self._file.get(self._SYS_SRC) else self.reference_hz()
        divider = self._file.words[self._SYS_DIV] / 256
        return source / (divider or 65536)

    def peripheral_hz(self) -> float:
        """CLK_PERI; 0 while it is off."""
        if not self._file.get(self._PERI_ENABLE) or self._file.get(self._PERI_KILL):
            return 0.0
        source = self._file.get(self._PERI_AUX)
        return self.system_hz() if source == 0 else self._aux_hz(source - 1)

    def _aux_hz(self, source: int) -> float:
        choices = (self._pll_sys.hz, self._pll_usb.hz, lambda: _ROSC_HZ, self._crystal_hz)
        if source >= len(choices):
            raise MisuseError(f"a clock's AUXSRC selects input {source}, which has no signal on the board")
        return choices[source]()

    def _crystal_hz(self) -> float:
        if not self._crystal.runs:
            raise MisuseError("a clock was switched to the crystal before it is stable; wait for XOSC.STATUS")
        return float(self._crystal.hertz)

    def _changed(self, offset: int, before: int, after: int) -> None:
        if (
            offset == self._SYS_CTRL
            and self._SYS_SRC.of(before)
            and self._SYS_AUX.of(before) != self._SYS_AUX.of(after)
        ):
            raise MisuseError("CLK_SYS_CTRL.AUXSRC was changed while SRC uses it; switch SRC to CLK_REF first")
        if self.system_hz() > _CORE_LIMIT_HZ:
            raise MisuseError(f"the cores were switched to {_mhz(self.system_hz())}; 133 MHz is the most")


class Watchdog(RegisterFile):
    """WATCHDOG (4.7) without its bite: the tick for TIMER, and scratch registers that survive a reset."""

    _TICK = 0x2C
    _RUNS, _ENABLED = 1 << 10, 1 << 9

    def __init__(self) -> None:
        super().__init__({self._TICK: self._ENABLED}, shown=self._show)

    def reset(self) -> None:
        """The scratch registers stay."""
        kept = {offset: word for offset, word in self.words.items() if 0x0C <= offset < self._TICK}
        super().reset()
        self.words |= kept

    def _show(self, offset: int, word: int) -> int:
        runs = offset == self._TICK and word & self._ENABLED and word & 0x1FF
        return word | self._RUNS if runs else word


def is_released(resets: Resets, block: int) -> partial[bool]:
    """A question for `Gated`."""
    return partial(resets.released, block)
