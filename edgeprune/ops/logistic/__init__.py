"""LOGISTIC: the sigmoid function."""

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
    """The output's scale is 1/256 with int8 and 1/32768 with int16."""
    output = graph.output(node)
    wanted = {DType.INT8: 1 / 256, DType.INT16: 1 / 32768}.get(output.dtype)
    return None if wanted is None or output.quantized().scale == wanted else f"it is {output.quantized().scale:g}"


def _sigmoid(values: Floats) -> Floats:
    one = np.float32(1)
    return one / (one + lookup.exponential(-values))


def _table(graph: Graph, node: Node) -> npt.NDArray[np.int8]:
    return lookup.float_table(graph.required(node, 0), graph.output(node), _sigmoid)


class _Wide(sigmoid.SigmoidInt16):
    name = "ep_logistic_s16"
    folder = _FOLDER
    doublings = (0,)


class _Float(FloatKernel):
    name = "ep_logistic_f32"
    folder = _FOLDER
    cycles = 123.0


class Logistic(Unary):
    """LOGISTIC of int8, int16 or float32."""

    name = "LOGISTIC"
    summary = "The sigmoid function."
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


OPERATOR = Logistic()
