"""ReLU and its clipped relatives."""

from __future__ import annotations

from functools import partial

import numpy as np
import numpy.typing as npt

from edgeprune.graph import Graph, Node
from edgeprune.ops import lookup
from edgeprune.ops.arithmetic import Multiplier, activation_range
from edgeprune.ops.base import Kernel
from edgeprune.ops.unary import FLOAT_RANGES, ClampFloat, SlopesInt16


def rectifier_kernels(activation: str, int16: bool = True) -> tuple[Kernel, ...]:
    """Kernels of the operator that rescales its input and then clips it like the fused activation."""
    wide = (SlopesInt16(partial(_slopes, activation)),) if int16 else ()
    narrow = lookup.LookupKernel(partial(_table, activation))
    return (narrow, *wide, ClampFloat(*FLOAT_RANGES[activation]))


def _multiplier(graph: Graph, node: Node) -> Multiplier:
    source, output = graph.required(node, 0).quantized(), graph.output(node).quantized()
    return lookup.float_multiplier(source.scale, output.scale)


def _table(activation: str, graph: Graph, node: Node) -> npt.NDArray[np.int8]:
    output = graph.output(node)
    values = lookup.rescaled(lookup.inputs(graph.required(node, 0)), _multiplier(graph, node))
    return np.clip(values + output.quantized().zero_point, *activation_range(activation, output)).astype(np.int8)


def _slopes(activation: str, graph: Graph, node: Node) -> tuple[Multiplier, Multiplier, tuple[int, int]]:
    both = _multiplier(graph, node)
    return both, both, activation_range(activation, graph.output(node))
