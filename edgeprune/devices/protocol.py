"""The host's side of the serial protocol that `docs/protocol.md` describes."""

from __future__ import annotations

import re
import time
import zlib
from collections.abc import Callable, Collection, Sequence
from functools import partial

from edgeprune.devices.fault import Describe
from edgeprune.devices.link import AT_ONCE, Link, Work, random_word
from edgeprune.devices.transport import Transport
from edgeprune.devices.values import Identity, InferenceResult, LayerCycles, MemoryUse
from edgeprune.errors import DeviceError

#: Seconds that a board may take for one exchange in which it runs inferences.
_INFERENCE_SECONDS = 60.0
_BLOCK_BYTES = 1024
_ATTEMPTS = 3
#: Inferences in one exchange: doubled while an exchange takes less than the seconds, so that
#: little has to be repeated, and a slow model's repeats fit the time.
_MOST_RUNS, _EXCHANGE_SECONDS = 64, 0.5
_LAYER_RUNS = 8
#: Lines of a reply to `infer` before and after which the board is not at work.
_INFER_FIRST, _INFER_LAST = 1, 5
_DIGITS = 12

_NUMBERS = r"(\d+(?:,\d+)*)"


def _plain_address(address: int) -> str:
    return f"0x{address:08x}"


def _nobody(_count: int) -> None:
    """For runs whose progress interests nobody."""


