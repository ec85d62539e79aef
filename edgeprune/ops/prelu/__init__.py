"""PRELU: negative values are multiplied by slopes of their own."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from edgeprune.graph import Graph, Node
from edgeprune.ops import base, lookup
from edgeprune.ops.arithmetic import quantize_multiplier
from edgeprune.ops.base import CField
from edgeprune.ops.binary import Binary, PlainRows, RowKernel, broadcastable, second_input_alike

_FOLDER = Path(__file__).parent


def slopes_repeat_only(graph: Graph, node: Node) -> str | None:
    """The slopes broadcast to the shape of input 0."""
    source, slopes = graph.required(node, 0).shape, graph.required(node, 1).shape
    return None if np.broadcast_shapes(source, slopes) == source else f"{slopes} against {source}"


class _Int8(RowKernel):
    name = "ep_prelu_s8"
    folder = _FOLDER
    cycles = 40.0

    def fields(self, graph: Graph, node: Node) -> tuple[CField, ...]:
        source, slopes = (graph.required(node, i).quantized() for i in (0, 1))
        output = graph.output(node).quantized()
        identity = lookup.float_multiplier(source.scale, output.scale)
        product = np.float32(source.scale) * np.float32(slopes.scale) / np.float32(output.scale)
        sloped = quantize_multiplier(float(product))
        return (
            CField("first_zero_point", str(source.zero_point)),
            CField("second_zero_point", str(slopes.zero_point)),
            CField("mantissa", str(identity.mantissa)),
            CField("shift", str(identity.shift)),
            CField("negative_mantissa", str(sloped.mantissa)),
            CField("negative_shift", str(sloped.shift)),
            CField("zero_point", str(output.zero_point)),
        )


class _Float(PlainRows):
    name = "ep_prelu_f32"
    types = ("float32",)
    folder = _FOLDER
    cycles = 18.0


class Prelu(Binary):
    """PRELU of int8 or float32."""

    name = "PRELU"
    summary = "Multiplies negative values by the slopes of a second tensor, which broadcasts."
    constraints = (base.arithmetic_input_and_output, second_input_alike, broadcastable, slopes_repeat_only)
    kernels = (_Int8(), _Float())


OPERATOR = Prelu()
