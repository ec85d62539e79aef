"""Chooses how a tensor is seen as a matrix: rows that resemble earlier rows are cheap to code."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgeprune.compress.matrix import Layout
from edgeprune.compress.patterns import Patterns

_MOST_LAGS = 2048
_SAMPLED_COLUMNS = 64


@dataclass(frozen=True)
class Placed:
    """A tensor as a matrix.

    Attributes:
        width: Length of a row of the tensor in memory.
        transposed: The matrix is coded column by column.
        layout: The matrix as it is coded.
    """

    width: int
    transposed: bool
    layout: Layout


def choose_layout(shape: tuple[int, ...], bits: Patterns, outputs_first: bool) -> Placed:
    """A matrix whose rows are what one input feeds.

    Args:
        shape: The tensor's.
        bits: Its elements' bit patterns.
        outputs_first: The first axis holds the outputs, as in .tflite, not the last, as in Keras; a first axis of
            1 (depthwise kernels) means the last in either case.
    """
    transposed = outputs_first and len(shape) > 1 and shape[0] > 1
    width = len(bits) // shape[0] if transposed else shape[-1] if shape else 1
    occupied = bits.reshape(-1, width) != 0
    rows, columns = occupied.shape[::-1] if transposed else occupied.shape
    near, far = _likeness(occupied.T if transposed else occupied)
    return Placed(width, transposed, Layout(rows, columns, near, far))


def _likeness(occupied: npt.NDArray[np.bool_]) -> tuple[int, int]:
    """The two distances at which rows have most non-zeros in common."""
    rows, columns = occupied.shape
    if rows < 4 or occupied.all():
        return 1, 2
    sample = occupied[:, :: max(1, columns // _SAMPLED_COLUMNS)].astype(np.float64)
    sample -= sample.mean()
    spectrum = np.fft.rfft(sample, 2 * rows, axis=0)
    common = np.fft.irfft((spectrum * spectrum.conj()).sum(1), 2 * rows)[:rows]
    # Divided by the deviation that chance alone would give.
    common = common / np.sqrt(np.arange(rows, 0, -1))
    lags = min(_MOST_LAGS, rows // 2)
    near = 1 + int(np.argmax(common[1 : 1 + lags]))
    others = common[: 1 + lags].copy()
    others[: 2 * near + 1] = -np.inf
    if not np.isfinite(others).any():
        return near, near + 1
    return near, int(np.argmax(others))
