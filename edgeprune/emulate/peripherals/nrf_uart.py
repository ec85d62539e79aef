"""UART and UARTE of the nRF52840 (product specification 6.33 and 6.34): one device, two modes."""

from __future__ import annotations

from collections.abc import Callable

from edgeprune.emulate.peripherals.device import Cpu, MisuseError
from edgeprune.emulate.peripherals.registers import Field, RegisterFile
from edgeprune.emulate.peripherals.serial import Line, SerialPort

_START_RX, _STOP_RX, _START_TX, _STOP_TX = 0x000, 0x004, 0x008, 0x00C
_EVENTS = range(0x100, 0x180, 4)
_RXDRDY, _ENDRX, _TXDRDY, _ENDTX, _RXTO = 0x108, 0x110, 0x11C, 0x120, 0x144
_RXSTARTED, _TXSTARTED, _TXSTOPPED = 0x14C, 0x150, 0x158
_SHORTS, _INTEN, _INTENSET, _INTENCLR, _ENABLE = 0x200, 0x300, 0x304, 0x308, 0x500
_PSEL_TXD, _PSEL_RXD, _PSELS = 0x50C, 0x514, range(0x508, 0x518, 4)
_RXD, _TXD, _BAUDRATE, _CONFIG = 0x518, 0x51C, 0x524, 0x56C
_RX_POINTER, _RX_COUNT, _RX_AMOUNT = 0x534, 0x538, 0x53C
_TX_POINTER, _TX_COUNT, _TX_AMOUNT = 0x544, 0x548, 0x54C
_ENDRX_STARTRX, _ENDRX_STOPRX = 1 << 5, 1 << 6
_UART, _UARTE = 4, 8
_NOT_CONNECTED = 1 << 31
#: BAUDRATE counts 2^-32 of this.
_REFERENCE_HZ = 16e6
#: Data RAM; EasyDMA reaches nothing else.
_RAM = range(0x2000_0000, 0x3000_0000)


