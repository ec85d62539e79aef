"""SUM along axes."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from edgeprune.graph import DType, Graph, Node
from edgeprune.ops import base, reduction
from edgeprune.ops.base import CField
from edgeprune.ops.reduction import PlainReduction, Reduction, ReductionKernel

_FOLDER = Path(__file__).parent


def same_scale_of_int16(graph: Graph, node: Node) -> str | None:
    """With int16, input and output have the same scale; sums wrap at 16 bits."""
    return base.same_quantization(graph, node) if graph.output(node).dtype is DType.INT16 else None


class _Int8(ReductionKernel):
    """TFLite's optimized kernel works in float32; its reference kernel reads a multiplier that nothing sets."""

    name = "ep_sum_s8"
    folder = _FOLDER
    cycles = (9.0, 70.0)

    def fields(self, graph: Graph, node: Node) -> tuple[CField, ...]:
        source, output = graph.required(node, 0).quantized(), graph.output(node).quantized()
        scale = np.float32(source.scale) / np.float32(output.scale)
        offset = np.float32(-source.zero_point) * scale * np.float32(reduction.value_count(graph, node))
        return (
            CField("scale", base.c_float(float(scale))),
            CField("offset", base.c_float(float(offset))),
            CField("zero_point", str(output.zero_point)),
        )


class _Int16(PlainReduction):
    name = "ep_sum_s16"
    types = ("int16",)
    folder = _FOLDER
    cycles = (9.0, 40.0)


class _Float(PlainReduction):
    name = "ep_sum_f32"
    types = ("float32",)
    folder = _FOLDER
    cycles = (11.0, 40.0)


class Sum(Reduction):
    """SUM of int8, int16 or float32."""

    name = "SUM"
    summary = "Sum along any axes."
    constraints = (*Reduction.constraints, same_scale_of_int16)
    kernels = (_Int8(), _Int16(), _Float())


OPERATOR = Sum()
