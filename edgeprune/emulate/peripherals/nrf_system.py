"""What else of an nRF52840 its firmware touches: ports, clock and power, flash controller, factory data."""

from __future__ import annotations

from edgeprune.emulate.peripherals.registers import Field, Ready, RegisterFile

_OUT, _OUTSET, _OUTCLR, _IN = 0x504, 0x508, 0x50C, 0x510
_DIR, _DIRSET, _DIRCLR, _PIN_CNF = 0x514, 0x518, 0x51C, 0x700
_INPUT_OFF = 1 << 1
_WORD = 0xFFFF_FFFF


class NrfGpio:
    """One port (6.9); offsets count from 0x500, where its registers begin.

    Args:
        pins: How many it has.
    """

    FIRST = 0x500

    def __init__(self, pins: int) -> None:
        self._file = RegisterFile({_PIN_CNF + 4 * pin: _INPUT_OFF for pin in range(pins)})
        self._pins = pins

    def reset(self) -> None:
        """All pins as inputs that are not connected."""
        self._file.reset()

    def read(self, offset: int) -> int:
        """Value of a register; inputs read 0."""
        offset += self.FIRST
        if offset in (_DIR, _DIRSET, _DIRCLR):
            return sum((self._file.words[_PIN_CNF + 4 * pin] & 1) << pin for pin in range(self._pins))
        if offset in (_OUTSET, _OUTCLR):
            offset = _OUT
        return 0 if offset == _IN else self._file.read(offset)

    def write(self, offset: int, value: int) -> None:
        """Set a register; DIR and the pins' own registers are one thing seen from two sides."""
        offset += self.FIRST
        level = self._file.words.get(_OUT, 0)
        if offset == _OUTSET:
            self._file.write(_OUT, level | value)
        elif offset == _OUTCLR:
            self._file.write(_OUT, level & ~value)
        elif offset in (_DIR, _DIRSET, _DIRCLR):
            self._set_directions(offset, value)
        elif offset != _IN:
            self._file.write(offset, value)

    def is_output(self, pin: int) -> bool:
        """Whether the pin drives."""
        return bool(self._file.words[_PIN_CNF + 4 * pin] & 1)

    def is_input(self, pin: int) -> bool:
        """Whether the pin is read: no output, input buffer connected."""
        return not self._file.words[_PIN_CNF + 4 * pin] & (1 | _INPUT_OFF)

    def level(self, pin: int) -> int:
        """What OUT says."""
        return self._file.words.get(_OUT, 0) >> pin & 1

    def _set_directions(self, offset: int, value: int) -> None:
        for pin in range(self._pins):
            word, bit = self._file.words[_PIN_CNF + 4 * pin], value >> pin & 1
            if offset == _DIR:
                word = word & ~1 | bit
            elif bit:
                word = word | 1 if offset == _DIRSET else word & ~1
            self._file.words[_PIN_CNF + 4 * pin] = word


_TASKS = {0x000: 0x408, 0x008: 0x414}  # start of HFXO and LFCLK: their RUN registers
_STOPS = {0x004: 0x408, 0x00C: 0x414}
_HF_STARTED, _LF_STARTED = Field(0x100, 0), Field(0x104, 0)
_HF_STATUS, _LF_STATUS, _LF_SOURCE = 0x40C, 0x418, 0x518
_STATE_RUNS = 1 << 16


class NrfClockPower:
    """CLOCK and POWER (5.3 and 5.4), which share their addresses.

    The core always runs at 64 MHz; a started oscillator raises its event after a few looks.
    """

    def __init__(self) -> None:
        self._file = RegisterFile()
        self._start()

    def reset(self) -> None:
        """Both oscillators off."""
        self._file.reset()
        self._start()

    def _start(self) -> None:
        self._ready = {
            0x408: Ready(lambda: bool(self._file.words.get(0x408)), _HF_STARTED),
            0x414: Ready(lambda: bool(self._file.words.get(0x414)), _LF_STARTED),
        }
        self._told: set[int] = set()

    def read(self, offset: int) -> int:
        """Events and status follow the tasks."""
        for run, flag in self._ready.items():
            if offset in (flag.flag.offset, _HF_STATUS if run == 0x408 else _LF_STATUS):
                flag.show(0)
            if flag.on and run not in self._told:
                self._told.add(run)
                self._file.words[flag.flag.offset] = 1
        if offset == _HF_STATUS:
            return _STATE_RUNS | int(self._ready[0x408].on)
        if offset == _LF_STATUS:
            source = self._file.words.get(_LF_SOURCE, 0) & 3
            return (_STATE_RUNS | source) if self._ready[0x414].on else 0
        return self._file.read(offset)

    def write(self, offset: int, value: int) -> None:
        """Tasks start and stop oscillators."""
        if offset in _TASKS and value & 1:
            self._file.words[_TASKS[offset]] = 1
            self._told.discard(_TASKS[offset])
        elif offset in _STOPS and value & 1:
            self._file.words[_STOPS[offset]] = 0
        elif offset not in (*_TASKS, *_STOPS, 0x408, 0x414, _HF_STATUS, _LF_STATUS):
            self._file.write(offset, value)


def flash_controller() -> RegisterFile:
    """NVMC (4.3): always ready; the cache's switch keeps its setting."""
    return RegisterFile(shown=lambda offset, word: 1 if offset in (0x400, 0x408) else word)


def factory_data() -> RegisterFile:
    """FICR (4.4) of an nRF52840 AAD0 with 1 MB flash and 256 KB RAM; cannot be written."""
    return RegisterFile(
        {0x010: 4096, 0x014: 256, 0x100: 0x52840, 0x104: 0x4141_4430, 0x108: 0x2004, 0x10C: 256, 0x110: 1024},
        kept=lambda _offset, before, _written: before,
    )


def user_data() -> RegisterFile:
    """UICR (4.5), erased; writing it takes the flash controller, so here nothing changes it."""
    return RegisterFile(shown=lambda _offset, _word: _WORD, kept=lambda _offset, before, _written: before)