class NrfUart(SerialPort):
    """Registers byte by byte as UART, buffers by EasyDMA as UARTE, whichever ENABLE selects.

    The oscillator counts as exact, whether HFXO runs or not.
    """

    def __init__(
        self,
        core: Cpu,
        line: Line,
        baud: int,
        *,
        irq: int | None = None,
        before_use: Callable[[], None] | None = None,
    ) -> None:
        super().__init__(core, line, baud, irq=irq, before_use=before_use)
        self._file = RegisterFile(dict.fromkeys(_PSELS, 0xFFFF_FFFF) | {_BAUDRATE: 0x0400_0000})
        self._forget()

    def reset(self) -> None:
        """All registers as after a reset."""
        super().reset()
        self._file.reset()
        self._forget()

    def _forget(self) -> None:
        self._receiving = self._transmitting = False
        self._loaded = False  # UART: RXD holds a byte
        self._place, self._room, self._amount = 0, 0, 0  # UARTE: the buffer that is being filled

    # -- registers

    def read(self, offset: int) -> int:
        """Events of reception wait for a byte when they are polled."""
        if offset in (_RXDRDY, _ENDRX):
            self._arrive(offset)
        elif offset == _RXD:
            return self._take_from_rxd()
        elif offset in (_INTENSET, _INTENCLR):
            offset = _INTEN
        return self._file.read(offset)

    def write(self, offset: int, value: int) -> None:
        """Tasks start with a 1, events are cleared with a 0.

        Raises:
            MisuseError: pins are changed while the device is enabled, or EasyDMA is pointed outside RAM.
        """
        if offset < _EVENTS.start:
            if value & 1:
                self._task(offset)
        elif offset == _TXD:
            if self._mode() == _UART and self._transmitting:
                self._raise(_TXDRDY)
                self.send(value & 0xFF)
        elif offset in (_INTENSET, _INTENCLR):
            now = self._file.words.get(_INTEN, 0)
            self._file.write(_INTEN, now | value if offset == _INTENSET else now & ~value)
        elif offset in _PSELS and self._mode():
            raise MisuseError(
                f"a pin of the UART was selected ({value:#x}) while ENABLE is {self._mode()}; do it before"
            )
        elif offset not in (_RXD, _RX_AMOUNT, _TX_AMOUNT):
            self._file.write(offset, value)
        self.update_interrupt()

    def pin(self, *, tx: bool) -> int | None:
        """The selected pin, counted through both ports; None where it is not connected."""
        word = self._file.words[_PSEL_TXD if tx else _PSEL_RXD]
        return None if word & _NOT_CONNECTED else word & 0x3F

    # -- what SerialPort asks

    def bit_rate(self) -> float:
        """From BAUDRATE; 0 with a parity bit or two stop bits."""
        config = self._file.words.get(_CONFIG, 0)
        return 0.0 if config & ~1 else self._file.words.get(_BAUDRATE, 0) * _REFERENCE_HZ / 2**32

    def can_receive(self) -> bool:
        """Enabled, started, and with a pin."""
        return bool(self._mode()) and self._receiving and self.pin(tx=False) is not None

    def receive_interrupt(self) -> bool:
        """Any event of reception."""
        return self._enabled(_RXDRDY) or self._enabled(_ENDRX)

    def update_interrupt(self) -> None:
        """The interrupt follows the events, which stay until they are cleared."""
        if self._irq is None:
            return
        if self.wakes() and self._queue:
            self._arrive(_RXDRDY if self._mode() == _UART else _ENDRX, wait=False)
        if any(self._enabled(event) and self._file.words.get(event) for event in _EVENTS):
            self._core.pend(self._irq)
        else:
            self._core.unpend(self._irq)

    # -- inside

    def _mode(self) -> int:
        return self._file.get(Field(_ENABLE, 0, 4))

    def _enabled(self, event: int) -> bool:
        return bool(self._file.words.get(_INTEN, 0) >> (event - _EVENTS.start) // 4 & 1)

    def _raise(self, event: int) -> None:
        self._file.words[event] = 1

    def _task(self, offset: int) -> None:
        if offset == _START_RX:
            self._start_rx()
        elif offset == _STOP_RX:
            if self._mode() == _UARTE and self._receiving:
                self._end_rx()
            self._receiving = False
            self._raise(_RXTO)
        elif offset == _START_TX:
            self._transmitting = True
            if self._mode() == _UARTE:
                self._send_buffer()
        elif offset == _STOP_TX:
            self._transmitting = False
            self._raise(_TXSTOPPED)

    def _start_rx(self) -> None:
        self._receiving = True
        if self._mode() == _UARTE:
            self._place, self._room = self._buffer(_RX_POINTER, _RX_COUNT, "RXD")
            self._amount = 0
            self._raise(_RXSTARTED)

    def _buffer(self, pointer: int, count: int, name: str) -> tuple[int, int]:
        place, size = self._file.words.get(pointer, 0), self._file.words.get(count, 0) & 0xFFFF
        if size and (place not in _RAM or place + size > _RAM.stop):
            raise MisuseError(f"{name}.PTR is 0x{place:08x}, where EasyDMA cannot go: it reaches RAM only")
        return place, size

    def _send_buffer(self) -> None:
        place, size = self._buffer(_TX_POINTER, _TX_COUNT, "TXD")
        self._raise(_TXSTARTED)
        for byte in self._core.read(place, size) if size else b"":
            self.send(byte)
        self._file.words[_TX_AMOUNT] = size
        if size:
            self._raise(_TXDRDY)
        self._raise(_ENDTX)

    def _arrive(self, event: int, *, wait: bool = True) -> None:
        """Let bytes come in, as the firmware looks at an event."""
        while not self._file.words.get(event):
            if self._mode() == _UART and self._loaded:
                return  # the event was cleared, the byte not yet read
            if not (self.received() if wait else self.can_receive() and self._queue):
                return
            if self._mode() == _UART:
                self._loaded = True
            elif not self._store():
                return
            self._raise(_RXDRDY)

    def _store(self) -> bool:
        """Move one byte to the buffer; False where that is full."""
        if self._amount >= self._room:
            return False
        byte = super().take()
        self._core.write(self._place + self._amount, bytes([byte]))
        self._amount += 1
        if self._amount == self._room:
            self._end_rx()
        return True

    def _end_rx(self) -> None:
        self._file.words[_RX_AMOUNT] = self._amount
        self._raise(_ENDRX)
        shorts = self._file.words.get(_SHORTS, 0)
        if shorts & _ENDRX_STARTRX:
            self._start_rx()
        elif shorts & _ENDRX_STOPRX:
            self._receiving = False
            self._raise(_RXTO)

    def _take_from_rxd(self) -> int:
        if self._mode() != _UART or not self._loaded:
            return 0
        self._loaded = False
        byte = super().take()
        if self._queue:
            # The next byte moves up from the FIFO and is an event of its own: a firmware that
            # clears the event after it has read RXD loses it, as on the chip.
            self._loaded = True
            self._raise(_RXDRDY)
        return byte
