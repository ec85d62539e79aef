"""What all UARTs share: the line to the host, the received bytes, waiting, and the wrong bit rate."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable
from typing import Protocol

from edgeprune.emulate.peripherals.device import Cpu
from edgeprune.emulate.peripherals.registers import RegisterFile

#: How long a board that waits for input waits at a time; its clock then moves on by this much.
_IDLE_SECONDS = 0.02
#: Ten bits are sampled in the middle, the last of them after 9.5 bit times: half a bit is
#: 5 %, which both ends and their oscillators share.
_TOLERANCE = 0.025
_FRAME_BITS = 10


class Line(Protocol):
    """The host's end of a serial line."""

    def read(self, seconds: float) -> bytes | None:
        """Wait up to `seconds` for bytes from the host; None when the line is closed for good."""

    def write(self, content: bytes) -> None:
        """Send bytes to the host."""


class SerialPort(ABC):
    """A UART without its registers.

    A firmware that polls for input when there is none waits in `Line.read`, so an idle board
    costs no processor time; its clock moves on with the world's.  The line is as fast as both
    ends: a byte leaves when it is written, and the next received byte arrives when the
    firmware looks for it, so nothing is ever overrun.

    The bit rate does count: when clock and divider give one that is more than 2.5 % off the
    line's, both directions carry garbage.

    Args:
        core: Gets interrupts, and the passing of time.
        line: The other end.
        baud: Bit rate of the line.
        irq: Number of the UART's interrupt; None where it has none.
        before_use: Called once after each reset, before the first byte is sent or received;
            raises when the rest of the chip (pins, clocks) does not let it pass.
    """

    _file: RegisterFile

    def __init__(
        self,
        core: Cpu,
        line: Line,
        baud: int,
        *,
        irq: int | None = None,
        before_use: Callable[[], None] | None = None,
    ) -> None:
        self._core, self._line, self._baud, self._irq = core, line, baud, irq
        self._before_use = before_use
        self._used = False
        self._queue: deque[int] = deque()
        self._sending = bytearray()
        self._polled = False  # the status was read, with nothing received, and no data moved since

    # -- what a kind of UART is

    @abstractmethod
    def read(self, offset: int) -> int:
        """Value of a register."""

    @abstractmethod
    def write(self, offset: int, value: int) -> None:
        """Set a register."""

    def peek(self, offset: int) -> int:
        """Value that was last written to a register, without what reading it would do."""
        return self._file.words.get(offset, 0)

    @abstractmethod
    def bit_rate(self) -> float:
        """Bits per second that clock and divider give; 0 where there is no clock."""

    @abstractmethod
    def can_receive(self) -> bool:
        """Whether the receiver is enabled."""

    @abstractmethod
    def receive_interrupt(self) -> bool:
        """Whether a received byte raises the interrupt."""

    def send_interrupt(self) -> bool:
        """Whether room for a byte raises the interrupt; there always is room."""
        return False

    # -- for the board

    def reset(self) -> None:
        """As after a reset of the chip; what the host has sent is still under way."""
        self._used = self._polled = False

    def flush(self) -> None:
        """Send what the firmware has written."""
        if self._sending:
            content, self._sending = bytes(self._sending), bytearray()
            self._line.write(content)

    def wakes(self) -> bool:
        """Whether a byte from the host would raise the interrupt."""
        return self.can_receive() and self.receive_interrupt()

    def listen(self, seconds: float) -> bool:
        """Take what comes within `seconds`; False when the line is closed.

        For a firmware that is woken by the interrupt and so never polls.
        """
        self.flush()
        return self._fetch(seconds) is not None

    # -- for the registers

    def received(self) -> bool:
        """Whether a byte is there, asked by a read of the status; waits for one when it is polled."""
        if self._queue or not self.can_receive():
            return bool(self._queue) and self.can_receive()
        # The status is also read before each byte that is sent: only a firmware that reads it
        # again and does nothing in between is waiting for the host.  One that has itself
        # interrupted does not wait here.
        if not self._polled or self.wakes():
            self._polled = True
            return False
        self.flush()
        seconds = self._core.patience(_IDLE_SECONDS)
        content = self._fetch(seconds)
        if content is None:
            self._core.request_stop()
        elif not content:
            self._core.pass_time(seconds)
        return bool(self._queue)

    def take(self) -> int:
        """The received byte; 0 when there is none."""
        self._polled = False
        if not self._queue or not self.can_receive():
            return 0
        byte = self._queue.popleft()
        self.update_interrupt()
        return byte if self._rate_fits() else garbled(byte, self._baud / max(self.bit_rate(), 1e-9))

    def send(self, byte: int) -> None:
        """Send a byte; lines leave whole."""
        self._polled = False
        self._check_use()
        if not self._rate_fits():
            byte = garbled(byte, self.bit_rate() / self._baud)
        self._sending.append(byte)
        if byte == ord("\n"):
            self.flush()
        self.update_interrupt()

    def update_interrupt(self) -> None:
        """Bring the interrupt to what the enable bits and flags say."""
        if self._irq is None:
            return
        wanted = self.receive_interrupt() and self.can_receive() and bool(self._queue)
        if wanted or self.send_interrupt():
            self._core.pend(self._irq)
        else:
            self._core.unpend(self._irq)

    def _fetch(self, seconds: float) -> bytes | None:
        content = self._line.read(seconds)
        if content:
            self._check_use()
            self._queue.extend(content)
            self.update_interrupt()
        return content

    def _check_use(self) -> None:
        if not self._used and self._before_use is not None:
            self._before_use()
        self._used = True

    def _rate_fits(self) -> bool:
        return abs(self.bit_rate() - self._baud) <= _TOLERANCE * self._baud


def garbled(byte: int, ratio: float) -> int:
    """What a receiver reads of a byte that is sent at `ratio` times its own bit rate.

    Start bit, eight data bits and stop bit are sampled in the middle of the receiver's bits;
    after the stop bit the line is idle.  Where that happens to give the same byte, the last
    sampled bit is taken as lost to noise: a link at the edge must not pass for a good one.
    """
    frame = (byte & 0xFF) << 1 | 1 << (_FRAME_BITS - 1)
    seen = 0
    for bit in range(8):
        sent = int((bit + 1.5) * ratio)
        level = frame >> sent & 1 if sent < _FRAME_BITS else 1
        seen |= level << bit
    return seen if seen != byte & 0xFF else seen ^ 0x80
