"""The host's side of the serial protocol that `docs/protocol.md` describes."""

from __future__ import annotations

import re
import secrets
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from edgeprune.devices.transport import Transport
from edgeprune.errors import DeviceError

#: Seconds that a board may be silent while it is at work on inferences.
_INFERENCE_SECONDS = 60.0
#: A command has 80 characters; `db ` and the hexadecimal digits of this many bytes fit.
_LOAD_BYTES = 38
_LAYER_RUNS = 8  # the firmware's table of layer cycles has room for these
_QUOTED = 60


@dataclass(frozen=True)
class Identity:
    """What runs on a board.

    Attributes:
        model: Name of the model.
        sha256: Of its .tflite file, hexadecimal.
        firmware: Version of edgeprune that the firmware is from.
        clock_hz: Frequency of the cycle counter.
        profile: Whether the firmware times each layer.
        emulated: Whether the board is an emulated one, whatever line leads to it.
    """

    model: str
    sha256: str
    firmware: str
    clock_hz: int
    profile: bool
    emulated: bool


@dataclass(frozen=True)
class MemoryUse:
    """Bytes of RAM.

    Attributes:
        stack_used: Deepest use since start; more than `stack_size` is an overflow.
        stack_size: What is reserved for the stack.
        arena: What the model's tensors take.
    """

    stack_used: int
    stack_size: int
    arena: int


@dataclass(frozen=True)
class LayerCycles:
    """Cycles of one layer, one figure per inference."""

    index: int
    name: str
    cycles: tuple[int, ...]


@dataclass(frozen=True)
class InferenceResult:
    """One `infer` command of MLPerf Tiny.

    Attributes:
        microseconds: Device time for all counted inferences together.
        results: The outputs as real numbers, rounded to three decimals.
    """

    microseconds: int
    results: tuple[float, ...]


