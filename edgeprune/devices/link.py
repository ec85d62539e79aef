"""Exchanges with a board over a line that may damage anything.

A reply is believed when its checksum is right.  The checksum covers the command as the board
received it, every line of the reply, and a session word that the host has chosen and that a
reset clears; see `docs/protocol.md`.  What is not believed is repeated.
"""

from __future__ import annotations

import re
import secrets
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from edgeprune.devices.fault import Describe, FirmwareFault, find_report
from edgeprune.devices.transport import Transport
from edgeprune.errors import DeviceError

_ATTEMPTS = 3
#: The part of the time for an answer after which a silent line is taken for a damaged one.  A
#: board gives up waiting for bytes after 0.25 s; this must be longer.
_PATIENCE_SHARE = 1 / 8
_BITS_PER_BYTE = 10
_LONGEST_LINE = 1 << 16
_HISTORY = 1024  # bytes: more than a fault report
_QUOTED = 60
_CHECKSUM = re.compile(rb"ep-crc32-\[([0-9A-F]{8})\]")


class Refusal(DeviceError):
    """The board understood the command and cannot do it."""


def random_word() -> int:
    """A session word: 32 bits, not 0."""
    return 1 + secrets.randbelow(0xFFFF_FFFF)


def never(_lines: Sequence[bytes]) -> bool:
    """For commands that are answered at once."""
    return False


@dataclass(frozen=True)
class Work:
    """How long a command may take.

    Attributes:
        seconds: For the whole exchange, repeats included; None for the time of an answer.
        busy: Whether the board is at work, and may be silent, once it has sent these lines.
        silent: Whether the host must be silent too while it is.
    """

    seconds: float | None = None
    busy: Callable[[Sequence[bytes]], bool] = never
    silent: bool = False


@dataclass(frozen=True)
class Reply:
    """Lines without their ends, and raw bytes where the command asks for some."""

    lines: tuple[str, ...]
    content: bytes = b""


AT_ONCE = Work()


def _nobody(_line: str) -> None:
    """For commands whose progress interests nobody."""


