"""What lies between an RP2040 and its flash: the serial interface, and the flash chip itself (datasheet 2.6, 4.10).

Code runs from the flash at any time here; the settings are checked when the board first talks.
"""

from __future__ import annotations

from collections import deque

from edgeprune.emulate.peripherals.device import MisuseError
from edgeprune.emulate.peripherals.registers import Field, RegisterFile

_WRITE_ENABLE, _WRITE_STATUS, _READ_STATUS_1, _READ_STATUS_2, _READ_ID = 0x06, 0x01, 0x05, 0x35, 0x9F
_WRITE_STATUS_2 = 0x31
_QUAD_ENABLE = 1 << 1
_READ, _FAST_READ, _FAST_READ_QUAD = 0x03, 0x0B, 0xEB
#: Highest clock of each way to read, W25Q16JV data sheet 9.6.
_READ_LIMITS_HZ = {_READ: 50e6, _FAST_READ: 133e6, 0x6B: 133e6, 0xBB: 133e6, _FAST_READ_QUAD: 133e6}


class FlashChip:
    """A W25Q16JV as far as its status registers."""

    def __init__(self) -> None:
        self.status_2 = 0
        self._may_write = False

    def transfer(self, sent: list[int]) -> int:
        """The byte that comes back while the last of `sent`, since chip select, goes out."""
        command, position = sent[0], len(sent) - 1
        if command == _WRITE_ENABLE:
            self._may_write = True
        elif command == _READ_STATUS_2 and position:
            return self.status_2
        elif command == _READ_ID and position:
            return (0xEF, 0x40, 0x15)[(position - 1) % 3]
        elif self._may_write and (command, position) in ((_WRITE_STATUS, 2), (_WRITE_STATUS_2, 1)):
            self.status_2, self._may_write = sent[-1], False
        return 0


class SerialFlashInterface:
    """XIP_SSI (4.10): a Synopsys DW_apb_ssi that turns reads of memory into reads of the flash."""

    _ENABLED, _MODE, _FRAME_FORMAT, _DATA_BITS = (
        Field(0x08, 0),
        Field(0x00, 8, 2),
        Field(0x00, 21, 2),
        Field(0x00, 16, 5),
    )
    _COMMAND, _COMMAND_BITS, _ADDRESS_BITS = Field(0xF4, 24, 8), Field(0xF4, 8, 2), Field(0xF4, 2, 4)
    _BAUDR, _SR, _DR0 = 0x14, 0x28, 0x60
    _GUARDED = (0x00, 0x04, 0x14)
    _TX_NOT_FULL, _TX_EMPTY, _RX_NOT_EMPTY = 1 << 1, 1 << 2, 1 << 3
    _READ_MEMORY = 3

    def __init__(self) -> None:
        self._chip = FlashChip()
        # As the boot ROM leaves it: the slow command that every flash knows.
        values = {0x00: 0x001F_0300, 0x08: 1, 0x10: 1, self._BAUDR: 6, 0xF4: 0x0300_0218}
        self._file = RegisterFile(values)
        self._sent: list[int] = []
        self._came: deque[int] = deque()

    def reset(self) -> None:
        """As after the boot ROM; the flash chip keeps its status."""
        self._file.reset()
        self._sent.clear()
        self._came.clear()

    def read(self, offset: int) -> int:
        """DR0 takes a byte that came back; SR lets the transfer end."""
        if offset == self._DR0:
            return self._came.popleft() if self._came else 0
        if offset == self._SR:
            self._sent.clear()  # all is sent: chip select goes up
            return self._TX_NOT_FULL | self._TX_EMPTY | (self._RX_NOT_EMPTY if self._came else 0)
        return self._file.read(offset)

    def write(self, offset: int, value: int) -> None:
        """DR0 sends a byte.

        Raises:
            MisuseError: a setting is changed while the interface is enabled, where hardware ignores it.
        """
        enabled = bool(self._file.get(self._ENABLED))
        if offset == self._DR0:
            if enabled:
                self._sent.append(value & 0xFF)
                self._came.append(self._chip.transfer(self._sent))
        elif offset in self._GUARDED and enabled:
            raise MisuseError(f"XIP_SSI register {offset:#x} was written while SSIENR is 1, where it is ignored")
        elif offset != self._SR:
            self._file.write(offset, value)
            if offset == 0x08 and not value & 1:
                self._sent.clear()
                self._came.clear()

    def check(self, system_hz: float) -> None:
        """Raise MisuseError where the flash could not be read like this."""
        if not self._file.get(self._ENABLED) or self._file.get(self._MODE) != self._READ_MEMORY:
            raise MisuseError("XIP_SSI is not enabled for reading memory; boot2 must leave TMOD = 3 and SSIENR = 1")
        quad = self._file.get(self._FRAME_FORMAT) == 2
        command = _FAST_READ_QUAD if quad else self._file.get(self._COMMAND)
        if quad and not self._chip.status_2 & _QUAD_ENABLE:
            raise MisuseError(
                "XIP_SSI reads with four data lines, but the flash's status bit QE is 0; boot2 must set it"
            )
        if not quad and (self._file.get(self._COMMAND_BITS) != 2 or command not in _READ_LIMITS_HZ):
            raise MisuseError(f"XIP_SSI sends command {command:#04x}, which is no read that the flash knows")
        divider = self._file.words.get(self._BAUDR, 0) & 0xFFFE
        if not divider:
            raise MisuseError("XIP_SSI has no clock: BAUDR must be 2 at least, and even")
        if system_hz / divider > _READ_LIMITS_HZ[command]:
            raise MisuseError(
                f"the flash is clocked with {system_hz / divider / 1e6:g} MHz (BAUDR = {divider}); its read command "
                f"{command:#04x} takes {_READ_LIMITS_HZ[command] / 1e6:g} MHz at most"
            )


def boot_checksum(content: bytes) -> int:
    """CRC-32 that the boot ROM wants after the 252 bytes of boot2 (2.8.1.3.1).

    Polynomial 0x04c11db7, most significant bit first, starts with all ones, nothing inverted.
    """
    crc = 0xFFFF_FFFF
    for byte in content:
        crc ^= byte << 24
        for _ in range(8):
            crc = (crc << 1 ^ (0x04C1_1DB7 if crc >> 31 else 0)) & 0xFFFF_FFFF
    return crc
