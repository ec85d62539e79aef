"""QUANTIZE: float32 to integers, or integers to another scale, zero point or type."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from edgeprune.graph import DType, Graph, Node
from edgeprune.ops import base, lookup
from edgeprune.ops.arithmetic import Multiplier, quantize_multiplier
from edgeprune.ops.base import CField, Cost, Kernel, KernelCode, Operator
from edgeprune.ops.integers import INTEGERS, limits, not_quantized
from edgeprune.targets import Cpu

_FOLDER = Path(__file__).parent
_BYTES = (DType.INT8, DType.UINT8)
#: Types that the reference makes of each.
_OUTPUTS = {
    DType.FLOAT32: (DType.INT8, DType.UINT8, DType.INT16),
    DType.INT8: _BYTES,
    DType.UINT8: _BYTES,
    DType.INT16: (DType.INT8, DType.INT16, DType.INT32),
    DType.INT32: (DType.INT8, DType.INT16),
}


def known_conversion(graph: Graph, node: Node) -> str | None:
    """float32 becomes int8, uint8 or int16; int8 and uint8 either; int16 int8, int16 or int32; int32 int8 or int16."""
    source, output = graph.required(node, 0).dtype, graph.output(node).dtype
    return None if output in _OUTPUTS.get(source, ()) else f"{source.value} to {output.value}"


def one_scale(graph: Graph, node: Node) -> str | None:
    """Integers have one scale and zero point per tensor."""
    source, output = graph.required(node, 0), graph.output(node)
    fault = None if source.dtype is DType.FLOAT32 else not_quantized(source, tuple(INTEGERS))
    return fault or not_quantized(output, tuple(INTEGERS))


def _multiplier(graph: Graph, node: Node) -> Multiplier:
    return quantize_multiplier(graph.required(node, 0).quantized().scale / graph.output(node).quantized().scale)


def _output_fields(graph: Graph, node: Node) -> tuple[CField, ...]:
    output = graph.output(node)
    low, high = limits(output)
    return (
        CField("count", str(output.size)),
        CField("type", INTEGERS[output.dtype]),
        CField("zero_point", str(output.quantized().zero_point)),
        CField("low", low),
        CField("high", high),
    )


class _FromFloat(Kernel):
    name = "ep_quantize_f32"
    types = ("float32",)
    folder = _FOLDER
    code_bytes = 160

    def cost(self, graph: Graph, node: Node, cpu: Cpu) -> Cost:
        return Cost(50.0 * graph.output(node).size)

    def emit(self, graph: Graph, node: Node) -> KernelCode:
        scale = CField("scale", base.c_float(graph.output(node).quantized().scale))
        return KernelCode((), (*_output_fields(graph, node), scale))


class _Integer(Kernel):
    name = "ep_quantize_integer"
    types = tuple(dtype.value for dtype in INTEGERS)
    folder = _FOLDER
    code_bytes = 240

    def cost(self, graph: Graph, node: Node, cpu: Cpu) -> Cost:
        return Cost(45.0 * graph.output(node).size)

    def emit(self, graph: Graph, node: Node) -> KernelCode:
        source, multiplier = graph.required(node, 0), _multiplier(graph, node)
        fields = (
            CField("input_type", INTEGERS[source.dtype]),
            CField("input_zero_point", str(source.quantized().zero_point)),
            CField("mantissa", str(multiplier.mantissa)),
            CField("shift", str(multiplier.shift)),
        )
        return KernelCode((), (*_output_fields(graph, node), *fields))


def _table(graph: Graph, node: Node) -> npt.NDArray[np.generic]:
    output = graph.output(node)
    values = lookup.rescaled(lookup.inputs(graph.required(node, 0)), _multiplier(graph, node))
    bounds = np.iinfo(output.dtype.numpy)  # type: ignore[type-var]
    return np.clip(values + output.quantized().zero_point, bounds.min, bounds.max).astype(output.dtype.numpy)


class _Bytes(lookup.LookupKernel):
    types = tuple(dtype.value for dtype in _BYTES)

    def supports(self, graph: Graph, node: Node) -> bool:
        return graph.output(node).dtype in _BYTES


class Quantize(Operator):
    """QUANTIZE to an integer type."""

    name = "QUANTIZE"
    summary = "float32 to integers, or integers to another scale, zero point or type."
    constraints = (known_conversion, one_scale)
    kernels = (_FromFloat(), _Integer(), _Bytes(_table))

    def output_shape(self, graph: Graph, node: Node) -> tuple[int, ...]:
        """The input's shape."""
        return graph.required(node, 0).shape


OPERATOR = Quantize()
