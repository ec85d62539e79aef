"""DEQUANTIZE: integers to float32."""

from __future__ import annotations

from pathlib import Path

from edgeprune.graph import DType, Graph, Node
from edgeprune.ops import base
from edgeprune.ops.base import CField, Cost, Kernel, KernelCode, Operator
from edgeprune.ops.integers import INTEGERS, not_quantized
from edgeprune.targets import Cpu

_TYPES = (DType.INT8, DType.UINT8, DType.INT16)


def integer_to_float(graph: Graph, node: Node) -> str | None:
    """The input has one scale and zero point, the output is float32."""
    output = graph.output(node)
    if output.dtype is not DType.FLOAT32:
        return f"{output.name!r} is {output.dtype.value}"
    return not_quantized(graph.required(node, 0), _TYPES)


class _Plain(Kernel):
    name = "ep_dequantize"
    folder = Path(__file__).parent
    types = tuple(dtype.value for dtype in _TYPES)
    code_bytes = 80

    def cost(self, graph: Graph, node: Node, cpu: Cpu) -> Cost:
        return Cost(14.0 * graph.output(node).size)

    def emit(self, graph: Graph, node: Node) -> KernelCode:
        source = graph.required(node, 0)
        fields = (
            CField("count", str(source.size)),
            CField("type", INTEGERS[source.dtype]),
            CField("scale", base.c_float(source.quantized().scale)),
            CField("zero_point", str(source.quantized().zero_point)),
        )
        return KernelCode((), fields)


class Dequantize(Operator):
    """DEQUANTIZE from an integer type."""

    name = "DEQUANTIZE"
    summary = "Integers to float32."
    constraints = (integer_to_float,)
    kernels = (_Plain(),)

    def output_shape(self, graph: Graph, node: Node) -> tuple[int, ...]:
        """The input's shape."""
        return graph.required(node, 0).shape


OPERATOR = Dequantize()
