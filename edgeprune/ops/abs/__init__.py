"""ABS: the absolute value."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from edgeprune.graph import Graph, Node
from edgeprune.ops import lookup
from edgeprune.ops.arithmetic import Multiplier
from edgeprune.ops.unary import FloatKernel, SlopesInt16, Unary

_FOLDER = Path(__file__).parent


def _multiplier(graph: Graph, node: Node) -> Multiplier:
    source, output = graph.required(node, 0).quantized(), graph.output(node).quantized()
    return lookup.float_multiplier(source.scale, output.scale)


def _table(graph: Graph, node: Node) -> npt.NDArray[np.int8]:
    values = np.abs(lookup.inputs(graph.required(node, 0)))
    rescaled = lookup.rescaled(values, _multiplier(graph, node))
    return lookup.saturated(rescaled + graph.output(node).quantized().zero_point)


def _slopes(graph: Graph, node: Node) -> tuple[Multiplier, Multiplier, tuple[int, int]]:
    positive = _multiplier(graph, node)
    return positive, Multiplier(-positive.mantissa, positive.shift), (-(1 << 15), (1 << 15) - 1)


class _Float(FloatKernel):
    name = "ep_abs_f32"
    folder = _FOLDER
    cycles = 15.0


class Abs(Unary):
    """ABS of int8, int16 or float32."""

    name = "ABS"
    summary = "Absolute value, rescaled."
    kernels = (
        lookup.LookupKernel(_table),
        SlopesInt16(_slopes),
        _Float(),
    )


OPERATOR = Abs()
