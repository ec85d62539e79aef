"""`make bench`, phone part: what patterns of zeros and fewer channels save on an emulated Cortex-A76.

Prints Markdown tables, of the widths given or of three.  Instructions of one inference by LiteRT,
counted by QEMU; they are not time.  MobileNetV1 at 96 x 96 as Keras has it, stock padding
included, with random weights.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

# The folder of this program is where it finds its neighbours.
from common import head, show

os.environ["TF_USE_LEGACY_KERAS"] = "1"  # before TensorFlow is imported

import numpy as np

from edgeprune import tflite
from edgeprune.build import LiteRtRunner, build_litert_runner
from edgeprune.emulate.arm_linux import ARM_CORES, qemu_aarch64, run_arm
from edgeprune.measure.runner import RunnerOptions, emulated_instructions, read_report
from edgeprune.sparsify import sparse

WIDTHS = (0.25, 0.5, 1.0)
_CORE = ARM_CORES["cortex-a76"]
_SIZE, _CLASSES, _SECONDS = 96, 10, 600


def main() -> None:
    """Print a table for each width."""
    if qemu_aarch64() is None:
        sys.stdout.write("\nqemu-aarch64 is not installed: no instruction counts of phone-class cores.\n")
        return
    runner = build_litert_runner()
    with tempfile.TemporaryDirectory(prefix="edgeprune-bench-") as scratch:
        for width in [float(argument) for argument in sys.argv[1:]] or WIDTHS:
            print_width(width, runner, Path(scratch))


def print_width(width: float, runner: LiteRtRunner, folder: Path) -> None:
    """Every variant of one width, against the dense one in the same arithmetic."""
    head(
        f"MobileNetV1 {width:g} at {_SIZE} px, one inference on an emulated Cortex-A76",
        "variant", "instructions", "dense / variant", "SPMM ran", "bytes of the file", "note",
    )  # fmt: skip
    dense: dict[str, float] = {}
    for name, arithmetic, content in variants(width):
        result = sparse(tflite.read_bytes(content, name))
        path = folder / "model.tflite"
        path.write_bytes(result.model.content)
        count, spmm = measured(runner, path)
        base = dense.setdefault(arithmetic, count)
        note = result.reason if name != "dense" and "channels" not in name else ""
        show(
            f"{name}, {arithmetic}", f"{count:,.0f}", f"{base / count:.2f}", "yes" if spmm else "no",
            f"{len(result.model.content):,}", note,
        )  # fmt: skip


def measured(runner: LiteRtRunner, model: Path) -> tuple[float, bool | None]:
    """Instructions of an inference, and whether a sparse kernel ran."""
    program, library = str(runner.program), str(runner.library.path)
    count = emulated_instructions((program, str(model)), RunnerOptions(library=library), _CORE, "phone-a76").value
    options = RunnerOptions(warmup=0, runs=1, profile=True, library=library)
    done = run_arm(options.command(program, str(model)), _CORE, _SECONDS)
    return count, read_report(done.code, done.out, done.err, _CORE.name).spmm


def variants(width: float) -> Iterator[tuple[str, str, bytes]]:
    """Name, arithmetic and .tflite file; the dense one of each arithmetic comes first."""
    for arithmetic in ("float32", "float16", "int8"):
        yield "dense", arithmetic, converted(network(width), arithmetic)
        if arithmetic != "float16":
            yield "channels -50 %", arithmetic, converted(network(width / 2), arithmetic)
        yield "blocks of 4 outputs, 80 %", arithmetic, converted(network(width, in_blocks, 0.8), arithmetic)
        if arithmetic == "float32":
            yield "unstructured, 80 %", arithmetic, converted(network(width, anywhere, 0.8), arithmetic)
            yield "2:4", arithmetic, converted(network(width, two_of_four, 0.5), arithmetic)


def network(width: float, pattern: Any = None, share: float = 0.0) -> Any:
    """Keras's MobileNet with random weights; its 1x1 convolutions but the classifier have the pattern of zeros."""
    import tf_keras

    tf_keras.utils.set_random_seed(0)
    model = tf_keras.applications.MobileNet(
        input_shape=(_SIZE, _SIZE, 3), alpha=width, weights=None, classes=_CLASSES
    )  # fmt: skip
    random = np.random.default_rng(0)
    for layer in model.layers:
        if pattern is None or type(layer) is not tf_keras.layers.Conv2D or layer.kernel_size != (1, 1):
            continue
        if layer.filters != _CLASSES:
            kernel, *others = layer.get_weights()
            layer.set_weights([kernel * pattern(random, kernel.shape, share), *others])
    return model


def in_blocks(random: np.random.Generator, shape: tuple[int, ...], share: float) -> np.ndarray:
    """Of four outputs all weights for an input are zero, or none."""
    return np.repeat(random.random((*shape[:-1], shape[-1] // 4)) >= share, 4, axis=-1)


def anywhere(random: np.random.Generator, shape: tuple[int, ...], share: float) -> np.ndarray:
    """Each weight by itself."""
    return random.random(shape) >= share


def two_of_four(random: np.random.Generator, shape: tuple[int, ...], share: float) -> np.ndarray:
    """Two of four neighbouring inputs."""
    order = random.random((shape[-1], shape[-2] // 4, 4)).argsort(axis=-1)
    return (order < 4 * share).reshape(shape[-1], shape[-2]).T.reshape(shape)


def converted(model: Any, arithmetic: str) -> bytes:
    """A .tflite file."""
    import tensorflow as tf

    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    if arithmetic != "float32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if arithmetic == "float16":
        converter.target_spec.supported_types = [tf.float16]
    if arithmetic == "int8":
        random = np.random.default_rng(0)
        samples = [random.random((1, _SIZE, _SIZE, 3)).astype(np.float32) for _ in range(4)]
        converter.representative_dataset = lambda: ([sample] for sample in samples)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = converter.inference_output_type = tf.int8
    content: bytes = converter.convert()
    return content


if __name__ == "__main__":
    main()
