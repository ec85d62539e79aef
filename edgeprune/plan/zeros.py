"""What a .tflite file's weights look like: how many are zero, in what pattern, and how many values they take.

This reads the file alone and knows nothing of how a model was pruned, so that it can judge it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgeprune.graph import Graph, Node, Tensor

Matrix = npt.NDArray[np.generic]

#: Where operators keep weights, and which axis of those counts output channels.
_WEIGHTS = {
    "CONV_2D": (1, 0),
    "TRANSPOSE_CONV": (1, 0),
    "FULLY_CONNECTED": (1, 0),
    "DEPTHWISE_CONV_2D": (1, 3),
    "CONV_3D": (1, 4),
    "CONV_3D_TRANSPOSE": (1, 3),
    "GATHER": (0, 0),
    "EMBEDDING_LOOKUP": (1, 0),
}
_LSTM, _LSTM_WEIGHTS = "UNIDIRECTIONAL_SEQUENCE_LSTM", range(1, 9)
_GROUPS = range(2, 17)
#: A smaller m is the clearer pattern, even where another holds that is tighter by this factor.
_TIGHTER = 1.1
#: From the largest, of which a smaller one would hold too.
_BLOCKS = ((4, 4), (1, 16), (16, 1), (1, 8), (8, 1), (1, 4), (4, 1), (1, 2), (2, 1))
#: Fewer zeros are no pattern.
_SPARSE = 0.1
#: Share of the zeros that n:m must ask for.
_BY_PATTERN = 0.8
#: Share of the zeros that must lie in blocks; rounding to int8 makes some more, wherever they are.
_IN_BLOCKS = 0.9
#: More values than this, or few weights for them, say nothing.
_FEW_VALUES, _WEIGHTS_PER_VALUE = 64, 4


@dataclass(frozen=True)
class WeightPattern:
    """The weights of one layer.

    Attributes:
        zeros: Share of zeros, 0 to 1.
        n_of_m: The tightest n:m that holds, at most n non-zeros in every m consecutive weights of
            an output, or empty; not where it holds by chance, as 15:16 soon does.
        block: The largest blocks (outputs x consecutive weights) that nearly all zeros fill, or empty.
        in_blocks: Share of the weights in such blocks of zeros, 0 to 1.
        values: Most different values among the weights of one scale: of an output channel where each
            has a scale, else of the layer.
        text: All of it that is worth a look.
    """

    zeros: float
    n_of_m: str
    block: str
    in_blocks: float
    values: int
    text: str


def weight_pattern(graph: Graph, node: Node) -> WeightPattern | None:
    """The pattern of a layer's constant weights; None where it has none."""
    found = [(tensor, axis) for tensor, axis in _weights(graph, node) if tensor.is_constant and tensor.size]
    if not found:
        return None
    rows = [_rows(tensor, axis) for tensor, axis in found]
    size = sum(matrix.size for matrix in rows)
    zeros = sum(int(np.sum(matrix == 0)) for matrix in rows) / size
    block, in_blocks = _block(rows, zeros) if zeros >= _SPARSE else ("", 0.0)
    groups = [group for (tensor, _), matrix in zip(found, rows, strict=True) for group in _same_scale(tensor, matrix)]
    values = max(len(np.unique(group)) for group in groups)
    few = values <= _FEW_VALUES and values * _WEIGHTS_PER_VALUE <= max(group.size for group in groups)
    n_of_m = _n_of_m(rows, zeros)
    pattern = f"{block} blocks" if block else n_of_m  # within blocks, an n:m holds by chance only
    text = ", ".join(filter(None, (pattern, f"{values} values" if few else "")))
    return WeightPattern(zeros, n_of_m, block, in_blocks, values, text)


def weight_rows(graph: Graph, node: Node) -> list[Matrix]:
    """A layer's constant weights as matrices [output channels, reduction] in the file's order."""
    return [_rows(tensor, axis) for tensor, axis in _weights(graph, node) if tensor.is_constant]


def most_in_group(rows: Matrix, m: int) -> int:
    """The most non-zeros in any group of m consecutive weights; groups start with each row."""
    starts = np.arange(0, rows.shape[1], m)
    return int(np.add.reduceat((rows != 0).astype(np.int64), starts, axis=1).max())


def share_in_blocks(rows: Matrix, height: int, width: int) -> float:
    """Share of the weights that lie in blocks of zeros only; blocks at the far edges may be smaller."""
    outputs, reduction = rows.shape
    padded = np.zeros((-(-outputs // height) * height, -(-reduction // width) * width), np.bool_)
    padded[:outputs, :reduction] = rows != 0
    filled = padded.reshape(-(-outputs // height), height, -(-reduction // width), width).any(axis=(1, 3))
    inside = (~filled).repeat(height, axis=0).repeat(width, axis=1)[:outputs, :reduction]
    return float(np.mean(inside))


def _weights(graph: Graph, node: Node) -> list[tuple[Tensor, int]]:
    """Weight tensors and the axis of each that counts output channels."""
    if node.op == _LSTM:
        tensors = [graph.operand(node, index) for index in _LSTM_WEIGHTS]
        return [(tensor, 0) for tensor in tensors if tensor is not None]
    if node.op not in _WEIGHTS:
        return []
    index, axis = _WEIGHTS[node.op]
    operand = graph.operand(node, index)
    return [] if operand is None or len(operand.shape) <= max(axis, 1) else [(operand, axis)]


def _rows(tensor: Tensor, axis: int) -> Matrix:
    return np.moveaxis(tensor.constant(), axis, 0).reshape(tensor.shape[axis], -1)


def _same_scale(tensor: Tensor, rows: Matrix) -> list[Matrix]:
    quantization = tensor.quantization
    return list(rows) if quantization is not None and quantization.per_channel else [rows]


def _n_of_m(rows: list[Matrix], zeros: float) -> str:
    """The tightest n:m that accounts for most of the zeros."""
    found = []
    for m in _GROUPS:
        long = [matrix for matrix in rows if matrix.shape[1] >= m]
        n = max((most_in_group(matrix, m) for matrix in long), default=m)
        if len(long) == len(rows) and 1 - n / m >= max(_BY_PATTERN * zeros, _SPARSE):
            found.append((m, max(n, 1)))
    tightest = min((n / m for m, n in found), default=1.0)
    return next((f"{n}:{m}" for m, n in found if n / m <= _TIGHTER * tightest), "")


def _block(rows: list[Matrix], zeros: float) -> tuple[str, float]:
    """The largest blocks that nearly all zeros fill, and the share of weights in them."""
    size = sum(matrix.size for matrix in rows)
    for height, width in _BLOCKS:
        if all(matrix.shape[0] >= height and matrix.shape[1] >= width for matrix in rows):
            inside = sum(share_in_blocks(matrix, height, width) * matrix.size for matrix in rows) / size
            if inside >= _IN_BLOCKS * zeros:
                return f"{height}x{width}", inside
    return "", 0.0
