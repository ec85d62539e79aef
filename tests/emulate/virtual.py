"""An emulated board in the test's own thread, in virtual time: nothing ever sleeps."""

from __future__ import annotations

from pathlib import Path

from edgeprune.emulate.boards import load_board
from emulate.firmware import mcu_target

_SILENCE_SECONDS = 0.3


class VirtualBoard:
    """Both ends of a line: a `Transport` for the host, whose `read` runs the board.

    The board runs until it has said something and waits for the host, or the host's time is
    over. All clocks are the board's: `clock` counts its seconds.
    """

    name, baud = "virtual", 115200

    def __init__(self, elf: Path) -> None:
        self._to_board = bytearray()
        self._from_board = bytearray()
        self._hertz = mcu_target().cpu.clock_hz
        self._hung_seconds = 0.0
        self.hung = False
        self.board = load_board(elf, mcu_target(), _BoardEnd(self))
        self.power_on()

    def power_on(self) -> None:
        """Start the firmware; what is on its way is lost."""
        self._to_board.clear()
        self._from_board.clear()
        self.hung = False
        self.board.core.reset()

    def clock(self) -> float:
        return self.board.core.cycles / self._hertz + self._hung_seconds

    def ask(self, content: bytes) -> str:
        """Send bytes; what the board says until it has been silent for longer than it waits for raw bytes."""
        self.write(content)
        said = b""
        while more := self.read(_SILENCE_SECONDS):
            said += more
        return said.decode("ascii")

    # -- the host's end

    def read(self, timeout: float) -> bytes:
        end = self.clock() + timeout
        while not self._from_board and (left := end - self.clock()) > 0:
            # At least a cycle: time that does not move on would be waited for for ever.
            if self.hung:
                self._hung_seconds += left + 1 / self._hertz
            else:
                self.board.core.run(budget=int(left * self._hertz) + 1)
        content = bytes(self._from_board)
        self._from_board.clear()
        return content

    def write(self, content: bytes) -> None:
        self._to_board += content

    def discard(self) -> None:
        self._from_board.clear()


class _BoardEnd:
    """What the board's UART holds."""

    def __init__(self, line: VirtualBoard) -> None:
        self._line = line

    def read(self, _seconds: float) -> bytes:
        content = bytes(self._line._to_board)
        self._line._to_board.clear()
        if not content:
            self._line.board.core.request_stop()  # it waits: the host's turn
        return content

    def write(self, content: bytes) -> None:
        self._line._from_board += content