class Link:
    """The host's end of a line to a board.

    Attributes:
        repeats: Exchanges that had to be repeated so far.
    """

    def __init__(self, line: Transport, answer_seconds: float, clock: Callable[[], float], describe: Describe) -> None:
        """Take an open line; see `BoardClient`."""
        self.line = line
        self.repeats = 0
        self._answer_seconds = answer_seconds
        self._patience = answer_seconds * _PATIENCE_SHARE
        self._clock = clock
        self._describe = describe
        self._received = bytearray()
        self._history = bytearray()
        self._in_step = False
        self._session = 0
        self._first: int | None = None  # the board's first session word since it started
        self._command = ""
        self._sending_until = 0.0
        self._noisy = b""
        self._trouble = self._silence

    # -- exchanges

    def connect(self) -> None:
        """Get in step with a board in an unknown state; one that reports a fault is reset, once.

        Raises:
            DeviceError: nothing answers in the protocol.
        """
        try:
            self._synchronise(self._clock() + self._answer_seconds)
        except FirmwareFault:
            self.line.write(b"%ep reset%")
            self._wait_for_start(self._clock() + self._answer_seconds / 2)
            self._synchronise(self._clock() + self._answer_seconds)

    def ask(
        self,
        command: str,
        work: Work = AT_ONCE,
        payload: bytes = b"",
        expected: int = 0,
        heard: Callable[[str], None] = _nobody,
    ) -> Reply:
        """Send an `ep` command until its reply arrives whole.

        Args:
            command: Without its `%`.
            work: How long the board may take.
            payload: Raw bytes that follow the command.
            expected: Raw bytes that follow the first line of the reply.
            heard: Told each line as it arrives, before it is known to be undamaged.

        Raises:
            Refusal: the board cannot do it.
            FirmwareFault: the firmware failed.
            DeviceError: the line is too bad, or nothing answers, or the board was reset.
        """
        self._command = command
        deadline = self._deadline(work.seconds, len(payload) + expected)
        for attempt in range(_ATTEMPTS):
            self.repeats += attempt > 0
            self._step(deadline)
            sent = self._sealed(command) if payload else command
            self._send(f"{sent}%".encode() + payload)
            reply = self._collect(sent, deadline, work, expected, heard)
            if reply is None:
                self._in_step = False
            elif reply.lines and reply.lines[-1].startswith("e-["):
                reason = reply.lines[-1][3:-1]
                if not reason.startswith("Damaged"):
                    raise Refusal(f"{self.line.name} refuses `{command[:_QUOTED]}`: {reason}")
                self._trouble = self._damage
            else:
                return reply
            if self._clock() >= deadline:
                break
        raise self._trouble()

    def tell(self, command: str, work: Work) -> None:
        """Send a command whose reply has no checksum, and wait until it is over; believe nothing of it."""
        self._command = command
        deadline = self._deadline(work.seconds, 0)
        self._step(deadline)
        self._send(f"{command}%".encode())
        lines: list[bytes] = []
        while (line := self._reply_line(lines, deadline, work)) is not None and line != b"m-ready":
            lines.append(line)
        self._in_step = self._in_step and line is not None

    def nonsense(self, expected: str, lines: Sequence[str]) -> DeviceError:
        """What to say of an undamaged reply that does not mean anything."""
        got = repr(" | ".join(lines)[:_QUOTED]) if lines else "nothing"
        return DeviceError(
            f"{self.line.name} sent {got} where {expected} was expected; reset the board, and if that does not "
            "help, build and flash the firmware again"
        )

    # -- one reply

    def _sealed(self, command: str) -> str:
        """The command with a check of its own: raw bytes must not go where a damaged one sends them."""
        _, _, arguments = command.split(" ", 2)
        return f"{command} {zlib.crc32(f'{arguments} {self._session:08X}'.encode()):08X}"

    def _collect(
        self, command: str, deadline: float, work: Work, expected: int, heard: Callable[[str], None]
    ) -> Reply | None:
        """The reply to what was just sent; None where it is damaged."""
        lines: list[bytes] = []
        content = b""
        crc = zlib.crc32(f"{command}\n".encode())
        while (line := self._reply_line(lines, deadline, work)) is not None:
            checksum = _CHECKSUM.fullmatch(line)
            if checksum is not None:
                if int(checksum[1], 16) != zlib.crc32(f"{self._session:08X}".encode(), crc):
                    break
                self._in_step = self._in_step and self._next_line(self._patience_until(deadline)) == b"m-ready"
                return Reply(tuple(text.decode("ascii") for text in lines), content)
            if _is_noise(line):
                self._noisy, self._trouble = line, self._noise
                return None
            if line == b"m-ready":
                break
            lines.append(line)
            crc = zlib.crc32(line + b"\n", crc)
            heard(line.decode("ascii"))
            if expected and len(lines) == 1 and not line.startswith(b"e-["):
                raw = self._raw(expected, deadline)
                if raw is None:
                    return None
                content = raw
                crc = zlib.crc32(content + b"\n", crc)
        self._trouble = self._silence if line is None and not lines else self._damage
        return None

    def _reply_line(self, lines: Sequence[bytes], deadline: float, work: Work) -> bytes | None:
        """The next line; where the board is at work, None only at the deadline."""
        if not work.busy(lines):
            return self._next_line(self._patience_until(deadline))
        while (line := self._next_line(deadline if work.silent else self._answer_until(deadline))) is None:
            if self._clock() >= deadline:
                return None
            # A board that has finished, with the end of its reply lost, answers this.  One that
            # has not may answer it later: the next exchange has to get in step first.
            self._in_step = False
            self.line.write(b"%")
        return line

    def _raw(self, size: int, deadline: float) -> bytes | None:
        """So many bytes, which the end of a line must follow."""
        wanted = size + len(b"\r\n")
        until = self._patience_until(deadline) + self._transfer_seconds(size)
        while len(self._received) < wanted:
            if not self._pull(until - self._clock()):
                return None
        raw = bytes(self._received[:wanted])
        del self._received[:wanted]
        return raw[:size] if raw.endswith(b"\r\n") else None

    # -- in step

    def _step(self, deadline: float) -> None:
        if not self._in_step:
            self._synchronise(deadline)

    def _synchronise(self, deadline: float) -> None:
        """Find the reply to a command that nobody else can have sent.

        The first terminator ends whatever was left half sent.  The command is sent again, with
        another word, after ever longer silences: boards that opening the line resets miss some.

        Raises:
            DeviceError: it does not come, or the board was reset since the last time.
        """
        self._in_step = False
        seen = bytearray()
        wait = self._patience
        while self._clock() < deadline:
            word = random_word()
            self._forget()
            self._send(f"%ep sync {word:08X}%".encode())
            until = min(deadline, self._clock() + wait)
            wait *= 2
            while self._clock() < until:
                self._pull(until - self._clock())
                if self._take_sync(word):
                    return
            seen += self._received[-_QUOTED:]
        raise self._stranger(bytes(seen[-_HISTORY:]))

    def _take_sync(self, word: int) -> bool:
        """Whether the reply has arrived; takes it off what was received."""
        pattern = rb"(ep-sync-\[%08X,([0-9A-F]{8})\])\r\nep-crc32-\[([0-9A-F]{8})\]\r\nm-ready\r\n" % word
        match = re.search(pattern, bytes(self._received))
        if match is None:
            return False
        covered = b"ep sync %08X\n%b\n%08X" % (word, match[1], word)
        if zlib.crc32(covered) != int(match[3], 16):
            return False
        del self._received[: match.end()]
        first = int(match[2], 16)
        if self._first not in (None, first):
            raise DeviceError(
                f"{self.line.name} was reset in the middle, and what was loaded is gone; check the board's power "
                "supply and cable, and repeat"
            )
        self._first, self._session, self._in_step = first, word, True
        return True

    def _wait_for_start(self, deadline: float) -> None:
        """Read past the rest of a post-mortem and the reset to the greeting, if it comes."""
        seen = b""
        while b"m-init-done\r\nm-ready\r\n" not in seen and (left := deadline - self._clock()) > 0:
            seen += self.line.read(left)

    # -- bytes

    def _send(self, content: bytes) -> None:
        self._history.clear()
        self.line.write(content)
        self._sending_until = self._clock() + self._transfer_seconds(len(content))

    def _forget(self) -> None:
        self.line.discard()
        self._received.clear()
        self._history.clear()

    def _next_line(self, until: float) -> bytes | None:
        """One line without its end; None when it has not come by then."""
        while b"\n" not in self._received:
            if len(self._received) > _LONGEST_LINE or not self._pull(until - self._clock()):
                return None
        line, _, rest = bytes(self._received).partition(b"\n")
        self._received[:] = rest
        return line.removesuffix(b"\r")

    def _pull(self, seconds: float) -> bool:
        """Take in what arrives within so long.

        Raises:
            FirmwareFault: it is the report of one.
        """
        content = self.line.read(seconds) if seconds > 0 else b""
        self._received += content
        self._history += content
        if b"ep-fault-[" in self._history:
            report = find_report(bytes(self._history))
            # At first contact an old reset by the watchdog is no obstacle.
            if report is not None and not (self._first is None and report.kind == "watchdog"):
                self._history.clear()
                raise FirmwareFault(report, self._describe)
        del self._history[:-_HISTORY]
        return bool(content)

    # -- time

    def _deadline(self, seconds: float | None, size: int) -> float:
        return self._clock() + (self._answer_seconds if seconds is None else seconds) + self._transfer_seconds(size)

    def _transfer_seconds(self, size: int) -> float:
        return size * _BITS_PER_BYTE / self.line.baud

    def _patience_until(self, deadline: float) -> float:
        return min(deadline, max(self._clock(), self._sending_until) + self._patience)

    def _answer_until(self, deadline: float) -> float:
        return min(deadline, self._clock() + self._answer_seconds)

    # -- complaints

    def _stranger(self, seen: bytes) -> DeviceError:
        """What to say when no answer to `ep sync` came, but this did."""
        if not seen:
            return self._silence()
        if _is_noise(seen):
            self._noisy = seen
            return self._noise()
        if self._first is not None:
            return self._damage()
        return self.nonsense("a reply in the firmware's protocol", seen.decode("ascii").splitlines())

    def _damage(self) -> DeviceError:
        return DeviceError(
            f"the line {self.line.name} damages what it carries: no attempt at `{self._command[:_QUOTED]}` was "
            "answered whole; use a shorter cable or a lower bit rate, and repeat"
        )

    def _noise(self) -> DeviceError:
        return DeviceError(
            f"{self.line.name} sends bytes that are no text ({self._noisy[-16:].hex(' ')}); check the cable, and that "
            f"the board's bit rate is {self.line.baud}"
        )

    def _silence(self) -> DeviceError:
        if self._first is not None:
            return DeviceError(
                f"{self.line.name} fell silent during `{self._command[:_QUOTED]}`: the board hangs, or the cable is "
                "loose; check the cable, reset the board and repeat"
            )
        return DeviceError(
            f"nothing answered at {self.line.name} within {self._answer_seconds:g} s; check the cable, reset the "
            f"board, and check that it was flashed and that its bit rate is {self.line.baud}"
        )


def _is_noise(content: bytes) -> bool:
    return any(not 0x20 <= byte < 0x7F and byte not in b"\r\n" for byte in content)