class BoardClient:
    """Talks to firmware over an open line.

    Every figure and every output byte is covered by a checksum; damaged exchanges are repeated,
    up to two times each. All methods raise DeviceError, in one sentence, when that does not
    help within their time, when the board was reset or hangs, and when it refuses;
    FirmwareFault, which is one, when the firmware reports a failure.

    Attributes:
        repeats: Exchanges that had to be repeated so far.
    """

    def __init__(
        self,
        line: Transport,
        answer_seconds: float = 5.0,
        clock: Callable[[], float] = time.monotonic,
        describe: Describe = _plain_address,
    ) -> None:
        """Get in step with the board, whatever it was doing.

        Args:
            line: An open line to the board.
            answer_seconds: Most that an exchange may take, repeats included, except one in
                which the board runs inferences: 60 s.
            clock: Seconds, as `line` counts them.
            describe: Puts an address of the firmware into words.
        """
        self._link = Link(line, answer_seconds, clock, describe)
        self._clock = clock
        self._input_bytes: dict[int, int] = {}
        self._output_bytes: dict[int, int] = {}
        self._steps = random_word()  # of no step that another host made the board take
        self._link.connect()

    @property
    def repeats(self) -> int:
        """Exchanges that had to be repeated so far."""
        return self._link.repeats

    # -- who is there

    def board_name(self) -> str:
        """Name of the board."""
        return self.identify().board

    def identify(self) -> Identity:
        """What runs on the board."""
        model, sha256, firmware, clock, profile, image, board = self._value(
            "ep id", r"ep-id-\[(.*),([0-9a-f]{64}),([^,]*),(\d+),([01]),([0-9a-f]{64}),([^,]*)\]"
        )
        (origin,) = self._value("ep origin", r"ep-origin-\[(emulated|hardware|qemu)\]")
        return Identity(model, sha256, firmware, int(clock), profile == "1", image, board, origin)

    def require(self, model: str, sha256: str, images: Collection[str] = ()) -> Identity:
        """Identify the board and check that it runs this build.

        Args:
            model: Name of the model, for the message.
            sha256: Of the model's .tflite file.
            images: SHA-256 of each firmware that the build made; any will do where none is known.

        Raises:
            DeviceError: it runs another model, or another build of this one.
        """
        found = self.identify()
        name = self._link.line.name
        if found.sha256 != sha256:
            raise DeviceError(
                f"{name} runs {found.model} (SHA-256 {found.sha256[:_DIGITS]}...) instead of {model} "
                f"({sha256[:_DIGITS]}...); flash the firmware of this build and repeat"
            )
        if images and found.image not in images:
            built = " or ".join(f"{image[:_DIGITS]}..." for image in images)
            raise DeviceError(
                f"{name} runs another build of {model} (firmware SHA-256 {found.image[:_DIGITS]}... instead of "
                f"{built}); flash the firmware of this build and repeat"
            )
        return found

    def memory(self) -> MemoryUse:
        """Use of RAM since start."""
        used, size, arena = self._value("ep memory", r"ep-memory-\[(\d+),(\d+),(\d+)\]")
        return MemoryUse(int(used), int(size), int(arena))

    # -- inputs and outputs

    def load_input(self, content: bytes, index: int = 0) -> None:
        """Set an input, as the model stores it; what lies on the board is checked at the end."""
        if index not in self._input_bytes:
            (size,) = self._value(f"ep input {index}", rf"ep-input-\[{index},\w+,(\d+)\]")
            self._input_bytes[index] = int(size)
        if len(content) != self._input_bytes[index]:
            raise DeviceError(
                f"input {index} of the model on {self._link.line.name} has {self._input_bytes[index]} bytes, not "
                f"{len(content)}; give it what it was built for"
            )
        for start in range(0, len(content), _BLOCK_BYTES):
            block = content[start : start + _BLOCK_BYTES]
            place = f"{index},{start},{len(block)}"
            command = f"ep put {place.replace(',', ' ')} {zlib.crc32(block):08X}"
            self._match(rf"ep-put-\[{place}\]", self._link.ask(command, payload=block).lines, command)
        (crc,) = self._value(f"ep input-crc {index}", rf"ep-input-crc-\[{index},([0-9A-F]{{8}})\]")
        if int(crc, 16) != zlib.crc32(content):
            raise DeviceError(
                f"input {index} changed on {self._link.line.name} (CRC-32 {crc} on the board, "
                f"{zlib.crc32(content):08X} here); check the cable and repeat"
            )

    def output(self, index: int = 0) -> bytes:
        """Bytes of an output after the latest inference."""
        if index not in self._output_bytes:
            (size,) = self._value(f"ep get {index}", rf"ep-output-\[{index},\w+,(\d+)\]")
            self._output_bytes[index] = int(size)
        size_left, content = self._output_bytes[index], b""
        while size_left > 0:
            count = min(size_left, _BLOCK_BYTES)
            place = f"{index},{len(content)},{count}"
            command = f"ep get {place.replace(',', ' ')}"
            reply = self._link.ask(command, expected=count)
            self._match(rf"ep-get-\[{place}\]", reply.lines, command)
            content += reply.content
            size_left -= count
        return content

    # -- inferences

    def reset_states(self) -> None:
        """Let the next inference be the first of a stream; nothing happens to a model without state."""
        self._value("ep states", r"ep-states-\[(\d+)\]")

    def run(self, count: int, advance: Callable[[int], None] = _nobody) -> tuple[int, ...]:
        """Run inferences on the loaded inputs; returns the cycles of each.

        Args:
            count: Number of inferences, at least 1.
            advance: Told how many more are done, as the board reports them.
        """
        cycles: list[int] = []
        size = 1
        while len(cycles) < count:
            start = self._clock()
            cycles += self._run(min(size, count - len(cycles)), advance)
            if self._clock() - start < _EXCHANGE_SECONDS:
                size = min(2 * size, _MOST_RUNS)
        return tuple(cycles)

    def step(self) -> int:
        """Run exactly one inference on the loaded inputs, however bad the line; returns its cycles."""
        self._steps = self._steps % 0xFFFFFFFF + 1
        command = f"ep step {self._steps:08X}"
        lines = self._link.ask(command, Work(_INFERENCE_SECONDS, bool)).lines
        self._match(rf"ep-step-\[{self._steps:08X}\]", lines[:1], command)
        (cycles,) = self._match(r"ep-cycles-\[(\d+)\]", lines[1:], command)
        return int(cycles)

    def layers(self, count: int) -> tuple[LayerCycles, ...]:
        """Cycles of each layer in `count` inferences; the firmware must be built with profiling."""
        names: list[str] = []
        rows: list[list[int]] = []
        while len(rows) < count:
            names, more = self._layers(min(_LAYER_RUNS, count - len(rows)))
            rows += more
        return tuple(LayerCycles(i, name, tuple(row[i] for row in rows)) for i, name in enumerate(names))

    def infer(self, count: int, warmup: int = 10, timeout: float = _INFERENCE_SECONDS) -> InferenceResult:
        """MLPerf Tiny's timed run; the line is silent meanwhile, so energy may be measured.

        Its own reply has no checksum. All figures are therefore read by a second command.

        Args:
            count: Counted inferences.
            warmup: Inferences before them.
            timeout: Seconds that the board may take.
        """
        work = Work(timeout, lambda lines: _INFER_FIRST <= len(lines) < _INFER_LAST, silent=True)
        number, *_ = self._latest_infer()[0]
        deadline = self._clock() + timeout
        for attempt in range(_ATTEMPTS):
            if attempt and self._clock() >= deadline:
                break
            self._link.repeats += attempt > 0
            self._link.tell(f"infer {count} {warmup}", work)
            figures, results = self._latest_infer()
            if figures[:3] == (number + 1, count, warmup):
                return InferenceResult(figures[4] - figures[3], results)
            number = figures[0]
        raise DeviceError(
            f"the line {self._link.line.name} damages what it carries: no attempt at `infer {count} {warmup}` reached "
            "the board whole; use a shorter cable or a lower bit rate, and repeat"
        )

    # -- replies

    def _run(self, count: int, advance: Callable[[int], None]) -> list[int]:
        command = f"ep run {count}"
        told = 0

        def heard(line: str) -> None:
            # What is repeated counts once.
            nonlocal told
            more = min(line.count(",") + 1, count - told) if line.startswith("ep-cycles-[") else 0
            told += more
            if more:
                advance(more)

        work = Work(_INFERENCE_SECONDS, bool)
        head, *lines = self._link.ask(command, work, heard=heard).lines or ("",)
        self._match(rf"ep-run-\[{count}\]", [head], command)
        cycles = self._numbers("ep-cycles", lines, command)
        if len(cycles) != count:
            raise self._link.nonsense(f"{count} cycle counts for `{command}`", lines)
        return cycles

    def _layers(self, count: int) -> tuple[list[str], list[list[int]]]:
        """Names of all layers, and the cycles of each in every inference."""
        command = f"ep layers {count}"
        lines = self._link.ask(command, Work(_INFERENCE_SECONDS, bool)).lines
        heads = [line for line in lines if line.startswith("ep-layer-[")]
        names = [self._match(rf"ep-layer-\[{i},(.*)\]", [line], command)[0] for i, line in enumerate(heads)]
        rows: list[list[int]] = []
        for line in lines[len(heads) :]:
            first, *cycles = self._numbers("ep-layer-cycles", [line], command)
            if first == 0:
                rows.append([])
            if not rows or len(rows[-1]) != first:
                raise self._link.nonsense(f"the cycles of layer {first}", [line])
            rows[-1] += cycles
        if len(rows) != count or any(len(row) != len(names) for row in rows):
            raise self._link.nonsense(f"{count} times {len(names)} cycle counts for `{command}`", lines)
        return names, rows

    def _latest_infer(self) -> tuple[tuple[int, ...], tuple[float, ...]]:
        """Number, runs, warm-up, start and end of the latest `infer`, and its results."""
        lines = self._link.ask("ep infer").lines
        figures = self._numbers("ep-infer", lines[:1], "ep infer")
        (numbers,) = self._match(r"m-results-\[(.*)\]", lines[1:], "ep infer")
        try:
            results = tuple(float(number) for number in numbers.split(","))
        except ValueError:
            raise self._link.nonsense("numbers as results", lines[1:]) from None
        if len(figures) != 5:
            raise self._link.nonsense("five figures for `ep infer`", lines[:1])
        return tuple(figures), results

    def _numbers(self, kind: str, lines: Sequence[str], command: str) -> list[int]:
        match = partial(self._match, rf"{kind}-\[{_NUMBERS}\]", command=command)
        return [int(number) for line in lines for number in match([line])[0].split(",")]

    def _value(self, command: str, pattern: str) -> tuple[str, ...]:
        return self._match(pattern, self._link.ask(command, AT_ONCE).lines, command)

    def _match(self, pattern: str, lines: Sequence[str], command: str) -> tuple[str, ...]:
        """Groups of the pattern in the one line of a reply."""
        match = re.fullmatch(pattern, lines[0]) if len(lines) == 1 else None
        if match is None:
            raise self._link.nonsense(f"a reply to `{command}`", lines)
        return match.groups()
