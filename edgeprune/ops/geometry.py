"""The `ep_window` of a sliding-window layer, and the tables its output stage needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, cast

import numpy as np
import numpy.typing as npt

from edgeprune.graph import Graph, Node, Tensor
from edgeprune.ops.arithmetic import Multiplier, activation_range, channel_multipliers
from edgeprune.ops.base import CArray, CField
from edgeprune.ops.enums import activation_name, padding_name
from edgeprune.ops.window import slide


def int8_output_fields(output: Tensor, activation: str) -> str:
    """Zero point and clamping range of an int8 output as C initialisers."""
    low, high = activation_range(activation, output)
    return f".zero_point = {output.quantized().zero_point}, .low = {low}, .high = {high}"


def output_stage(
    graph: Graph,
    node: Node,
    multipliers: tuple[Multiplier, ...],
    activation: str,
    folded: npt.NDArray[np.int64] | None = None,
) -> tuple[tuple[CArray, ...], str]:
    """Tables and initialiser of an `ep_output_stage` for a node with inputs data, weights, bias.

    Args:
        graph: The graph.
        node: Its inputs are data, weights and an optional int32 bias.
        multipliers: One per output channel.
        activation: Name of the fused activation.
        folded: int64 [channels], added to the bias (the input zero point's share); sums
            wrap at 32 bits as the kernels' accumulators do.
    """
    bias_tensor = graph.operand(node, 2)
    bias = (
        np.zeros(len(multipliers), np.int64)
        if bias_tensor is None
        else bias_tensor.constant().astype(np.int64).reshape(-1)
    )
    if folded is not None:
        bias = bias + folded
    arrays = (
        CArray("int32_t", "bias", bias.astype(np.uint32).astype(np.int32)),
        CArray("int32_t", "mantissa", np.array([m.mantissa for m in multipliers], np.int32)),
        CArray("int32_t", "shift", np.array([m.shift for m in multipliers], np.int32)),
    )
    tables = ", ".join(f".{a.suffix} = {{array:{a.suffix}}}" for a in arrays)
    return arrays, f"{{{tables}, {int8_output_fields(graph.output(node), activation)}}}"


def convolution_multipliers(graph: Graph, node: Node, channels: int) -> tuple[Multiplier, ...]:
    """One multiplier per output channel of a node with inputs data and weights."""
    return channel_multipliers(graph.required(node, 0), graph.required(node, 1), graph.output(node), channels)


def window_field(
    source: tuple[int, ...],
    output: tuple[int, ...],
    window: tuple[int, int],
    stride: tuple[int, int],
    dilation: tuple[int, int],
    padding: str,
) -> CField:
    """The `ep_window` initialiser; all pairs are (height, width), shapes are NHWC."""
    top = slide(source[1], window[0], stride[0], dilation[0], padding).before
    left = slide(source[2], window[1], stride[1], dilation[1], padding).before
    members: dict[str, Any] = {
        "batches": source[0], "in_h": source[1], "in_w": source[2], "in_c": source[3],
        "out_h": output[1], "out_w": output[2], "out_c": output[3],
        "filter_h": window[0], "filter_w": window[1], "stride_h": stride[0], "stride_w": stride[1],
        "dilation_h": dilation[0], "dilation_w": dilation[1], "pad_top": top, "pad_left": left,
    }  # fmt: skip
    return CField("window", "{" + ", ".join(f".{name} = {value}" for name, value in members.items()) + "}")


def window_shape(
    source: tuple[int, ...],
    window: tuple[int, int],
    stride: tuple[int, int],
    dilation: tuple[int, int],
    padding: str,
    channels: int,
) -> tuple[int, ...]:
    """NHWC output shape of a sliding window."""
    rows = slide(source[1], window[0], stride[0], dilation[0], padding).output
    columns = slide(source[2], window[1], stride[1], dilation[1], padding).output
    return (source[0], rows, columns, channels)


@dataclass(frozen=True)
class ConvolutionOptions:
    """Options of both convolutions; pairs are (height, width)."""

    padding: str
    activation: str
    stride: tuple[int, int]
    dilation: tuple[int, int]


def convolution_options(node: Node) -> ConvolutionOptions:
    """The node's options, typed."""
    return cast(ConvolutionOptions, node.options)


def decode_convolution(options: Any) -> ConvolutionOptions:
    """Translate `Conv2DOptionsT` or `DepthwiseConv2DOptionsT`; a depth multiplier follows from the shapes."""
    return ConvolutionOptions(
        padding_name(options.padding),
        activation_name(options.fusedActivationFunction),
        (options.strideH, options.strideW),
        (options.dilationHFactor, options.dilationWFactor),
    )


def channels_match(graph: Graph, node: Node) -> bool:
    """Whether a convolution's weights have the channels of its input.

    An ordinary one has one group then, and a depthwise one makes one channel of each.
    """
    return graph.required(node, 1).shape[3] == graph.required(node, 0).shape[3]


def convolution_window(graph: Graph, node: Node) -> CField:
    """The `ep_window` initialiser of a convolution, whose weights are [., height, width, .]."""
    options, shape = convolution_options(node), graph.required(node, 1).shape
    return window_field(
        graph.required(node, 0).shape,
        graph.output(node).shape,
        (shape[1], shape[2]),
        options.stride,
        options.dilation,
        options.padding,
    )


def convolution_shape(graph: Graph, node: Node, channels: int) -> tuple[int, ...]:
    """NHWC output shape of a convolution, whose weights are [., height, width, .]."""
    options, shape = convolution_options(node), graph.required(node, 1).shape
    source = graph.required(node, 0).shape
    return window_shape(source, (shape[1], shape[2]), options.stride, options.dilation, options.padding, channels)


class Steps(Protocol):
    """What the options of every sliding window say; pairs are (height, width)."""

    @property
    def stride(self) -> tuple[int, int]:
        """Positions are this far apart."""

    @property
    def dilation(self) -> tuple[int, int]:
        """Taps are this far apart."""


def positive_steps(graph: Graph, node: Node) -> str | None:
    """Strides and dilations are at least 1."""
    options = cast(Steps, node.options)
    return None if min(options.stride + options.dilation) >= 1 else f"{options.stride}, {options.dilation}"


def numbers(values: tuple[int, ...]) -> str:
    """A C initialiser of integers."""
    return "{" + ", ".join(str(value) for value in values) + "}"
