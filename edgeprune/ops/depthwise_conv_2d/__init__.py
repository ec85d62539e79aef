"""DEPTHWISE_CONV_2D: one filter per channel, weights [1][height][width][channels * multiplier]."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

from edgeprune.graph import Graph, Node
from edgeprune.ops import base, geometry
from edgeprune.ops.arithmetic import Multiplier
from edgeprune.ops.base import CArray, CField, Cost, Kernel, KernelCode, Operator
from edgeprune.ops.depthwise_conv_2d import helium, neon, planes, scalar
from edgeprune.ops.geometry import ConvolutionOptions
from edgeprune.ops.wide import Float32, Form, Int16
from edgeprune.targets import Cpu

_FOLDER = Path(__file__).parent


def _taps(graph: Graph, node: Node) -> tuple[int, int, int]:
    """(height, width, output channels) of the weights."""
    shape = graph.required(node, 1).shape
    return shape[1], shape[2], shape[3]


def one_filter_per_channel(graph: Graph, node: Node) -> str | None:
    """Weights have the shape [1, height, width, input channels times the multiplier]."""
    shape, channels = graph.required(node, 1).shape, graph.required(node, 0).shape[3]
    if len(shape) != 4 or shape[0] != 1 or 0 in shape or channels == 0 or shape[3] % channels:
        return f"{shape} for {channels} channels"
    return None


class _Scalar(Kernel):
    name = "ep_depthwise_conv_2d_s8"
    folder = _FOLDER

    def cost(self, graph: Graph, node: Node, cpu: Cpu) -> Cost:
        product, output = (130.0, 120.0) if cpu.facts.architecture == "armv6-m" else (60.0, 30.0)
        return Cost(product * OPERATOR.macs(graph, node) + output * graph.output(node).size)

    def emit(self, graph: Graph, node: Node) -> KernelCode:
        channels = _taps(graph, node)[2]
        arrays, stage = geometry.output_stage(
            graph,
            node,
            geometry.convolution_multipliers(graph, node, channels),
            geometry.convolution_options(node).activation,
        )
        weights = graph.required(node, 1).constant().astype(np.int8)
        fields = (
            geometry.convolution_window(graph, node),
            CField("weights", "{array:weights}"),
            CField("multiplier", str(channels // graph.required(node, 0).shape[3])),
            CField("input_zero_point", str(graph.required(node, 0).quantized().zero_point)),
            CField("stage", stage),
        )
        return KernelCode((CArray("int8_t", "weights", weights), *arrays), fields)


def _form(graph: Graph, node: Node) -> Form:
    """Each channel is a group, and its filters are one after the other."""
    weights = graph.required(node, 1).constant().transpose(3, 1, 2, 0)
    activation = geometry.convolution_options(node).activation
    return Form(geometry.convolution_window(graph, node), weights, activation, OPERATOR.macs(graph, node))


def _multipliers(graph: Graph, node: Node) -> tuple[Multiplier, ...]:
    return geometry.convolution_multipliers(graph, node, _taps(graph, node)[2])


_WIDE = (Float32(_form), Int16(_form, _multipliers))


class DepthwiseConv2D(Operator):
    """DEPTHWISE_CONV_2D with per-channel or per-tensor int8 weights, or in float32."""

    name = "DEPTHWISE_CONV_2D"
    summary = "Depthwise convolution with multiplier, stride, dilation, SAME or VALID padding and fused activation."
    constraints = (
        base.arithmetic_input_and_output,
        base.four_dimensions,
        base.constant_weights,
        one_filter_per_channel,
        base.constant_bias,
        geometry.positive_steps,
        base.fused_activation,
    )
    kernels = (_Scalar(), *planes.KERNELS, *scalar.KERNELS, *helium.KERNELS, *neon.KERNELS, *_WIDE)

    def decode(self, options: Any) -> ConvolutionOptions:
        """Translate `DepthwiseConv2DOptionsT`."""
        return geometry.decode_convolution(options)

    def output_shape(self, graph: Graph, node: Node) -> tuple[int, ...]:
        """[batch, rows, columns, channels * multiplier]."""
        return geometry.convolution_shape(graph, node, _taps(graph, node)[2])

    def macs(self, graph: Graph, node: Node) -> int:
        """Output elements times the taps of a filter."""
        return graph.output(node).size * math.prod(graph.required(node, 1).shape[1:3])


OPERATOR = DepthwiseConv2D()
