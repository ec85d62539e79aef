"""TFLite's sparse encoding of the weights of a 1x1 convolution, [outputs, 1, 1, inputs].

Outputs, or blocks of four of them, follow each other; of each only the inputs with values are
stored, with their numbers (compressed sparse rows).  The runtime unpacks the weights when it
loads the model, and XNNPACK then packs them in its own way, so the encoding decides about the
file's size alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from ai_edge_litert import schema_py_generated as schema

Weights = npt.NDArray[np.generic]
_BLOCK = 4


@dataclass(frozen=True, eq=False)
class Encoded:
    """Weights in the sparse encoding.

    Attributes:
        values: Those that are stored, in order.
        parameters: The `SparsityParametersT` that says where they belong.
        block: Outputs that are stored together: 4, or 1.
        nbytes: Of values and numbers in the file.
    """

    values: Weights
    parameters: Any
    block: int
    nbytes: int


def encoded(weights: Weights) -> Encoded:
    """The smaller encoding of [outputs, 1, 1, inputs]: in blocks of four outputs, or one by one."""
    found = [_encoded(weights, 1)]
    if weights.shape[0] % _BLOCK == 0:
        found.append(_encoded(weights, _BLOCK))
    return min(found, key=lambda encoding: encoding.nbytes)


def _encoded(weights: Weights, block: int) -> Encoded:
    outputs, inputs = weights.shape[0], weights.shape[-1]
    rows = weights.reshape(outputs // block, block, inputs)
    used = (rows != 0).any(axis=1)
    values = rows.transpose(0, 2, 1)[used]  # [stored, block]
    ends = np.concatenate([[0], np.cumsum(used.sum(axis=1))])
    numbers = np.nonzero(used)[1]
    segments, indices = _vector(ends), _vector(numbers)
    dimensions = [_dense(outputs // block), _dense(1), _dense(1), _sparse(segments, indices)]
    parameters = schema.SparsityParametersT()
    parameters.traversalOrder = list(range(4))
    if block > 1:
        parameters.traversalOrder, parameters.blockMap = list(range(5)), [0]
        dimensions.append(_dense(block))
    parameters.dimMetadata = dimensions
    stored = values.nbytes + segments.values.nbytes + indices.values.nbytes
    return Encoded(values.reshape(-1), parameters, block, stored)


def _vector(numbers: npt.NDArray[np.integer[Any]]) -> Any:
    """The narrowest of the format's vectors that holds the numbers."""
    highest = int(numbers.max(initial=0))
    kind, width = (schema.Int32VectorT, "int32") if highest >= 1 << 16 else (schema.Uint16VectorT, "uint16")
    if highest < 1 << 8:
        kind, width = schema.Uint8VectorT, "uint8"
    vector = kind()
    vector.values = numbers.astype(width)
    return vector


def _dense(extent: int) -> Any:
    dimension = schema.DimensionMetadataT()
    dimension.format, dimension.denseSize = schema.DimensionType.DENSE, extent
    return dimension


def _sparse(segments: Any, indices: Any) -> Any:
    dimension = schema.DimensionMetadataT()
    dimension.format = schema.DimensionType.SPARSE_CSR
    dimension.arraySegmentsType, dimension.arraySegments = _type(segments), segments
    dimension.arrayIndicesType, dimension.arrayIndices = _type(indices), indices
    return dimension


def _type(vector: Any) -> int:
    number: int = getattr(schema.SparseIndexVector, type(vector).__name__.removesuffix("T"))
    return number
