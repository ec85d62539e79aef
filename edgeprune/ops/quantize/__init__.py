"""QUANTIZE: float32 to int8, or int8 to another scale."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from edgeprune.graph import DType, Graph, Node
from edgeprune.ops import base, lookup
from edgeprune.ops.arithmetic import quantize_multiplier
from edgeprune.ops.base import CField, Cost, Kernel, KernelCode, Operator
from edgeprune.targets import McuCpu

_FOLDER = Path(__file__).parent


def float_or_int8_input(graph: Graph, node: Node) -> str | None:
    """The input is float32, or int8 with one scale and zero point."""
    tensor = graph.required(node, 0)
    if tensor.dtype is DType.FLOAT32:
        return None
    return base.int8_input_and_output(graph, node)


def int8_output(graph: Graph, node: Node) -> str | None:
    """The output is int8 with one scale and zero point."""
    return base.not_int8(graph.output(node))


class _FromFloat(Kernel):
    name = "ep_quantize_f32_s8"
    types = ("float32",)
    folder = _FOLDER

    def cost(self, graph: Graph, node: Node, cpu: McuCpu) -> Cost:
        return Cost(40.0 * graph.output(node).size)

    def emit(self, graph: Graph, node: Node) -> KernelCode:
        output = graph.output(node)
        fields = (
            CField("count", str(output.size)),
            CField("scale", base.c_float(output.quantized().scale)),
            CField("zero_point", str(output.quantized().zero_point)),
        )
        return KernelCode((), fields)


class _Rescale(Kernel):
    name = "ep_quantize_s8_s8"
    folder = _FOLDER

    def cost(self, graph: Graph, node: Node, cpu: McuCpu) -> Cost:
        return Cost(20.0 * graph.output(node).size)

    def emit(self, graph: Graph, node: Node) -> KernelCode:
        source, output = graph.required(node, 0).quantized(), graph.output(node).quantized()
        multiplier = quantize_multiplier(source.scale / output.scale)
        fields = (
            CField("count", str(graph.output(node).size)),
            CField("input_zero_point", str(source.zero_point)),
            CField("mantissa", str(multiplier.mantissa)),
            CField("shift", str(multiplier.shift)),
            CField("zero_point", str(output.zero_point)),
        )
        return KernelCode((), fields)


def _table(graph: Graph, node: Node) -> npt.NDArray[np.int8]:
    source, output = graph.required(node, 0), graph.output(node)
    multiplier = quantize_multiplier(source.quantized().scale / output.quantized().scale)
    values = lookup.rescaled(lookup.inputs(source), multiplier)
    return lookup.saturated(values + output.quantized().zero_point)


class Quantize(Operator):
    """QUANTIZE to int8."""

    name = "QUANTIZE"
    summary = "float32 to int8, or int8 to another scale and zero point."
    constraints = (int8_output, float_or_int8_input)
    kernels = (_FromFloat(), _Rescale(), lookup.LookupKernel(_table))

    def output_shape(self, graph: Graph, node: Node) -> tuple[int, ...]:
        """The input's shape."""
        return graph.required(node, 0).shape


OPERATOR = Quantize()
