"""A serial port as a transport."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator

import serial
from serial.tools import list_ports

from edgeprune.errors import DeviceError

_WRITE_SECONDS = 5.0


class SerialLine:
    """An open serial port; see `Transport`."""

    def __init__(self, port: serial.Serial) -> None:
        self._port = port

    @property
    def name(self) -> str:
        """The port."""
        return str(self._port.port)

    @property
    def baud(self) -> int:
        """The port's bit rate."""
        return int(self._port.baudrate)

    def read(self, timeout: float) -> bytes:
        """What has arrived; waits up to `timeout` seconds for the first byte."""
        with self._broken_line():
            self._port.timeout = timeout
            first = self._port.read(1)
            return first + self._port.read(self._port.in_waiting) if first else b""

    def write(self, content: bytes) -> None:
        """Send bytes."""
        with self._broken_line():
            self._port.write(content)

    def discard(self) -> None:
        """Forget what has arrived."""
        with self._broken_line():
            self._port.reset_input_buffer()

    @contextlib.contextmanager
    def _broken_line(self) -> Iterator[None]:
        try:
            yield
        except serial.SerialTimeoutException:
            raise DeviceError(
                f"{self.name} took no bytes for {_WRITE_SECONDS:.0f} s; check that nothing holds the line with "
                "flow control, and reset the board"
            ) from None
        # pyserial lets some errors of a vanished device through as they are, and meets None inside
        # its own code when the port is closed under it.
        except (serial.SerialException, OSError, TypeError) as error:
            raise DeviceError(f"the line {self.name} broke ({error}); plug the board in again and repeat") from None


@contextlib.contextmanager
def open_port(port: str, baud: int) -> Iterator[SerialLine]:
    """Open a serial port, alone, for the duration of a `with` block.

    Raises:
        DeviceError: there is no such port, no permission, or somebody else has it open.
    """
    try:
        opened = serial.Serial(port, baud, write_timeout=_WRITE_SECONDS, exclusive=True)
    except (serial.SerialException, OSError, ValueError) as error:
        raise DeviceError(_why_not(port, error)) from None
    try:
        yield SerialLine(opened)
    finally:
        opened.close()


def _why_not(port: str, error: Exception) -> str:
    number = getattr(error, "errno", None)
    if number == errno.ENOENT:
        present = ", ".join(info.device for info in list_ports.comports()) or "none"
        return f"there is no serial port {port}; ports present: {present}; check the cable and the name"
    if number == errno.EACCES:
        return f"no permission for the serial port {port}; add yourself to the group that owns it (often dialout)"
    if number in (errno.EAGAIN, errno.EWOULDBLOCK, errno.EBUSY):
        return f"another program has the serial port {port} open; close it and repeat"
    return f"cannot open the serial port {port}: {error}; check the cable and the name"
