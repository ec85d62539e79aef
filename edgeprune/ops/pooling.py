"""What the two pooling operators share: all but their kernels."""

from __future__ import annotations

import abc
import math
from dataclasses import dataclass
from typing import Any, ClassVar, cast

from edgeprune import runtime
from edgeprune.graph import Graph, Node
from edgeprune.ops import base, geometry, neon, pooled
from edgeprune.ops.arithmetic import activation_range
from edgeprune.ops.base import CField, Cost, Kernel, KernelCode, Operator
from edgeprune.ops.enums import activation_name, padding_name
from edgeprune.ops.pooled import TapCycles
from edgeprune.ops.unary import FLOAT_RANGES, float_cycles
from edgeprune.ops.window import slide
from edgeprune.targets import Cpu, Extension

#: Channels in a word.
WORD_CHANNELS = 4


@dataclass(frozen=True)
class PoolOptions:
    """Options of both pooling operators; pairs are (height, width)."""

    padding: str
    activation: str
    window: tuple[int, int]
    stride: tuple[int, int]
    dilation: tuple[int, int] = (1, 1)


def pool_options(node: Node) -> PoolOptions:
    """The node's options, typed."""
    return cast(PoolOptions, node.options)


def positive_window(graph: Graph, node: Node) -> str | None:
    """The window has at least one row and one column."""
    return None if min(pool_options(node).window) >= 1 else f"{pool_options(node).window}"


class PoolKernel(Kernel):
    """A kernel with the parameters `window`, `low`, `high` whose time goes by the taps of the window."""

    #: Cycles of an output value beside those of its taps.
    fixed_cycles: float

    def cost(self, graph: Graph, node: Node, cpu: Cpu) -> Cost:
        """Measured on the emulated Cortex-M4: about 12 cycles a tap."""
        window = pool_options(node).window
        return Cost(graph.output(node).size * (self.fixed_cycles + 12.0 * window[0] * window[1]))

    def emit(self, graph: Graph, node: Node) -> KernelCode:
        """Window and clamping range."""
        options, source, output = pool_options(node), graph.required(node, 0), graph.output(node)
        low, high = activation_range(options.activation, output)
        window = geometry.window_field(
            source.shape, output.shape, options.window, options.stride, options.dilation, options.padding
        )
        return KernelCode((), (window, CField("low", str(low)), CField("high", str(high))))


def taps_inside(graph: Graph, node: Node) -> tuple[frozenset[int], frozenset[int]]:
    """How many rows, and how many columns, of the window lie inside the image, over all its positions."""
    options, source, output = pool_options(node), graph.required(node, 0).shape, graph.output(node).shape
    found = []
    for axis in (0, 1):
        size, window, stride = source[axis + 1], options.window[axis], options.stride[axis]
        before = slide(size, window, stride, options.dilation[axis], options.padding).before
        starts = (position * stride - before for position in range(output[axis + 1]))
        found.append(frozenset(min(start + window, size) - max(start, 0) for start in starts))
    return found[0], found[1]


class WordPoolKernel(Kernel):
    """A kernel that takes four channels at a time, on cores with the DSP extension."""

    needs = frozenset({Extension.DSP})
    code_bytes = 1500
    cycles: ClassVar[TapCycles]

    def supports(self, graph: Graph, node: Node) -> bool:
        """Four channels at least."""
        return graph.output(node).shape[3] >= WORD_CHANNELS

    def cost(self, graph: Graph, node: Node, cpu: Cpu) -> Cost:
        """Measured on the emulated Cortex-M4."""
        batch, height, width, channels = graph.output(node).shape
        window, source = pool_options(node).window, graph.required(node, 0).shape
        rows = 1 if window[1] >= source[2] else min(window[0], source[1])
        taps = min(window[0], source[1]) * min(window[1], source[2])
        return Cost(batch * height * width * self.cycles.of_pixel(taps, rows, channels))

    def pool_field(self, graph: Graph, node: Node, fewest: int, averages: str) -> CField:
        """The `ep_pool` initialiser; `averages` is C for the table of averages by taps from `fewest` on."""
        options, source, output = pool_options(node), graph.required(node, 0), graph.output(node)
        window = geometry.window_field(
            source.shape, output.shape, options.window, options.stride, options.dilation, options.padding
        )
        bounds = pooled.bounds_initialiser(activation_range(options.activation, output))
        members = f".window = {window.text}, .bounds = {bounds}, .fewest = {fewest}, .averages = {averages}"
        return CField("pool", f"{{{members}}}")


