"""TANH: the hyperbolic tangent."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from edgeprune.graph import DType, Graph, Node
from edgeprune.ops import base, lookup, sigmoid
from edgeprune.ops.lookup import Floats
from edgeprune.ops.unary import FloatKernel, Unary

_FOLDER = Path(__file__).parent


def output_scale_of_the_function(graph: Graph, node: Node) -> str | None:
    """The output's scale is 1/32768 with int16."""
    output = graph.output(node)
    if output.dtype is not DType.INT16 or output.quantized().scale == 1 / 32768:
        return None
    return f"it is {output.quantized().scale:g}"


def _tanh(values: Floats) -> Floats:
    return np.tanh(values.astype(np.float64)).astype(np.float32)


def _table(graph: Graph, node: Node) -> npt.NDArray[np.int8]:
    return lookup.float_table(graph.required(node, 0), graph.output(node), _tanh)


class _Wide(sigmoid.SigmoidInt16):
    name = "ep_tanh_s16"
    folder = _FOLDER
    doublings = (0, 1)


class _Float(FloatKernel):
    name = "ep_tanh_f32"
    folder = _FOLDER
    cycles = 105.0


class Tanh(Unary):
    """TANH of int8, int16 or float32."""

    name = "TANH"
    summary = "The hyperbolic tangent."
    constraints = (
        base.arithmetic_input_and_output,
        sigmoid.input_scale_within_the_table,
        output_scale_of_the_function,
    )
    kernels = (
        lookup.LookupKernel(_table),
        _Wide(),
        _Float(),
    )


OPERATOR = Tanh()
