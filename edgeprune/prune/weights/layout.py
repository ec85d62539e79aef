"""How a kernel lies in Keras and how the .tflite file holds it: the one place that knows both.

Patterns of zeros are defined on the file's layout, a matrix [output channels, reduction] whose
rows are what one output multiplies its inputs with, in the file's order (height, width, input).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from edgeprune.models.dataset import Floats

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Layout:
    """The axes of a Keras kernel.

    Attributes:
        outputs: The axes that count output channels; the others, in their order, are the reduction.
        parts: Tensors of equal size that the file makes of it along the output channels: the
            gates of an LSTM.
    """

    outputs: tuple[int, ...]
    parts: int = 1

    def rows(self, kernel: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """A Keras kernel as [output channels, reduction], as the file holds it."""
        order = self._order(kernel.ndim)
        channels = int(np.prod([kernel.shape[axis] for axis in self.outputs]))
        return kernel.transpose(order).reshape(channels, -1)

    def kernel(self, rows: npt.NDArray[Any], shape: tuple[int, ...]) -> npt.NDArray[Any]:
        """The inverse of `rows` for a Keras kernel of that shape."""
        order = self._order(len(shape))
        return rows.reshape([shape[axis] for axis in order]).transpose(np.argsort(order))

    def tensors(self, kernel: npt.NDArray[Any]) -> list[npt.NDArray[Any]]:
        """The matrices [output channels, reduction] of the tensors that the file makes of a Keras kernel."""
        return np.split(self.rows(kernel), self.parts)

    def _order(self, ndim: int) -> tuple[int, ...]:
        return (*self.outputs, *(axis for axis in range(ndim) if axis not in self.outputs))


@dataclass(frozen=True)
class Place:
    """Where a kind of layer keeps a kernel.

    Attributes:
        attribute: Path from the layer to the variable.
        layout: Its axes.
        by_default: Whether it is pruned where no rule names the layer.
    """

    attribute: str
    layout: Layout
    by_default: bool = True


def _recurrent(parts: int) -> tuple[Place, ...]:
    return tuple(Place(f"cell.{name}", Layout((1,), parts)) for name in ("kernel", "recurrent_kernel"))


#: By class of layer.  Conv2D kernels are HWIO in Keras and OHWI in the file, transposed ones HWOI and OHWI,
#: dense ones IO and OI; depthwise kernels HWCM are one row of H*W per channel C*M.
PLACES: dict[str, tuple[Place, ...]] = {
    "Conv1D": (Place("kernel", Layout((2,))),),
    "Conv2D": (Place("kernel", Layout((3,))),),
    "Conv3D": (Place("kernel", Layout((4,))),),
    "Conv1DTranspose": (Place("kernel", Layout((1,))),),
    "Conv2DTranspose": (Place("kernel", Layout((2,))),),
    "Conv3DTranspose": (Place("kernel", Layout((3,))),),
    "Dense": (Place("kernel", Layout((1,))),),
    "SeparableConv1D": (Place("pointwise_kernel", Layout((2,))),),
    "SeparableConv2D": (Place("pointwise_kernel", Layout((3,))),),
    "DepthwiseConv1D": (Place("depthwise_kernel", Layout((1, 2)), by_default=False),),
    "DepthwiseConv2D": (Place("depthwise_kernel", Layout((2, 3)), by_default=False),),
    "Embedding": (Place("embeddings", Layout((0,))),),
    "SimpleRNN": _recurrent(1),
    "GRU": _recurrent(1),
    "LSTM": _recurrent(4),
}


def magnitudes(rows: npt.NDArray[Any]) -> Floats:
    """Absolute values as float32: what all patterns rank weights by."""
    sizes: Floats = np.abs(rows).astype(np.float32)
    return sizes
