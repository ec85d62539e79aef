"""CAST: the numbers of a tensor in another type."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import numpy as np

from edgeprune.graph import DType, Graph, Node
from edgeprune.ops.base import CField, Cost, Kernel, KernelCode, Operator
from edgeprune.ops.moves import Array
from edgeprune.targets import Cpu, Extension

_CTYPES = {
    DType.BOOL: "uint8_t",
    DType.FLOAT32: "float",
    DType.INT8: "int8_t",
    DType.INT16: "int16_t",
    DType.INT32: "int32_t",
    DType.INT64: "int64_t",
    DType.UINT8: "uint8_t",
}


def castable(graph: Graph, node: Node) -> str | None:
    """The output is bool, float32, or an integer of 8, 16, 32 or 64 bits, uint8 or signed."""
    dtype = graph.output(node).dtype
    return None if dtype in _CTYPES else f"it is {dtype.value}"


def _bounds(dtype: DType) -> np.iinfo[Any]:
    """Least and greatest number of an integer type."""
    return np.iinfo(cast("np.dtype[np.integer[Any]]", dtype.numpy))


def _definition(source: DType, output: DType) -> tuple[str, str]:
    """The macro that makes the loop, and the function's name."""
    have, want = _CTYPES[source], _CTYPES[output]
    if output is DType.BOOL:
        return f"EP_CAST_TO_BOOL_FUNCTION({have})", f"cast_{have}_bool"
    if source is DType.FLOAT32 and want != "float":
        bounds = _bounds(output)
        low, high = (f"{float(bound):.1f}f" for bound in (bounds.min, float(bounds.max) + 1))
        greatest = f"INT64_C({bounds.max})" if output is DType.INT64 else str(bounds.max)
        return f"EP_CAST_FROM_FLOAT_FUNCTION({want}, {low}, {high}, {greatest})", f"cast_float_{want}"
    return f"EP_CAST_FUNCTION({have}, {want})", f"cast_{have}_{want}"


class _Plain(Kernel):
    name = "ep_cast"
    folder = Path(__file__).parent
    types = ("bool", "float32", "int16", "int32", "int64", "int8", "uint8")
    code_bytes = 60

    def cost(self, graph: Graph, node: Node, cpu: Cpu) -> Cost:
        source, output = graph.required(node, 0).dtype, graph.output(node)
        each = 4.8 if DType.FLOAT32 not in {source, output.dtype} else 10.0
        if source is DType.FLOAT32 and output.dtype is not DType.BOOL:
            each = 16.3
        soft = each > 5 and Extension.FPU not in cpu.extensions
        return Cost(30.0 + output.size * (60.0 if soft else each))

    def emit(self, graph: Graph, node: Node) -> KernelCode:
        definition, function = _definition(graph.required(node, 0).dtype, graph.output(node).dtype)
        fields = (CField("convert", function), CField("count", str(graph.output(node).size)))
        return KernelCode((), fields, (definition,))


class Cast(Operator):
    """CAST between any two of the types that kernels have."""

    name = "CAST"
    summary = "The numbers of a tensor in another type."
    constraints = (castable,)
    kernels = (_Plain(),)

    def output_shape(self, graph: Graph, node: Node) -> tuple[int, ...]:
        """The input's shape."""
        return graph.required(node, 0).shape

    def evaluate(self, graph: Graph, node: Node) -> tuple[Array, ...] | None:
        """The constant's numbers; None from floats beyond the range."""
        values, wanted = graph.required(node, 0).constant(), graph.output(node).dtype.numpy
        if values.dtype.kind == "f" and wanted.kind in "iu":
            bounds = _bounds(graph.output(node).dtype)
            if values.size and not (bounds.min <= values.min() and values.max() <= bounds.max):
                return None
        return (values.astype(wanted),)


OPERATOR = Cast()
