"""DEQUANTIZE: int8 to float32."""

from __future__ import annotations

from pathlib import Path

from edgeprune.graph import DType, Graph, Node
from edgeprune.ops import base
from edgeprune.ops.base import CField, Cost, Kernel, KernelCode, Operator
from edgeprune.targets import McuCpu


def int8_to_float(graph: Graph, node: Node) -> str | None:
    """The input is int8 with one scale and zero point, the output float32."""
    source, output = graph.required(node, 0), graph.output(node)
    if (source.dtype, output.dtype) != (DType.INT8, DType.FLOAT32):
        return f"{source.dtype.value} to {output.dtype.value}"
    if source.quantization is None or source.quantization.per_channel:
        return f"{source.name!r} has no per-tensor scale"
    return None


class _Plain(Kernel):
    name = "ep_dequantize_s8_f32"
    folder = Path(__file__).parent

    def cost(self, graph: Graph, node: Node, cpu: McuCpu) -> Cost:
        return Cost(9.0 * graph.output(node).size)

    def emit(self, graph: Graph, node: Node) -> KernelCode:
        source = graph.required(node, 0).quantized()
        fields = (
            CField("count", str(graph.output(node).size)),
            CField("scale", base.c_float(source.scale)),
            CField("zero_point", str(source.zero_point)),
        )
        return KernelCode((), fields)


class Dequantize(Operator):
    """DEQUANTIZE from int8."""

    name = "DEQUANTIZE"
    summary = "int8 to float32."
    constraints = (int8_to_float,)
    kernels = (_Plain(),)

    def output_shape(self, graph: Graph, node: Node) -> tuple[int, ...]:
        """The input's shape."""
        return graph.required(node, 0).shape


OPERATOR = Dequantize()