class BoardClient:
    """Talks to firmware over an open line.

    All methods raise DeviceError, in one sentence with what was received, when the board
    is silent, answers nonsense or refuses.
    """

    def __init__(self, line: Transport, answer_seconds: float = 5.0) -> None:
        """Get in step with the board, whatever it was doing.

        Args:
            line: An open line to the board.
            answer_seconds: Silence after which the board counts as dead, except while it
                is at work on inferences.
        """
        self._line = line
        self._answer_seconds = answer_seconds
        self._received = bytearray()
        self._synchronise()

    # -- commands

    def board_name(self) -> str:
        """Name of the board."""
        return self._value("name", r"m-name-dut-\[(.*)\]")[0]

    def identify(self) -> Identity:
        """What runs on the board."""
        model, sha256, firmware, clock, profile = self._value(
            "ep id", r"ep-id-\[(.*),([0-9a-f]{64}),([^,]*),(\d+),([01])\]"
        )
        (origin,) = self._value("ep origin", r"ep-origin-\[(emulated|hardware)\]")
        return Identity(model, sha256, firmware, int(clock), profile == "1", origin == "emulated")

    def require(self, model: str, sha256: str) -> Identity:
        """Identify the board and check that it runs the model with this SHA-256.

        Raises:
            DeviceError: it runs another one.
        """
        found = self.identify()
        if found.sha256 != sha256:
            raise DeviceError(
                f"{self._line.name} runs {found.model} (SHA-256 {found.sha256[:12]}...) instead of {model} "
                f"({sha256[:12]}...); flash the firmware of this build and repeat"
            )
        return found

    def load_input(self, content: bytes, index: int = 0) -> None:
        """Set an input, as the model stores it; what arrived is checked by its CRC-32."""
        self._command(f"ep input {index}")
        self._command(f"db load {len(content)}")
        for start in range(0, len(content), _LOAD_BYTES):
            reply = self._command(f"db {content[start : start + _LOAD_BYTES].hex()}")
        if not content or reply != ["m-load-done"]:
            raise self._nonsense(f"the last of {len(content)} bytes", reply if content else [])
        (crc,) = self._value("ep input-crc", r"ep-crc32-\[([0-9A-F]{8})\]")
        self._check_crc(f"input {index}", crc, content)

    def run(self, count: int, advance: Callable[[int], None] | None = None) -> tuple[int, ...]:
        """Run inferences on the loaded inputs; returns the cycles of each.

        Args:
            count: Number of inferences, at least 1.
            advance: Told how many more are done, as the board reports them.
        """
        cycles: list[int] = []
        reply: list[str] = []
        for line in self._exchange(f"ep run {count}", _INFERENCE_SECONDS):
            reply.append(line)
            new = [int(item) for item in self._match(r"ep-cycles-\[(\d+(?:,\d+)*)\]", [line], "ep run")[0].split(",")]
            cycles += new
            if advance is not None:
                advance(len(new))
        if len(cycles) != count:
            raise self._nonsense(f"{count} cycle counts for `ep run {count}`", reply)
        return tuple(cycles)

    def output(self, index: int = 0) -> bytes:
        """Bytes of an output after the latest inference, checked by their CRC-32."""
        command = f"ep output {index}"
        head, *data, tail = self._at_least(2, self._command(command), command)
        size = int(self._match(rf"ep-output-\[{index},\w+,(\d+)\]", [head], command)[0])
        digits = "".join(self._match(r"ep-data-((?:[0-9A-F]{2})+)", [line], command)[0] for line in data)
        (crc,) = self._match(r"ep-crc32-\[([0-9A-F]{8})\]", [tail], command)
        content = bytes.fromhex(digits)
        if len(content) != size:
            raise DeviceError(
                f"{self._line.name} sent {len(content)} of {size} bytes of output {index}; check the cable and repeat"
            )
        self._check_crc(f"output {index}", crc, content)
        return content

    def memory(self) -> MemoryUse:
        """Use of RAM since start."""
        used, size, arena = self._value("ep memory", r"ep-memory-\[(\d+),(\d+),(\d+)\]")
        return MemoryUse(int(used), int(size), int(arena))

    def layers(self, count: int) -> tuple[LayerCycles, ...]:
        """Cycles of each layer in `count` inferences; the firmware must be built with profiling."""
        cycles: dict[tuple[int, str], tuple[int, ...]] = {}
        for done in range(0, count, _LAYER_RUNS):
            for layer in self._layers(min(_LAYER_RUNS, count - done)):
                key = (layer.index, layer.name)
                cycles[key] = cycles.get(key, ()) + layer.cycles
        return tuple(LayerCycles(index, name, counts) for (index, name), counts in cycles.items())

    def infer(self, count: int, warmup: int = 10, timeout: float = _INFERENCE_SECONDS) -> InferenceResult:
        """MLPerf Tiny's timed run; the line is silent meanwhile, so energy may be measured.

        Args:
            count: Counted inferences.
            warmup: Inferences before them.
            timeout: Seconds that the board may be silent.
        """
        command = f"infer {count} {warmup}"
        reply = list(self._exchange(command, timeout))
        laps = [int(line.rpartition("-")[2]) for line in reply if re.fullmatch(r"m-lap-us-\d+", line)]
        if len(laps) != 2:
            raise self._nonsense(f"two time stamps for `{command}`", reply)
        (numbers,) = self._match(r"m-results-\[(.*)\]", reply[-1:], command)
        try:
            results = tuple(float(number) for number in numbers.split(","))
        except ValueError:
            raise self._nonsense("numbers as results", reply[-1:]) from None
        return InferenceResult(laps[1] - laps[0], results)

    # -- replies

    def _layers(self, count: int) -> Iterator[LayerCycles]:
        command = f"ep layers {count}"
        for line in self._exchange(command, _INFERENCE_SECONDS):
            # The name may hold commas; the figures are the last `count`.
            pattern = rf"ep-layer-\[(\d+),(.*?)((?:,\d+){{{count}}})\]"
            index, name, figures = self._match(pattern, [line], command)
            yield LayerCycles(int(index), name, tuple(int(figure) for figure in figures[1:].split(",")))

    def _value(self, command: str, pattern: str) -> tuple[str, ...]:
        return self._match(pattern, self._command(command), command)

    def _match(self, pattern: str, lines: list[str], command: str) -> tuple[str, ...]:
        """Groups of the pattern in the one line of a reply."""
        match = re.fullmatch(pattern, lines[0]) if len(lines) == 1 else None
        if match is None:
            raise self._nonsense(f"a reply to `{command}`", lines)
        return match.groups()

    def _at_least(self, count: int, lines: list[str], command: str) -> list[str]:
        if len(lines) < count:
            raise self._nonsense(f"a reply to `{command}`", lines)
        return lines

    def _check_crc(self, what: str, crc: str, content: bytes) -> None:
        if int(crc, 16) != zlib.crc32(content):
            raise DeviceError(
                f"{what} was damaged on the line {self._line.name} (CRC-32 {crc} on the board, "
                f"{zlib.crc32(content):08X} here); check the cable and repeat"
            )

    def _nonsense(self, expected: str, lines: list[str]) -> DeviceError:
        got = repr(" | ".join(lines)[:_QUOTED]) if lines else "nothing"
        return DeviceError(
            f"{self._line.name} sent {got} where {expected} was expected; reset the board, and if that does not "
            "help, build and flash the firmware again"
        )

    # -- the line

    def _command(self, command: str) -> list[str]:
        return list(self._exchange(command, self._answer_seconds))

    def _exchange(self, command: str, timeout: float) -> Iterator[str]:
        """Send a command; yields the lines of the reply as they come, without the final m-ready."""
        self._line.write(f"{command}%".encode())
        while (line := self._read_line(timeout)) != "m-ready":
            if line.startswith("e-[fault "):
                raise DeviceError(f"the firmware failed during `{command}`: {line}; reset the board and repeat")
            if line.startswith("e-["):
                self._read_to_ready(timeout)
                raise DeviceError(f"{self._line.name} refuses `{command[:_QUOTED]}`: {line[3:-1]}")
            if line:  # a fault report starts with an empty one, in case it cuts into a line
                yield line

    def _read_to_ready(self, timeout: float) -> None:
        while self._read_line(timeout) != "m-ready":
            pass

    def _synchronise(self) -> None:
        """Find the reply to a command that nobody else can have sent.

        The first terminator ends whatever an earlier host left half sent.  The second try
        is for boards that opening the line resets: they miss the first one.
        """
        seen = b""
        for share in (0.2, 0.8):
            marker = f"sync-{secrets.token_hex(4)}".encode()
            self._line.discard()
            self._line.write(b"%" + marker + b"%")
            deadline = time.monotonic() + share * self._answer_seconds
            while (left := deadline - time.monotonic()) > 0:
                seen += self._line.read(left)
                _, found, after = seen.partition(marker)
                if found:
                    self._received += after
                    self._read_to_ready(self._answer_seconds)
                    return
        raise self._stranger(seen)

    def _read_line(self, timeout: float) -> str:
        """One line without its end; bytes may take `timeout` seconds each."""
        while b"\n" not in self._received:
            content = self._line.read(timeout)
            if not content:
                raise self._silence(timeout)
            self._received += content
        line, _, rest = bytes(self._received).partition(b"\n")
        self._received[:] = rest
        line = line.rstrip(b"\r")
        if _is_noise(line):
            raise self._noise(line)
        return line.decode("ascii")

    def _stranger(self, seen: bytes) -> DeviceError:
        """What to say of a board that does not answer in the protocol."""
        if not seen:
            return self._silence(self._answer_seconds)
        if _is_noise(seen):
            return self._noise(seen)
        return self._nonsense("a reply in the firmware's protocol", seen.decode("ascii").splitlines())

    def _noise(self, content: bytes) -> DeviceError:
        return DeviceError(
            f"{self._line.name} sends bytes that are no text ({content[-16:].hex(' ')}); check the cable, and that "
            f"the board's bit rate is {self._line.baud}"
        )

    def _silence(self, timeout: float) -> DeviceError:
        if self._received:
            got = repr(bytes(self._received[-_QUOTED:]))
            return DeviceError(
                f"{self._line.name} fell silent for {timeout:g} s in the middle of a line, after {got}; check the "
                "cable and reset the board"
            )
        return DeviceError(
            f"nothing answered at {self._line.name} within {timeout:g} s; check the cable, reset the board, and check "
            f"that it was flashed and that its bit rate is {self._line.baud}"
        )


def _is_noise(content: bytes) -> bool:
    return any(not 0x20 <= byte < 0x7F and byte not in b"\r\n" for byte in content)
