"""Validation of what was built: on a device, with the user's data or random inputs."""

from __future__ import annotations

from pathlib import Path

from edgeprune import tflite
from edgeprune.build import Firmware
from edgeprune.devices.machine import machine_schemes
from edgeprune.errors import DataError, UserError
from edgeprune.measure import litert
from edgeprune.measure.accuracy import Accuracy, accuracy, right_answers
from edgeprune.measure.arrays import Array, InputBatch, random_batch, to_input, to_real
from edgeprune.measure.board import outputs_of_board
from edgeprune.measure.machine import MachineSettings, run_on_machine
from edgeprune.measure.validate import Validation, compare, reference_outputs
from edgeprune.models import Dataset, load_dataset
from edgeprune.progress import SILENT, Progress
from edgeprune.tflite import TfliteModel

HOST = "host"


def example_inputs(model: TfliteModel, data: Dataset, count: int) -> InputBatch:
    """The first `count` test examples in the input type of a model with one input.

    Raises:
        DataError: the examples do not fit the model's input.
    """
    tensors = model.graph.input_tensors()
    if len(tensors) != 1 or tensors[0].shape[1:] != data.input_shape:
        wanted = " and ".join(str(list(tensor.shape[1:])) for tensor in tensors)
        raise DataError(
            f"{data.source}: examples have the shape {list(data.input_shape)}, and {model.graph.name} takes {wanted}; "
            "use the data that this model was trained on"
        )
    examples = data.real(data.x_test[:count])
    return InputBatch((to_input(examples, tensors[0]).reshape(len(examples), *tensors[0].shape),))


def validate_firmware(
    firmware: Firmware, via: str, data: Path | None, count: int, progress: Progress = SILENT
) -> tuple[Validation, Accuracy | None]:
    """Compare outputs with the reference kernels'.

    Args:
        firmware: What to run.
        via: `emulator`, `qemu`, `serial:PORT`, `adb:SERIAL`, `ssh:HOST`, `local` or `host`.
        data: Test examples; random inputs where it is None.
        count: Inputs to compare at most.
        progress: Receives the inferences.

    Returns:
        The comparison, and the device's accuracy on the inputs where they have labels.

    Raises:
        DataError: the data does not fit the model.
        DeviceError: the device does not answer.
    """
    model = tflite.read(firmware.model)
    dataset = None if data is None else load_dataset(data)
    if dataset is None:
        inputs = random_batch(model.graph.input_tensors(), count)
    else:
        inputs = example_inputs(model, dataset, count)
        dataset.check_against(dataset.input_shape, model.graph.output_tensors()[0].shape[-1])
    outputs = _outputs(firmware, model, via, inputs, progress)
    found = compare(outputs, reference_outputs(model.content, inputs, progress))
    if dataset is None:
        return found, None
    scores = to_real(outputs[0], model.graph.output_tensors()[0]).reshape(len(inputs), -1)
    return found, accuracy(right_answers(scores, dataset))


def _outputs(
    firmware: Firmware, model: TfliteModel, via: str, inputs: InputBatch, progress: Progress
) -> tuple[Array, ...]:
    if via == HOST:
        return litert.run_on_host(model, inputs, progress)
    if via.partition(":")[0] in machine_schemes():
        return _outputs_of_machine(firmware, via, inputs, progress)
    return outputs_of_board(firmware, via, inputs, progress)


def _outputs_of_machine(firmware: Firmware, via: str, inputs: InputBatch, progress: Progress) -> tuple[Array, ...]:
    """Of our compiler's program; LiteRT rounds in ways of its own."""
    ran = run_on_machine(firmware, via, inputs, MachineSettings(runs=1, rounds=1, warmup=0, profile=False), progress)
    if ran.exact_outputs is None:
        raise UserError(
            f"{firmware.folder} holds no program of our compiler, and LiteRT's outputs differ from the reference "
            "kernels' by its own rounding; use --via host to see by how much"
        )
    return ran.exact_outputs
