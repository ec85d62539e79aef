"""A benchmark host for MLPerf Tiny, written from the public protocol alone: pyserial, and nothing of edgeprune.

    python tests/devices/mlperf_runner.py PORT performance INPUT.bin
    python tests/devices/mlperf_runner.py PORT accuracy FOLDER

FOLDER holds one .bin file per sample and `y_labels.csv` with lines `FILE,CLASSES,LABEL`.  Rules of
the suite: performance is the median of five runs, each of at least ten seconds and ten
inferences; accuracy is that of the class with the highest score.
"""

from __future__ import annotations

import csv
import re
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import serial

_READY = "m-ready"
_CHUNK_BYTES = 31  # of a line `db HH...`
_COMMAND_SECONDS, _INFER_SECONDS = 5.0, 30.0


class RunnerError(Exception):
    """The device does not follow the protocol."""


@dataclass(frozen=True)
class Performance:
    """Inferences per second: of each run, and their median."""

    runs: tuple[float, ...]
    iterations: int

    @property
    def median(self) -> float:
        return statistics.median(self.runs)


@dataclass(frozen=True)
class Accuracy:
    """Right answers, and the scores of every sample."""

    right: int
    scores: tuple[tuple[float, ...], ...]

    @property
    def top_1(self) -> float:
        return self.right / len(self.scores)


class Device:
    """A device under test; `name` and `model` are what it says of itself."""

    def __init__(self, port: serial.Serial) -> None:
        self._port = port
        self._port.timeout = 0.1
        self.name = self._one("name", r"m-name-dut-\[(.*)\]")
        profile = self.command("profile")
        if not any(line.startswith("m-profile-[") for line in profile):
            raise RunnerError(f"no profile in {profile}")
        self.model = _only(r"m-model-\[(.*)\]", profile)

    def command(self, text: str, seconds: float = _COMMAND_SECONDS) -> list[str]:
        """Send a command; the lines of the reply up to `m-ready`."""
        self._port.write(f"{text}%".encode("ascii"))
        lines: list[str] = []
        rest = b""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            rest += self._port.read(max(1, self._port.in_waiting))
            *whole, rest = rest.split(b"\r\n")
            for line in whole:
                text_line = line.decode("ascii")
                if text_line == _READY:
                    return lines
                if text_line.startswith("e-["):
                    raise RunnerError(f"{text!r}: {text_line}")
                lines.append(text_line)
        raise RunnerError(f"{text!r}: no m-ready within {seconds} s after {lines}")

    def load(self, content: bytes) -> None:
        """Download a sample."""
        expecting = self.command(f"db load {len(content)}")
        if expecting != [f"m-[Expecting {len(content)} bytes]"]:
            raise RunnerError(f"db load: {expecting}")
        for start in range(0, len(content), _CHUNK_BYTES):
            chunk = content[start : start + _CHUNK_BYTES]
            reply = self.command(f"db {chunk.hex()}")
            done = start + len(chunk) == len(content)
            if reply != (["m-load-done"] if done else []):
                raise RunnerError(f"db: {reply} after {start + len(chunk)} of {len(content)} bytes")

    def infer(self, iterations: int, warmup: int) -> tuple[float, tuple[float, ...]]:
        """Seconds between the time stamps, and the scores."""
        reply = self.command(f"infer {iterations} {warmup}", _INFER_SECONDS)
        stamps = [int(match[1]) for line in reply if (match := re.fullmatch(r"m-lap-us-(\d+)", line))]
        if len(stamps) != 2 or "m-infer-done" not in reply:
            raise RunnerError(f"infer: {reply}")
        return (stamps[1] - stamps[0]) / 1e6, _scores(reply)

    def results(self) -> tuple[float, ...]:
        """The scores of the latest inference."""
        return _scores(self.command("results"))

    def _one(self, command: str, pattern: str) -> str:
        return _only(pattern, self.command(command))


def performance(
    device: Device, sample: bytes, *, least_seconds: float = 10.0, least_iterations: int = 10, runs: int = 5,
    warmup: int = 10,
) -> Performance:  # fmt: skip
    """Performance mode: inferences per second on one sample."""
    device.load(sample)
    iterations = least_iterations
    seconds, _ = device.infer(iterations, warmup)
    while seconds < least_seconds:
        iterations = max(iterations + 1, int(iterations * least_seconds / seconds * 1.1))
        seconds, _ = device.infer(iterations, warmup)
    return Performance(tuple(iterations / device.infer(iterations, warmup)[0] for _ in range(runs)), iterations)


def accuracy(device: Device, samples: Sequence[tuple[bytes, int]]) -> Accuracy:
    """Accuracy mode: every sample once, no warm-up."""
    right, scores = 0, []
    for content, label in samples:
        device.load(content)
        device.infer(1, 0)
        found = device.results()
        right += max(range(len(found)), key=found.__getitem__) == label
        scores.append(found)
    return Accuracy(right, tuple(scores))


def _scores(reply: Sequence[str]) -> tuple[float, ...]:
    return tuple(float(number) for number in _only(r"m-results-\[(.*)\]", reply).split(","))


def _only(pattern: str, lines: Sequence[str]) -> str:
    found = [match[1] for line in lines if (match := re.fullmatch(pattern, line))]
    if len(found) != 1:
        raise RunnerError(f"expected one {pattern} in {lines}")
    return found[0]


def main() -> None:
    path, mode, data = sys.argv[1:]
    with serial.Serial(path, 115200) as port:
        device = Device(port)
        if mode == "performance":
            found = performance(device, Path(data).read_bytes())
            message = f"{device.model} on {device.name}: {found.median:.3f} inferences per second (median of 5)"
        else:
            folder = Path(data)
            with (folder / "y_labels.csv").open(newline="") as stream:
                samples = [((folder / name).read_bytes(), int(label)) for name, _, label in csv.reader(stream)]
            message = f"{device.model} on {device.name}: top-1 {accuracy(device, samples).top_1:.4f}"
    sys.stdout.write(message + "\n")


if __name__ == "__main__":
    main()
