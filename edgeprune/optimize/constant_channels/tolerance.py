"""Bounds that hold whatever kernels run a model, not only for the reference ones.

XNNPACK and the kernels for Arm multiply sums by one float or fixed-point number and round once,
ties in their own way; the reference kernels round twice.  A value near the middle between two
steps may come out one step apart.  On a microcontroller the kernels are ours and equal the
reference; a .tflite file is run by whatever there is.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgeprune.graph import Graph, Node
from edgeprune.ops.arithmetic import Multiplier
from edgeprune.optimize.constant_channels.bounds import Bounds, Values

#: Operators that copy or compare values, so that all kernels agree.
_EXACT = frozenset({"CONCATENATION", "EXPAND_DIMS", "MAXIMUM", "MAX_POOL_2D", "MINIMUM", "PAD", "RESHAPE", "SQUEEZE"})
#: In steps of the output: how far float32 may take a value that no clamp catches (300 * 2**-23, with room).
_FLOAT_ERROR = 2.0**-10


def slack(multipliers: Sequence[Multiplier]) -> Values:
    """Per multiplier how far a sum may move before some kernel rounds it otherwise than the reference."""
    return np.array([_slack(multiplier) for multiplier in multipliers], np.int64)


def _slack(multiplier: Multiplier) -> int:
    if multiplier.mantissa == 0:
        return 0
    twice_rounded = 2.0 ** (multiplier.shift - 1) if multiplier.shift < 0 else 0.0
    real = float(multiplier.mantissa) * 2.0 ** (multiplier.shift - 31)
    return int(np.ceil((twice_rounded + _FLOAT_ERROR) / real))


def loosened(graph: Graph, node: Node, values: Sequence[int], known: Sequence[Bounds], found: Bounds) -> Bounds:
    """Bounds of a node's output by any kernel, from those by the reference kernel.

    Args:
        graph: The graph.
        node: The node, no linear layer.
        values: Its operands that are values.
        known: Their bounds.
        found: Bounds of its output by the reference kernel.
    """
    if node.op in _EXACT or found.low.ndim == 0:
        return found
    # A real 0 stays 0 in every kernel that keeps it there.
    zeros = [_zero_channels(graph, *pair, found.low.shape[-1]) for pair in zip(values, known, strict=True)]
    steady = (np.any if node.op == "MUL" else np.all)(zeros, axis=0)
    steady = steady & _zero_channels(graph, node.outputs[0], found, found.low.shape[-1])
    low, high = np.maximum(found.low - 1, -128), np.minimum(found.high + 1, 127)
    return Bounds(np.where(steady, found.low, low), np.where(steady, found.high, high))


def _zero_channels(graph: Graph, tensor: int, bounds: Bounds, width: int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Bool [width]: channels that are the zero point everywhere; none where the tensor's channels are others."""
    if bounds.low.ndim == 0 or bounds.low.shape[-1] not in {1, width}:
        return np.zeros(width, np.bool_)
    zero_point = graph.tensors[tensor].quantized().zero_point
    zero = (bounds.low == zero_point) & (bounds.high == zero_point)
    return np.broadcast_to(zero.reshape(-1, zero.shape[-1]).all(axis=0), (width,))
