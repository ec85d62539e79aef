"""L2_NORMALIZATION: values of the last dimension divided by the root of the sum of their squares."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from edgeprune.graph import DType, Graph, Node
from edgeprune.ops import base
from edgeprune.ops.base import CField, Cost, Kernel, KernelCode
from edgeprune.ops.enums import activation_name
from edgeprune.ops.unary import Unary, float_cycles
from edgeprune.targets import Cpu

_FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class NormalizationOptions:
    """Options of L2_NORMALIZATION."""

    activation: str


def no_fused_activation(graph: Graph, node: Node) -> str | None:
    """There is no fused activation."""
    activation = cast(NormalizationOptions, node.options).activation
    return None if activation == "NONE" else f"it is {activation}"


def output_scale_of_the_function(graph: Graph, node: Node) -> str | None:
    """With int8, the output's scale is 1/128 and its zero point 0."""
    output = graph.output(node)
    if output.dtype is not DType.INT8:
        return None
    found = output.quantized().scale, output.quantized().zero_point
    return None if found == (1 / 128, 0) else f"{found[0]:g} and {found[1]}"


def _rows_fields(graph: Graph, node: Node) -> tuple[CField, CField]:
    shape = graph.output(node).shape
    depth = shape[-1] if shape else 1
    return CField("rows", str(graph.output(node).size // max(depth, 1))), CField("depth", str(depth))


class _Int8(Kernel):
    name = "ep_l2_normalization_s8"
    folder = _FOLDER

    def cost(self, graph: Graph, node: Node, cpu: Cpu) -> Cost:
        size = graph.output(node).size
        return Cost(40.0 * size + 500.0 * (size / max(graph.output(node).shape[-1], 1)))

    def emit(self, graph: Graph, node: Node) -> KernelCode:
        zero_point = CField("zero_point", str(graph.required(node, 0).quantized().zero_point))
        return KernelCode((), (*_rows_fields(graph, node), zero_point))

    def in_place(self, graph: Graph, node: Node) -> tuple[int, ...]:
        return (0,)


class _Float(Kernel):
    name = "ep_l2_normalization_f32"
    types = ("float32",)
    folder = _FOLDER

    def cost(self, graph: Graph, node: Node, cpu: Cpu) -> Cost:
        return Cost(float_cycles(35.0, cpu) * graph.output(node).size)

    def emit(self, graph: Graph, node: Node) -> KernelCode:
        return KernelCode((), _rows_fields(graph, node))

    def in_place(self, graph: Graph, node: Node) -> tuple[int, ...]:
        return (0,)


class L2Normalization(Unary):
    """L2_NORMALIZATION of int8 or float32."""

    name = "L2_NORMALIZATION"
    summary = "Values of the last dimension divided by the root of the sum of their squares."
    constraints = (base.arithmetic_input_and_output, output_scale_of_the_function, no_fused_activation)
    kernels = (_Int8(), _Float())

    def decode(self, options: Any) -> NormalizationOptions:
        """Translate `L2NormOptionsT`."""
        return NormalizationOptions(activation_name(options.fusedActivationFunction))


OPERATOR = L2Normalization()
