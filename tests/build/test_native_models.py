"""Programs of real models on emulated cores: exact, and in at most the instructions of LiteRT with XNNPACK."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgeprune import models
from edgeprune.emulate.arm_linux import ARM_CORES
from edgeprune.measure.runner import RunnerOptions, emulated_instructions
from edgeprune.quantize import convert
from edgeprune.resources import models_folder
from support import arm64
from support.reference import random_inputs, reference_outputs
from support.runner import arm_runner

SHARED = Path(__file__).resolve().parents[3] / "shared" / "models"
#: Instructions of an inference by core, in thousands, with 3 % to spare.
BUDGETS = {
    "fashion": {"cortex-a53": 1322, "cortex-a76": 656},
    "kws_int8": {"cortex-a53": 948, "cortex-a76": 464},
    "ic_int8": {"cortex-a53": 3542, "cortex-a76": 1393},
}


@pytest.fixture(scope="module", params=BUDGETS)
def model(request: pytest.FixtureRequest, tmp_path_factory) -> Path:
    """A .tflite file."""
    name = request.param
    folder = tmp_path_factory.mktemp("real")
    if name == "fashion":
        source, path = models_folder() / name, folder / "fashion.tflite"
        convert(models.load(source / "fashion.keras"), models.load_dataset(source / "fashion.npz"), "int8", path)
        return path
    path = SHARED / f"{name}.tflite"
    if not path.is_file():
        pytest.skip(f"{path} is not here")
    return path


@pytest.fixture(scope="module")
def program(model: Path, tmp_path_factory) -> Path:
    arm64.need_qemu()
    return arm64.built(model.read_bytes(), tmp_path_factory.mktemp(model.stem), everything=False).path


@pytest.mark.parametrize("core", arm64.CORES)
def test_outputs_equal_the_reference(core: str, model: Path, program: Path) -> None:
    content = model.read_bytes()
    inputs = random_inputs(content, 20)
    expected = reference_outputs(content, inputs)
    for row, wanted in zip(arm64.outputs_on(program, core, inputs, expected), expected, strict=True):
        for got, want in zip(row, wanted, strict=True):
            np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize("core", arm64.CORES)
def test_instructions_keep_within_the_budget(core: str, model: Path, program: Path) -> None:
    assert arm64.instructions(program, core) <= 1000 * BUDGETS[model.stem][core]


@pytest.mark.parametrize("core", arm64.CORES)
def test_litert_takes_more_instructions(core: str, model: Path, program: Path) -> None:
    runner = arm_runner()
    options = RunnerOptions(library=str(runner.library.path))
    theirs = emulated_instructions((str(runner.program), str(model)), options, ARM_CORES[core], core).value
    assert arm64.instructions(program, core) < theirs
