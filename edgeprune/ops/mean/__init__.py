"""MEAN: the average over given axes, rescaled to the output's quantization."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from edgeprune.graph import Graph, Node
from edgeprune.ops import base, geometry
from edgeprune.ops.arithmetic import Multiplier, quantize_multiplier
from edgeprune.ops.base import CField, Cost, Kernel, KernelCode, Operator
from edgeprune.ops.pooled import SUM_CYCLES
from edgeprune.ops.pooling import WORD_CHANNELS
from edgeprune.targets import Extension, McuCpu

_FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class MeanOptions:
    """Options of MEAN."""

    keep_dimensions: bool


def averaged_axes(graph: Graph, node: Node) -> tuple[int, ...]:
    """The averaged dimensions, counted from 0, ascending."""
    rank = len(graph.required(node, 0).shape)
    return tuple(sorted({int(axis) % rank for axis in graph.required(node, 1).constant().reshape(-1)}))


def constant_axes(graph: Graph, node: Node) -> str | None:
    """The axes are constant and name dimensions that the input has; there are one to four of those."""
    axes, rank = graph.required(node, 1), len(graph.required(node, 0).shape)
    if not axes.is_constant:
        return f"{axes.name!r} is computed at run time"
    values = axes.constant().reshape(-1).tolist()
    return None if 1 <= rank <= 4 and all(-rank <= a < rank for a in values) else f"{values} of {rank} dimensions"


def mean_multiplier(graph: Graph, node: Node, count: int) -> Multiplier:
    """Input scale / output scale / count, the division folded into the mantissa as the reference does."""
    scales = graph.required(node, 0).quantized().scale, graph.output(node).quantized().scale
    whole = quantize_multiplier(scales[0] / scales[1])
    shift = min(count.bit_length() - 1, 32, 31 + whole.shift)
    return Multiplier((whole.mantissa << shift) // count, whole.shift - shift)


class _Plain(Kernel):
    name = "ep_mean_s8"
    folder = _FOLDER

    def cost(self, graph: Graph, node: Node, cpu: McuCpu) -> Cost:
        return Cost(29.0 * graph.required(node, 0).size + 40.0 * graph.output(node).size)

    def emit(self, graph: Graph, node: Node) -> KernelCode:
        source, output = graph.required(node, 0), graph.output(node).quantized()
        extents = (1,) * (4 - len(source.shape)) + source.shape
        averaged = {axis + 4 - len(source.shape) for axis in averaged_axes(graph, node)}
        strides = [math.prod(extents[i + 1 :]) for i in range(4)]
        count = math.prod(extents[i] for i in averaged)
        multiplier = mean_multiplier(graph, node, count)
        fields = (
            CField("kept", geometry.numbers(tuple(1 if i in averaged else extents[i] for i in range(4)))),
            CField("averaged", geometry.numbers(tuple(extents[i] if i in averaged else 1 for i in range(4)))),
            CField("stride", geometry.numbers(tuple(strides))),
            CField("offset", str(-source.quantized().zero_point * count)),
            CField("mantissa", str(multiplier.mantissa)),
            CField("shift", str(multiplier.shift)),
            CField("zero_point", str(output.zero_point)),
        )
        return KernelCode((), fields)


class _Dsp(Kernel):
    name = "ep_mean_s8_dsp"
    folder = _FOLDER
    needs = frozenset({Extension.DSP})
    code_bytes = 1500

    def supports(self, graph: Graph, node: Node) -> bool:
        blocks = self._blocks(graph, node)
        return blocks is not None and blocks[2] >= WORD_CHANNELS

    @staticmethod
    def _blocks(graph: Graph, node: Node) -> tuple[int, int, int] | None:
        """(images, taps, channels) where the averaged dimensions lie together, before kept ones."""
        axes = averaged_axes(graph, node)
        shape = graph.required(node, 0).shape
        if not axes or axes != tuple(range(axes[0], axes[-1] + 1)):
            return None
        first, behind = axes[0], axes[-1] + 1
        return math.prod(shape[:first]), math.prod(shape[first:behind]), math.prod(shape[behind:])

    def cost(self, graph: Graph, node: Node, cpu: McuCpu) -> Cost:
        """Measured on the emulated Cortex-M4."""
        images, taps, channels = self._blocks(graph, node) or (1, 1, 1)
        return Cost(images * SUM_CYCLES.of_pixel(taps, 1, channels))

    def emit(self, graph: Graph, node: Node) -> KernelCode:
        images, taps, channels = self._blocks(graph, node) or (1, 1, 1)
        source, output = graph.required(node, 0).quantized(), graph.output(node).quantized()
        multiplier = mean_multiplier(graph, node, taps)
        fields = (
            CField("images", str(images)),
            CField("taps", str(taps)),
            CField("channels", str(channels)),
            CField("offset", str(-source.zero_point * taps)),
            CField("mantissa", str(multiplier.mantissa)),
            CField("shift", str(multiplier.shift)),
            CField("zero_point", str(output.zero_point)),
        )
        return KernelCode((), fields)


class Mean(Operator):
    """MEAN over int8."""

    name = "MEAN"
    summary = "Average over any axes of a tensor with up to four dimensions, for example global average pooling."
    constraints = (base.int8_input_and_output, constant_axes)
    kernels = (_Plain(), _Dsp())

    def decode(self, options: Any) -> MeanOptions:
        """Translate `ReducerOptionsT`."""
        return MeanOptions(bool(options.keepDims))

    def output_shape(self, graph: Graph, node: Node) -> tuple[int, ...]:
        """The input's shape without the axes, or with 1 in their place."""
        shape, axes = graph.required(node, 0).shape, averaged_axes(graph, node)
        if cast(MeanOptions, node.options).keep_dimensions:
            return tuple(1 if i in axes else extent for i, extent in enumerate(shape))
        return tuple(extent for i, extent in enumerate(shape) if i not in axes)


OPERATOR = Mean()