class NeonPoolKernel(PoolKernel):
    """A kernel that takes sixteen channels at a time, on cores with Neon."""

    needs = frozenset({Extension.NEON})
    code_bytes = 600
    #: Instructions of a tap, and of an output pixel beside its taps.
    instructions: ClassVar[tuple[float, float]]

    def supports(self, graph: Graph, node: Node) -> bool:
        """Sixteen channels at least."""
        return graph.output(node).shape[3] >= neon.WIDTH

    def cost(self, graph: Graph, node: Node, cpu: Cpu) -> Cost:
        """Instructions."""
        batch, height, width, channels = graph.output(node).shape
        taps, (each, fixed) = math.prod(pool_options(node).window), self.instructions
        return Cost(batch * height * width * -(-channels // neon.WIDTH) * (fixed + each * taps))


@dataclass(frozen=True)
class WidePoolKernel(Kernel):
    """int16 or float32, for both operators."""

    average: bool

    folder = runtime.FOLDER
    code_bytes = 500

    @abc.abstractmethod
    def limits(self, graph: Graph, node: Node) -> tuple[str, str]:
        """Least and greatest output in C."""

    def cost(self, graph: Graph, node: Node, cpu: Cpu) -> Cost:
        """By the taps."""
        window = pool_options(node).window
        return Cost(graph.output(node).size * (60 + 9.0 * window[0] * window[1]))

    def emit(self, graph: Graph, node: Node) -> KernelCode:
        """Window and clamping range."""
        options, source, output = pool_options(node), graph.required(node, 0), graph.output(node)
        window = geometry.window_field(
            source.shape, output.shape, options.window, options.stride, options.dilation, options.padding
        )
        low, high = self.limits(graph, node)
        return KernelCode(
            (), (window, CField("average", str(int(self.average))), CField("low", low), CField("high", high))
        )


class _Int16(WidePoolKernel):
    name = "ep_pool_s16"
    types = ("int16",)

    def limits(self, graph: Graph, node: Node) -> tuple[str, str]:
        low, high = activation_range(pool_options(node).activation, graph.output(node))
        return str(low), str(high)


class _Float32(WidePoolKernel):
    name = "ep_pool_f32"
    types = ("float32",)

    def limits(self, graph: Graph, node: Node) -> tuple[str, str]:
        low, high = FLOAT_RANGES[pool_options(node).activation]
        return base.c_float(low), base.c_float(high)

    def cost(self, graph: Graph, node: Node, cpu: Cpu) -> Cost:
        return Cost(float_cycles(super().cost(graph, node, cpu).cycles, cpu))


def wide_kernels(average: bool) -> tuple[WidePoolKernel, ...]:
    """The kernels of the types other than int8."""
    return _Int16(average), _Float32(average)


class Pool2D(Operator):
    """A pooling operator; subclasses name it and its kernels."""

    constraints = (
        base.arithmetic_input_and_output,
        base.four_dimensions,
        base.same_quantization,
        positive_window,
        geometry.positive_steps,
        base.fused_activation,
    )

    def decode(self, options: Any) -> PoolOptions:
        """Translate `Pool2DOptionsT`."""
        return PoolOptions(
            padding_name(options.padding),
            activation_name(options.fusedActivationFunction),
            (options.filterHeight, options.filterWidth),
            (options.strideH, options.strideW),
        )

    def output_shape(self, graph: Graph, node: Node) -> tuple[int, ...]:
        """[batch, rows, columns, channels]."""
        options, source = pool_options(node), graph.required(node, 0).shape
        return geometry.window_shape(
            source, options.window, options.stride, options.dilation, options.padding, source[3]
        )
