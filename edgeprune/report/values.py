"""What a report holds; every figure that depends on a device is a `Measurement` with its origin."""

from __future__ import annotations

from dataclasses import dataclass

from edgeprune.measure.accuracy import Accuracy, AccuracyChange
from edgeprune.measure.validate import Validation
from edgeprune.measure.values import Measurement, RunResult
from edgeprune.prune.result import GroupReport

__all__ = ["DeviceResult", "LayerRow", "Report", "Validation", "VariantResult"]


@dataclass(frozen=True)
class LayerRow:
    """One layer of a variant's .tflite file.

    Attributes:
        name: Such as `03_conv_2d`.
        kernel: The C function that runs it on the microcontroller, None where none is needed.
        macs, parameters: Counted in the file.
        output_shape: Of its first output.
    """

    name: str
    kernel: str | None
    macs: int
    parameters: int
    output_shape: tuple[int, ...]


@dataclass(frozen=True)
class DeviceResult:
    """One variant on one target.

    Attributes:
        target: The profile's name.
        title: The profile's title.
        kind: `mcu`, `phone` or `host`.
        artefact: Folder with what runs there, relative to the report.
        runs: What ran, one entry per runtime; empty where nothing did.
        note: Why nothing ran, else empty.
        flash, ram, arena: Bytes, for a microcontroller; RAM without the stack.
        validation: Output bytes against the reference kernels, where that was done.
    """

    target: str
    title: str
    kind: str
    artefact: str
    runs: tuple[RunResult, ...]
    note: str = ""
    flash: Measurement | None = None
    ram: Measurement | None = None
    arena: Measurement | None = None
    validation: Validation | None = None


@dataclass(frozen=True)
class VariantResult:
    """The dense model or one pruned variant.

    Attributes:
        name: Unique within the report; the first variant is the dense model.
        method: Pruning pattern, `none` for the dense model.
        parameters, macs: Of the float model and of one inference.
        tflite_bytes, gzip_bytes, epz_bytes: The .tflite file, raw, by gzip -9, and by `edgeprune compress`.
        float_accuracy: Of the float model.
        accuracy: Of the quantized model, by LiteRT on the host.
        change: Against the dense quantized model; None for that one.
        scheme: How it was quantized.
        layers: Of the .tflite file.
        groups: What channel pruning did to each dependency group.
        devices: One entry per target.
    """

    name: str
    method: str
    parameters: int
    macs: int
    tflite_bytes: int
    gzip_bytes: int
    epz_bytes: int
    float_accuracy: Accuracy
    accuracy: Accuracy
    change: AccuracyChange | None
    scheme: str
    layers: tuple[LayerRow, ...]
    groups: tuple[GroupReport, ...]
    devices: tuple[DeviceResult, ...]

    def device(self, target: str) -> DeviceResult:
        """The result on that target; raises KeyError when there is none."""
        for device in self.devices:
            if device.target == target:
                return device
        raise KeyError(target)


@dataclass(frozen=True)
class Report:
    """Everything one run of a recipe found.

    Attributes:
        edgeprune: Version of the package.
        name: The recipe's name.
        model, data: Names of the files it started from.
        test_examples: Test examples behind each accuracy.
        host: What the host's CPU calls itself, for the host's figures.
        variants: The dense model first.
        format: Version of this layout.
    """

    edgeprune: str
    name: str
    model: str
    data: str
    test_examples: int
    host: str
    variants: tuple[VariantResult, ...]
    format: int = 1

    @property
    def dense(self) -> VariantResult:
        """The variant that all others are compared with."""
        return self.variants[0]

    @property
    def pruned(self) -> tuple[VariantResult, ...]:
        """All variants but the dense one."""
        return self.variants[1:]
