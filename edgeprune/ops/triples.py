"""Tables of `ep_triples`: three sums in two words, for cores without DSP extension.

See runtime/ep_triples_s8.h for the scheme.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from edgeprune.graph import Graph, Node
from edgeprune.ops import scalar_stage
from edgeprune.ops.arithmetic import Multiplier
from edgeprune.ops.base import CArray, CField

#: The sums of a chunk are within -2**20 and 2**20.
_CHUNK_SUM = 1 << 20


def chunk_length(rows: npt.NDArray[np.int64]) -> int:
    """Weights, a multiple of 4, whose products' sums fit for every channel and any input."""
    padded = np.pad(rows, ((0, 0), (0, -rows.shape[1] % 4)))
    quads = np.abs(padded).reshape(len(rows), -1, 4).sum(axis=2) * 128
    count = int(quads.shape[1])
    chunks = 1
    while True:
        length = -(-count // chunks)
        if np.add.reduceat(quads, np.arange(0, count, length), axis=1).max() < _CHUNK_SUM:
            return 4 * length
        chunks += 1


def tables(
    graph: Graph, node: Node, rows: npt.NDArray[np.int64], multipliers: Sequence[Multiplier], activation: str
) -> tuple[tuple[CArray, ...], CField]:
    """Tables and the field `triples` of a node that `scalar_stage.fits`; arguments as there."""
    channels, depth = rows.shape
    padded = np.pad(rows, ((0, channels % 2), (0, -depth % 4))).astype(np.int8)
    weights = padded.reshape(-1, 2, padded.shape[1] // 4, 4).transpose(0, 2, 1, 3)
    chunk = chunk_length(rows)
    excess = -(-padded.shape[1] // chunk) * _CHUNK_SUM
    words, stage = scalar_stage.tables(graph, node, rows, multipliers, activation, excess)
    members = f".weights = {{array:weights}}, .depth = {padded.shape[1]}, .chunk = {chunk}, .stage = {stage}"
    return (CArray("int8_t", "weights", weights), words), CField("triples", f"{{{members}}}")
