"""Models that keep state: a stream on a board gives what the reference kernels give, step by step."""

from __future__ import annotations

import numpy as np
import pytest

from edgeprune.build import Firmware, build_firmware
from edgeprune.devices import BoardClient, open_transport
from edgeprune.measure.arrays import InputBatch
from edgeprune.measure.board import run_on_board
from edgeprune.targets import load_target
from edgeprune.tflite import read_bytes
from support.operator_cases import bundle
from support.reference import random_inputs, reference_outputs

M4 = load_target("cortex-m4")
CONTENT = bundle("READ_VARIABLE", [7])
INPUTS = random_inputs(CONTENT, 12)


@pytest.fixture(scope="module")
def firmware(tmp_path_factory) -> Firmware:
    return build_firmware(read_bytes(CONTENT, "stream"), M4, tmp_path_factory.mktemp("stream") / "fw", profile=False)


def test_a_stream_is_exact_and_begins_anew(firmware: Firmware) -> None:
    wanted = np.stack([row[0] for row in reference_outputs(CONTENT, INPUTS)])
    batch = InputBatch((np.stack([row[0] for row in INPUTS]),))
    for _ in range(2):
        np.testing.assert_array_equal(run_on_board(firmware, "emulator", batch, 12).outputs[0], wanted)


def test_a_repeated_request_moves_the_stream_on_once(firmware: Firmware) -> None:
    wanted = [row[0] for row in reference_outputs(CONTENT, INPUTS[:2])]
    with open_transport("emulator", firmware.elf, M4) as line:
        board = BoardClient(line)
        board.load_input(INPUTS[0][0].tobytes())
        first = board.step()
        board._steps -= 1  # as after a reply that was damaged
        assert board.step() == first
        assert board.output() == wanted[0].tobytes()
        board.load_input(INPUTS[1][0].tobytes())
        board.step()
        assert board.output() == wanted[1].tobytes()
        board.reset_states()
        board.load_input(INPUTS[0][0].tobytes())
        board.step()
        assert board.output() == wanted[0].tobytes()
