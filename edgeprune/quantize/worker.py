"""The conversion itself: `python -m edgeprune.quantize.worker JOB.json`.

It runs in a process of its own because the converter ends the process on some
models (an int8 GRU with a while loop, for one) instead of raising an error.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import flatbuffers

from edgeprune.models import custom
from edgeprune.models.tensorflow import keras, tensorflow
from edgeprune.quantize.calibration import Calibration
from edgeprune.quantize.job import Job, Scheme


def _fixed_batch(model: Any) -> Any:
    """A concrete function of the model for a batch of one: on a device there is no other."""
    tf = tensorflow()
    signature = [tf.TensorSpec([1, *t.shape[1:]], t.dtype, name=t.name) for t in model.inputs]

    @tf.function(input_signature=signature)  # type: ignore[untyped-decorator]  # TensorFlow has no types
    def serve(*inputs: Any) -> Any:
        return model(list(inputs) if len(inputs) > 1 else inputs[0], training=False)

    return serve.get_concrete_function()


def _examples(path: Path, names: list[str]) -> Iterator[list[Any] | dict[str, Any]]:
    """Examples, of several inputs by their names, since the converter has an order of its own."""
    inputs = Calibration.load(path).inputs
    for number in range(len(inputs[0])):
        example = [array[number : number + 1] for array in inputs]
        yield dict(zip(names, example, strict=True)) if len(names) > 1 else example


def _in_order(content: bytes, names: list[str]) -> bytes:
    """The file with inputs in the order of `names` and outputs in the model's order, which conversion shuffles."""
    from ai_edge_litert import schema_py_generated as schema

    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(content, 0))
    signature, graph = model.signatureDefs[0], model.subgraphs[0]
    inputs = {entry.name.decode(): entry.tensorIndex for entry in signature.inputs}
    outputs = {entry.name.decode(): entry.tensorIndex for entry in signature.outputs}
    graph.inputs = [inputs[name] for name in names]
    graph.outputs = [outputs[name] for name in sorted(outputs, key=lambda name: int(name.rpartition("_")[2]))]
    builder = flatbuffers.Builder(len(content))
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _load(path: str) -> Any:
    """The job's model; an .h5 holds one in TF-MOT's quantization wrappers."""
    if not path.endswith(".h5"):
        return keras().models.load_model(path, compile=False, custom_objects=custom.objects())
    from edgeprune.quantize.fake import load_fake

    return load_fake(path)


def convert(job: Job) -> bytes:
    """Convert the job's model and return the .tflite file's bytes."""
    tf = tensorflow()
    for file in job.custom:
        custom.run_file(file)
    model = _load(job.model)
    function = _fixed_batch(model)
    names = [spec.name for spec in function.structured_input_signature[0]]
    converter = tf.lite.TFLiteConverter.from_concrete_functions([function], model)
    scheme = Scheme(job.scheme)
    if scheme is not Scheme.NONE:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if scheme is Scheme.FLOAT16:
        converter.target_spec.supported_types = [tf.float16]
    if job.calibration is not None:
        calibration = Path(job.calibration)
        converter.representative_dataset = lambda: _examples(calibration, names)
    if scheme is Scheme.INT8:
        if job.calibration is not None:  # a model that was trained with int8 rounding brings its ranges along
            converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = converter.inference_output_type = tf.int8
    if scheme is Scheme.INT16X8:
        converter.target_spec.supported_ops = [
            tf.lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8
        ]
    content = bytes(converter.convert())
    return _in_order(content, names) if max(len(model.inputs), len(model.outputs)) > 1 else content


def main() -> int:
    """Convert the job named on the command line; the last line of stderr says what went wrong."""
    job = Job.read(Path(sys.argv[1]))
    try:
        Path(job.out).write_bytes(convert(job))
    except Exception as error:  # the parent turns the last line into its message
        first = next((line.strip() for line in str(error).splitlines() if line.strip()), "")
        sys.stderr.write(f"\n{type(error).__name__}: {first}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
