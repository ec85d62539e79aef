"""FULLY_CONNECTED: rows of the input times the transposed weights [channels][depth]."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from edgeprune.graph import Graph, Node
from edgeprune.ops import base, geometry
from edgeprune.ops.arithmetic import Multiplier, channel_multipliers, tensor_multiplier
from edgeprune.ops.base import CArray, CField, Cost, Kernel, KernelCode, Operator
from edgeprune.ops.enums import activation_name
from edgeprune.targets import Extension, McuCpu

_FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class FullyConnectedOptions:
    """Options of FULLY_CONNECTED."""

    activation: str
    keep_dimensions: bool


def dense_options(node: Node) -> FullyConnectedOptions:
    """The node's options, typed."""
    return cast(FullyConnectedOptions, node.options)


def _sizes(graph: Graph, node: Node) -> tuple[int, int, int]:
    """(rows, depth, channels)."""
    channels, depth = graph.required(node, 1).shape
    return graph.required(node, 0).size // depth, depth, channels


def matrix_of_weights(graph: Graph, node: Node) -> str | None:
    """Weights are a matrix whose depth divides the input's elements."""
    shape, size = graph.required(node, 1).shape, graph.required(node, 0).size
    return None if len(shape) == 2 and 0 not in shape and size % shape[1] == 0 else f"{shape} for {size} elements"


def default_weight_format(graph: Graph, node: Node) -> str | None:
    """Weights are in the default (not shuffled) format."""
    return None if node.options is not None else "they are shuffled"


def multipliers(graph: Graph, node: Node) -> tuple[Multiplier, ...]:
    """One multiplier per output channel."""
    tensors = graph.required(node, 0), graph.required(node, 1), graph.output(node)
    channels = tensors[1].shape[0]
    if tensors[1].quantized().per_channel:
        return channel_multipliers(*tensors, channels)
    return (tensor_multiplier(*tensors),) * channels


def _stage(graph: Graph, node: Node) -> tuple[npt.NDArray[np.int8], tuple[CArray, ...], str]:
    weights = graph.required(node, 1).constant().astype(np.int64)
    folded = -graph.required(node, 0).quantized().zero_point * weights.sum(axis=1)
    arrays, stage = geometry.output_stage(graph, node, multipliers(graph, node), dense_options(node).activation, folded)
    return weights.astype(np.int8), arrays, stage


class _Scalar(Kernel):
    name = "ep_fully_connected_s8"
    folder = _FOLDER

    def cost(self, graph: Graph, node: Node, cpu: McuCpu) -> Cost:
        return Cost(6.0 * OPERATOR.macs(graph, node) + 30.0 * graph.output(node).size)

    def emit(self, graph: Graph, node: Node) -> KernelCode:
        rows, depth, channels = _sizes(graph, node)
        weights, arrays, stage = _stage(graph, node)
        fields = (
            CField("rows", str(rows)),
            CField("depth", str(depth)),
            CField("channels", str(channels)),
            CField("weights", "{array:weights}"),
            CField("stage", stage),
        )
        return KernelCode((CArray("int8_t", "weights", weights), *arrays), fields)


class _Dsp(Kernel):
    name = "ep_fully_connected_s8_dsp"
    folder = _FOLDER
    needs = frozenset({Extension.DSP})

    def cost(self, graph: Graph, node: Node, cpu: McuCpu) -> Cost:
        rows, depth, channels = _sizes(graph, node)
        return Cost(rows * (1.5 * depth + 60 + channels * (1.9 * depth + 25)))

    def scratch_bytes(self, graph: Graph, node: Node) -> int:
        return 2 * -(-_sizes(graph, node)[1] // 4) * 4

    def emit(self, graph: Graph, node: Node) -> KernelCode:
        rows, depth, channels = _sizes(graph, node)
        weights, arrays, stage = _stage(graph, node)
        table = geometry.padded_rows(weights)
        fields = (
            CField("rows", str(rows)),
            CField("depth", str(depth)),
            CField("columns", geometry.columns_initialiser(table.shape[1], channels, stage)),
        )
        return KernelCode((CArray("int8_t", "weights", table), *arrays), fields)


class FullyConnected(Operator):
    """FULLY_CONNECTED with per-tensor or per-channel int8 weights."""

    name = "FULLY_CONNECTED"
    summary = "Dense layer over the last dimension with fused activation."
    constraints = (
        base.int8_input_and_output,
        base.constant_int8_weights,
        matrix_of_weights,
        base.constant_int32_bias,
        default_weight_format,
        base.fused_activation,
    )
    kernels = (_Scalar(), _Dsp())

    def decode(self, options: Any) -> FullyConnectedOptions | None:
        """Translate `FullyConnectedOptionsT`; None for shuffled weights."""
        if options.weightsFormat != 0:
            return None
        return FullyConnectedOptions(activation_name(options.fusedActivationFunction), bool(options.keepNumDims))

    def output_shape(self, graph: Graph, node: Node) -> tuple[int, ...]:
        """[rows, channels], or the input's shape with the last extent replaced."""
        rows, _, channels = _sizes(graph, node)
        if dense_options(node).keep_dimensions:
            return (*graph.required(node, 0).shape[:-1], channels)
        return (rows, channels)

    def macs(self, graph: Graph, node: Node) -> int:
        """Output elements times the weights that each sees."""
        return graph.output(node).size * math.prod(graph.required(node, 1).shape[1:])


OPERATOR = FullyConnected()
