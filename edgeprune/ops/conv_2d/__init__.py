"""CONV_2D: two-dimensional convolution, filters [out][height][width][in / groups]."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

from edgeprune.graph import Graph, Node
from edgeprune.ops import base, geometry
from edgeprune.ops.arithmetic import Multiplier
from edgeprune.ops.base import CArray, CField, Cost, Kernel, KernelCode, Operator
from edgeprune.ops.conv_2d import columns, helium, neon, rows, scalar, winograd
from edgeprune.ops.geometry import ConvolutionOptions
from edgeprune.ops.wide import Float32, Form, Int16
from edgeprune.targets import Cpu

_FOLDER = Path(__file__).parent


def _filter(graph: Graph, node: Node) -> tuple[int, int, int, int]:
    """(out channels, height, width, channels seen by each) of the weights."""
    shape = graph.required(node, 1).shape
    return shape[0], shape[1], shape[2], shape[3]


def four_dimensional_weights(graph: Graph, node: Node) -> str | None:
    """Weights have four dimensions, and their input depth divides the input's channels into groups."""
    shape, channels = graph.required(node, 1).shape, graph.required(node, 0).shape[3]
    if len(shape) != 4 or 0 in shape:
        return f"they have the shape {shape}"
    groups, rest = divmod(channels, shape[3])
    return None if rest == 0 and groups and shape[0] % groups == 0 else f"{channels} channels against {shape}"


class _Scalar(Kernel):
    name = "ep_conv_2d_s8"
    folder = _FOLDER

    def cost(self, graph: Graph, node: Node, cpu: Cpu) -> Cost:
        product, output = (30.0, 120.0) if cpu.facts.architecture == "armv6-m" else (18.0, 30.0)
        return Cost(product * OPERATOR.macs(graph, node) + output * graph.output(node).size)

    def emit(self, graph: Graph, node: Node) -> KernelCode:
        weights = graph.required(node, 1).constant()
        arrays, stage = geometry.output_stage(
            graph,
            node,
            geometry.convolution_multipliers(graph, node, weights.shape[0]),
            geometry.convolution_options(node).activation,
        )
        fields = (
            geometry.convolution_window(graph, node),
            CField("weights", "{array:weights}"),
            CField("group_c", str(weights.shape[3])),
            CField("input_zero_point", str(graph.required(node, 0).quantized().zero_point)),
            CField("stage", stage),
        )
        return KernelCode((CArray("int8_t", "weights", weights.astype(np.int8)), *arrays), fields)


def _form(graph: Graph, node: Node) -> Form:
    activation = geometry.convolution_options(node).activation
    window = geometry.convolution_window(graph, node)
    return Form(window, graph.required(node, 1).constant(), activation, OPERATOR.macs(graph, node))


def _multipliers(graph: Graph, node: Node) -> tuple[Multiplier, ...]:
    return geometry.convolution_multipliers(graph, node, _filter(graph, node)[0])


_WIDE = (Float32(_form), Int16(_form, _multipliers))


class Conv2D(Operator):
    """CONV_2D with per-channel or per-tensor int8 weights, or in float32."""

    name = "CONV_2D"
    summary = "Convolution with stride, dilation, groups, SAME or VALID padding and fused activation."
    constraints = (
        base.arithmetic_input_and_output,
        base.four_dimensions,
        base.constant_weights,
        four_dimensional_weights,
        base.constant_bias,
        geometry.positive_steps,
        base.fused_activation,
    )
    kernels = (
        _Scalar(),
        *columns.KERNELS,
        *rows.KERNELS,
        *winograd.KERNELS,
        *scalar.KERNELS,
        *helium.KERNELS,
        *neon.KERNELS,
        *_WIDE,
    )

    def decode(self, options: Any) -> ConvolutionOptions:
        """Translate `Conv2DOptionsT`."""
        return geometry.decode_convolution(options)

    def output_shape(self, graph: Graph, node: Node) -> tuple[int, ...]:
        """[batch, rows, columns, filters]."""
        return geometry.convolution_shape(graph, node, _filter(graph, node)[0])

    def macs(self, graph: Graph, node: Node) -> int:
        """Output elements times the weights that each sees."""
        return graph.output(node).size * math.prod(graph.required(node, 1).shape[1:])


OPERATOR = Conv2D()
