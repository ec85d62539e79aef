"""RSQRT: one over the square root."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edgeprune.graph import Graph, Node, Tensor
from edgeprune.ops import inverse_root, lookup
from edgeprune.ops.arithmetic import quantize_multiplier
from edgeprune.ops.interpolation import InterpolationKernel
from edgeprune.ops.lookup import Floats
from edgeprune.ops.unary import FloatKernel, Unary

_FOLDER = Path(__file__).parent

#: The reference carries the root in steps of 2**-20.
_ROOT_BITS = 20


def _table(graph: Graph, node: Node) -> npt.NDArray[np.int8]:
    """Inputs at or below the zero point, which the reference refuses or calls near zero, give the largest output."""
    output = graph.output(node).quantized()
    root = np.float32(math.sqrt(np.float32(graph.required(node, 0).quantized().scale)))
    scale = quantize_multiplier(1.0 / float(root * np.float32(output.scale)))
    outputs = np.full(256, 127, np.int64)
    for index, value in enumerate(lookup.inputs(graph.required(node, 0)).tolist()):
        if value > 0:
            multiplier = inverse_root.inverse_root(value)
            steps = lookup.rescaled(np.array(1), multiplier.shifted(_ROOT_BITS))
            outputs[index] = lookup.rescaled(steps, scale.shifted(-_ROOT_BITS)) + output.zero_point
    return lookup.saturated(outputs)


def _real(values: Floats, output: Tensor) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        found = np.float32(1) / np.sqrt(values)
    return np.where(values > 0, found, np.float32(32767) * np.float32(output.quantized().scale)).astype(np.float32)


class _Float(FloatKernel):
    name = "ep_rsqrt_f32"
    folder = _FOLDER
    cycles = 41.0


class Rsqrt(Unary):
    """RSQRT of int8, int16 or float32."""

    name = "RSQRT"
    summary = "One over the square root; int8 and int16 give the largest value where there is none."
    kernels = (
        lookup.LookupKernel(_table),
        InterpolationKernel(_real),
        _Float(),
    )


OPERATOR = Rsqrt()
