"""FULLY_CONNECTED: rows of the input times the transposed weights [channels][depth]."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edgeprune.graph import Graph, Node
from edgeprune.ops import base, geometry
from edgeprune.ops.base import CArray, CField, Cost, Kernel, KernelCode, Operator
from edgeprune.ops.enums import activation_name
from edgeprune.ops.fully_connected import helium, neon, scalar
from edgeprune.ops.fully_connected.layer import FullyConnectedOptions, dense_options, multipliers, sizes
from edgeprune.ops.fully_connected.pairs import FastPairs, WidePairs
from edgeprune.ops.wide import Float32, Form, Int16
from edgeprune.targets import Cpu

__all__ = ["OPERATOR", "dense_options", "multipliers"]

_FOLDER = Path(__file__).parent


def matrix_of_weights(graph: Graph, node: Node) -> str | None:
    """Weights are a matrix whose depth divides the input's elements."""
    shape, size = graph.required(node, 1).shape, graph.required(node, 0).size
    return None if len(shape) == 2 and 0 not in shape and size % shape[1] == 0 else f"{shape} for {size} elements"


def default_weight_format(graph: Graph, node: Node) -> str | None:
    """Weights are in the default (not shuffled) format."""
    return None if node.options is not None else "they are shuffled"


def _stage(graph: Graph, node: Node) -> tuple[npt.NDArray[np.int8], tuple[CArray, ...], str]:
    weights = graph.required(node, 1).constant().astype(np.int64)
    folded = -graph.required(node, 0).quantized().zero_point * weights.sum(axis=1)
    arrays, stage = geometry.output_stage(graph, node, multipliers(graph, node), dense_options(node).activation, folded)
    return weights.astype(np.int8), arrays, stage


class _Scalar(Kernel):
    name = "ep_fully_connected_s8"
    folder = _FOLDER

    def cost(self, graph: Graph, node: Node, cpu: Cpu) -> Cost:
        product, output = (10.0, 120.0) if cpu.facts.architecture == "armv6-m" else (6.5, 30.0)
        return Cost(product * OPERATOR.macs(graph, node) + output * graph.output(node).size)

    def emit(self, graph: Graph, node: Node) -> KernelCode:
        rows, depth, channels = sizes(graph, node)
        weights, arrays, stage = _stage(graph, node)
        fields = (
            CField("rows", str(rows)),
            CField("depth", str(depth)),
            CField("channels", str(channels)),
            CField("weights", "{array:weights}"),
            CField("stage", stage),
        )
        return KernelCode((CArray("int8_t", "weights", weights), *arrays), fields)


def _form(graph: Graph, node: Node) -> Form:
    """A column of pixels, one per row of the input."""
    rows, depth, channels = sizes(graph, node)
    shapes = (1, rows, 1, depth), (1, rows, 1, channels)
    window = geometry.window_field(*shapes, (1, 1), (1, 1), (1, 1), "VALID")
    weights = graph.required(node, 1).constant().reshape(channels, 1, 1, depth)
    return Form(window, weights, dense_options(node).activation, OPERATOR.macs(graph, node))


_WIDE = (Float32(_form), Int16(_form, multipliers))


class FullyConnected(Operator):
    """FULLY_CONNECTED with per-tensor or per-channel int8 weights, or in float32."""

    name = "FULLY_CONNECTED"
    summary = "Dense layer over the last dimension with fused activation."
    constraints = (
        base.arithmetic_input_and_output,
        base.constant_weights,
        matrix_of_weights,
        base.constant_bias,
        default_weight_format,
        base.fused_activation,
    )
    kernels = (_Scalar(), FastPairs(), WidePairs(), *scalar.KERNELS, *helium.KERNELS, *neon.KERNELS, *_WIDE)

    def decode(self, options: Any) -> FullyConnectedOptions | None:
        """Translate `FullyConnectedOptionsT`; None for shuffled weights."""
        if options.weightsFormat != 0:
            return None
        return FullyConnectedOptions(activation_name(options.fusedActivationFunction), bool(options.keepNumDims))

    def output_shape(self, graph: Graph, node: Node) -> tuple[int, ...]:
        """[rows, channels], or the input's shape with the last extent replaced."""
        rows, _, channels = sizes(graph, node)
        if dense_options(node).keep_dimensions:
            return (*graph.required(node, 0).shape[:-1], channels)
        return (rows, channels)

    def macs(self, graph: Graph, node: Node) -> int:
        """Output elements times the weights that each sees."""
        return graph.output(node).size * math.prod(graph.required(node, 1).shape[1:])


OPERATOR = FullyConnected()
