"""What the conversion's parent and its subprocess agree on: schemes and the job's file."""

from __future__ import annotations

import enum
import json
from dataclasses import asdict, dataclass
from pathlib import Path


class Scheme(enum.Enum):
    """How numbers are stored and computed in the .tflite file.

    Attributes:
        INT8: 8-bit weights, activations, input and output; needs calibration.
        INT16X8: 16-bit activations and 8-bit weights; float input and output; needs calibration.
        FLOAT16: 16-bit float weights, computed in float32.
        DYNAMIC: 8-bit weights, activations quantized while running.
        NONE: float32 throughout.
    """

    INT8 = "int8"
    INT16X8 = "int16x8"
    FLOAT16 = "float16"
    DYNAMIC = "dynamic"
    NONE = "none"

    @property
    def calibrated(self) -> bool:
        """Whether the conversion must see examples to learn the range of each activation."""
        return self in (Scheme.INT8, Scheme.INT16X8)


@dataclass(frozen=True)
class Job:
    """One conversion, as the subprocess reads it from a JSON file.

    Attributes:
        model: The float model as .keras of tf-keras, or as .h5 in TF-MOT's quantization wrappers.
        calibration: .npz of a `Calibration`, or None where none is needed.
        scheme: Value of a `Scheme`.
        out: Where the subprocess writes the .tflite.
        custom: The user's own files that register the layers of the model.
    """

    model: str
    calibration: str | None
    scheme: str
    out: str
    custom: tuple[str, ...] = ()

    def write(self, path: Path) -> None:
        """Write the job for the subprocess."""
        path.write_text(json.dumps(asdict(self)), encoding="utf-8")

    @staticmethod
    def read(path: Path) -> Job:
        """Read the job that the parent wrote."""
        return Job(**json.loads(path.read_text(encoding="utf-8")))
