"""MEAN: the average over given axes, rescaled to the output's quantization."""

from __future__ import annotations

import math
from pathlib import Path

from edgeprune.graph import Graph, Node
from edgeprune.ops import base, geometry, neon
from edgeprune.ops.arithmetic import Multiplier, quantize_multiplier
from edgeprune.ops.base import CField, Cost, Kernel, KernelCode
from edgeprune.ops.pooled import SUM_CYCLES
from edgeprune.ops.pooling import WORD_CHANNELS
from edgeprune.ops.reduction import Reduction, ReductionKernel, few_enough_for_int16, reduced_axes, value_count
from edgeprune.ops.requantize import LARGEST_SHIFT, SMALLEST_SHIFT
from edgeprune.targets import Cpu, Extension

_FOLDER = Path(__file__).parent


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

    def cost(self, graph: Graph, node: Node, cpu: Cpu) -> Cost:
        return Cost(29.0 * graph.required(node, 0).size + 40.0 * graph.output(node).size)

    def emit(self, graph: Graph, node: Node) -> KernelCode:
        source, output = graph.required(node, 0), graph.output(node).quantized()
        extents = (1,) * (4 - len(source.shape)) + source.shape
        averaged = {axis + 4 - len(source.shape) for axis in reduced_axes(graph, node)}
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
        axes = reduced_axes(graph, node)
        shape = graph.required(node, 0).shape
        if not axes or axes != tuple(range(axes[0], axes[-1] + 1)):
            return None
        first, behind = axes[0], axes[-1] + 1
        return math.prod(shape[:first]), math.prod(shape[first:behind]), math.prod(shape[behind:])

    def cost(self, graph: Graph, node: Node, cpu: Cpu) -> Cost:
        """Measured on the emulated Cortex-M4."""
        images, taps, channels = self._blocks(graph, node) or (1, 1, 1)
        return Cost(images * SUM_CYCLES.of_pixel(taps, 1, channels))

    def emit(self, graph: Graph, node: Node) -> KernelCode:
        images, taps, channels = self._blocks(graph, node) or (1, 1, 1)
        source, output = graph.required(node, 0).quantized(), graph.output(node).quantized()
        multiplier = mean_multiplier(graph, node, taps)
        fast = -LARGEST_SHIFT <= multiplier.shift <= -SMALLEST_SHIFT
        doubled = 2 * multiplier.mantissa
        whole = doubled >= 1 << 31
        fields = (
            CField("images", str(images)),
            CField("taps", str(taps)),
            CField("channels", str(channels)),
            CField("offset", str(-source.zero_point * taps)),
            CField("mantissa", str(multiplier.mantissa)),
            CField("shift", str(multiplier.shift)),
            CField("zero_point", str(output.zero_point)),
            CField("scale", str((1 << 32 + multiplier.shift) if fast else 0)),
            CField("factor", str(doubled - (1 << 32) if whole else doubled)),
            CField("whole", str(-int(whole))),
        )
        return KernelCode((), fields)


class _Neon(_Dsp):
    name = "ep_mean_s8_neon"
    needs = frozenset({Extension.NEON})
    code_bytes = 500

    def supports(self, graph: Graph, node: Node) -> bool:
        blocks = self._blocks(graph, node)
        return blocks is not None and blocks[2] >= neon.WIDTH

    def cost(self, graph: Graph, node: Node, cpu: Cpu) -> Cost:
        """Instructions."""
        images, taps, channels = self._blocks(graph, node) or (1, 1, 1)
        return Cost(images * -(-channels // neon.WIDTH) * (60.0 + 6.0 * taps))

    def emit(self, graph: Graph, node: Node) -> KernelCode:
        images, taps, channels = self._blocks(graph, node) or (1, 1, 1)
        multiplier = mean_multiplier(graph, node, taps)
        fields = (
            CField("images", str(images)),
            CField("taps", str(taps)),
            CField("channels", str(channels)),
            CField("offset", str(-graph.required(node, 0).quantized().zero_point * taps)),
            CField("mantissa", str(multiplier.mantissa)),
            CField("shift", str(multiplier.shift)),
            CField("output", neon.output_initialiser(graph, node, (multiplier,), "NONE")),
        )
        return KernelCode((), fields)


class _Int16(ReductionKernel):
    name = "ep_mean_s16"
    types = ("int16",)
    folder = _FOLDER
    cycles = (9.0, 60.0)

    def fields(self, graph: Graph, node: Node) -> tuple[CField, ...]:
        multiplier = mean_multiplier(graph, node, value_count(graph, node))
        return CField("mantissa", str(multiplier.mantissa)), CField("shift", str(multiplier.shift))


class _Float(ReductionKernel):
    name = "ep_mean_f32"
    types = ("float32",)
    folder = _FOLDER
    cycles = (11.0, 60.0)

    def fields(self, graph: Graph, node: Node) -> tuple[CField, ...]:
        return (CField("count", base.c_float(value_count(graph, node))),)


class Mean(Reduction):
    """MEAN of int8, int16 or float32."""

    name = "MEAN"
    summary = "Average over any axes of a tensor with up to four dimensions, for example global average pooling."
    constraints = (base.arithmetic_input_and_output, constant_axes, few_enough_for_int16)
    kernels = (_Plain(), _Dsp(), _Neon(), _Int16(), _Float())


OPERATOR = Mean()
