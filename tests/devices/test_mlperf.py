"""A host that knows only MLPerf Tiny's protocol runs both of its modes on emulated boards."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import serial

from devices import mlperf_runner
from devices.mlperf_runner import Device, accuracy, performance
from edgeprune.build import build_firmware
from edgeprune.devices import BoardClient, open_transport
from edgeprune.emulate import call_function
from edgeprune.measure.arrays import InputBatch, random_batch, to_real
from edgeprune.measure.validate import reference_outputs
from edgeprune.tflite import TfliteModel, read_bytes
from emulate.firmware import mcu_target
from support.small import small_model

TARGET = mcu_target()
MODELS = Path(__file__).resolve().parents[3] / "shared" / "models"
SAMPLES = 6


def shared_model(name: str) -> bytes:
    path = MODELS / f"{name}.tflite"
    if not path.is_file():
        pytest.skip(f"there is no {path}")
    return path.read_bytes()


def suite_firmware(content: bytes, name: str, folder: Path) -> Path:
    """Firmware that stands in for the suite's model `name`."""
    return build_firmware(read_bytes(content, "model"), TARGET, folder / "fw", profile=False, mlperf=name).elf


@contextmanager
def device(elf: Path) -> Iterator[Device]:
    """The emulated board of `elf` behind a pseudo-terminal."""
    command = [sys.executable, "-m", "edgeprune.emulate", str(elf), "--stop-with-stdin"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        try:
            with serial.Serial(process.stdout.readline().strip(), 115200) as port:
                yield Device(port)
        finally:
            process.stdin.close()


def answers(model: TfliteModel, inputs: InputBatch) -> list[tuple[float, ...]]:
    """The reference kernels' scores for each sample, as the protocol rounds them."""
    output = to_real(reference_outputs(model.content, inputs)[0], model.graph.output_tensors()[0])
    return [tuple(float(f"{x:.3f}") for x in row) for row in output.reshape(len(inputs), -1)]


@pytest.mark.parametrize(
    ("name", "uint8", "source"),
    [
        ("kws01", False, small_model),
        ("ic01", True, small_model),
        ("kws01", False, lambda: shared_model("kws_int8")),
        ("ic01", True, lambda: shared_model("ic_int8")),
    ],
    ids=["small-kws01", "small-ic01", "kws_int8", "ic_int8"],
)
def test_both_modes_give_the_reference_kernels_answers(tmp_path: Path, name, uint8, source) -> None:  # type: ignore[no-untyped-def]
    model = read_bytes(source(), "model")
    elf = suite_firmware(model.content, name, tmp_path)
    inputs = random_batch(model.graph.input_tensors(), SAMPLES)
    expected = answers(model, inputs)
    # Half of the labels are right, so that a share is seen that is neither 0 nor 1.
    best = [max(range(len(scores)), key=scores.__getitem__) for scores in expected]
    labels = [label if number % 2 else -1 for number, label in enumerate(best)]
    flip = 0x80 if uint8 else 0
    samples = [bytes(np.frombuffer(inputs.sample(n)[0].tobytes(), np.uint8) ^ flip) for n in range(SAMPLES)]
    with device(elf) as board:
        assert (board.name, board.model) == ("cortex-m4", name)
        found = accuracy(board, list(zip(samples, labels, strict=True)))
        assert found.scores == tuple(expected)
        assert found.top_1 == 0.5
        speed = performance(board, samples[0], least_seconds=0.1, least_iterations=3, runs=3, warmup=1)
    assert len(speed.runs) == 3
    assert speed.iterations / speed.median >= 0.1
    # With the copy of the inputs, and one time stamp on the line.
    seconds = call_function(elf, TARGET, "ep_invoke").cycles / TARGET.cpu.clock_hz
    assert seconds < 1 / speed.median < 1.05 * seconds + 1e-3


def test_pixels_of_the_suite_are_shifted_and_printed_back(tmp_path: Path) -> None:
    elf = suite_firmware(small_model(), "ic01", tmp_path)
    pixels = bytes(range(64))
    with device(elf) as board:
        board.load(pixels)
        lines = board.command("db print")
    assert bytes.fromhex("".join(line.removeprefix("m-buffer-").replace("-", "") for line in lines)) == pixels
    with open_transport("emulator", elf, TARGET) as line:  # and other hosts still speak the model's own type
        client = BoardClient(line)
        client.load_input(pixels)
        assert client.repeats == 0


def test_a_device_that_refuses_is_quoted(tmp_path: Path) -> None:
    elf = suite_firmware(small_model(), "kws01", tmp_path)
    with device(elf) as board, pytest.raises(mlperf_runner.RunnerError, match=r"e-\[Input 0 has 64 bytes, not 3\]"):
        board.load(b"abc")


def test_the_runner_knows_nothing_of_edgeprune() -> None:
    tree = ast.parse(Path(mlperf_runner.__file__).read_text(encoding="utf-8"))
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "." for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in names} <= {*sys.stdlib_module_names, "serial"}
