"""CONV_2D by int16 columns of pixel pairs, for cores with DSP and FPU."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edgeprune.graph import Graph, Node
from edgeprune.ops import geometry
from edgeprune.ops.base import CField, Cost, Kernel, KernelCode
from edgeprune.ops.products import (
    CACHED,
    SPACIOUS,
    USUAL,
    Products,
    Style,
    can_multiply,
    core_factor,
    multiply_cycles,
    multiply_scratch,
    products,
    weight_bytes_read,
)
from edgeprune.targets import Cpu, Extension


def filters(graph: Graph, node: Node) -> npt.NDArray[np.int64]:
    """The weights [channels, height, width, depth] of a convolution."""
    return graph.required(node, 1).constant().astype(np.int64)


@dataclass(frozen=True)
class Columns(Kernel):
    """Bands of `band` pixels.

    Attributes:
        band: Pixels whose columns lie in scratch at a time; even.
        style: How columns and filters are multiplied.
    """

    band: int
    style: Style

    name = "ep_conv_2d_s8_columns"
    folder = Path(__file__).parent
    needs = frozenset({Extension.DSP, Extension.FPU})
    code_bytes = 2000

    @property
    def label(self) -> str:
        """Names what differs."""
        return f"{self.name}:{self.band} pixels{self.style.note}"

    def supports(self, graph: Graph, node: Node) -> bool:
        """One group of channels that come by four, and multipliers whose requantization is exact."""
        weights, depth = filters(graph, node), graph.required(node, 0).shape[3]
        if weights.shape[3] != depth or depth % 4:
            return False
        multipliers = geometry.convolution_multipliers(graph, node, len(weights))
        return can_multiply(graph, node, weights.reshape(len(weights), -1), multipliers)

    def cost(self, graph: Graph, node: Node, cpu: Cpu) -> Cost:
        """Expanding the columns, and multiplying them."""
        layer, count = self._products(graph, node), pixels(graph, node)
        cycles = multiply_cycles(layer, count, self.band, self.style, cpu)
        cycles += count * _fill_cycles(graph, node) * core_factor(cpu) + 200
        read = weight_bytes_read(layer, count, self.band, self.style)
        return Cost(cycles, read, layer.loop.code_bytes)

    def scratch_bytes(self, graph: Graph, node: Node) -> int:
        """Columns of a band, what the multiplication needs, and a filter row of zero points."""
        _, height, width, depth = filters(graph, node).shape
        columns = 2 * height * width * depth * self._band(graph, node)
        border = 0 if _pointwise(graph, node) else width * depth
        return columns + self._multiply_scratch(graph, node) + border

    def in_place(self, graph: Graph, node: Node) -> tuple[int, ...]:
        """Pointwise, outputs never overtake the pixels that are still to be read."""
        channels, height, width, depth = filters(graph, node).shape
        return (0,) if height * width == 1 and channels <= depth else ()

    def emit(self, graph: Graph, node: Node) -> KernelCode:
        """Tables, and the function for as many steps as a column has."""
        layer = self._products(graph, node)
        single = graph.output(node).shape[1] * graph.output(node).shape[2] % 2 == 1
        multiply = layer.initialiser(self.style, self._multiply_scratch(graph, node), layer.function, single)
        fields = (
            geometry.convolution_window(graph, node),
            CField("input_zero_point", str(graph.required(node, 0).quantized().zero_point)),
            CField("band", str(self._band(graph, node))),
            CField("multiply", multiply),
        )
        return KernelCode(layer.arrays, fields, layer.definitions(single), layer.definition_bytes(single))

    def _band(self, graph: Graph, node: Node) -> int:
        """Pixels of a band, no more than there are; even."""
        pixels = graph.output(node).shape[1] * graph.output(node).shape[2]
        return min(self.band, pixels + pixels % 2)

    def _multiply_scratch(self, graph: Graph, node: Node) -> int:
        channels, height, width, depth = filters(graph, node).shape
        steps = height * width * depth // 2
        return multiply_scratch(channels, steps, self._band(graph, node), self.style)

    def _products(self, graph: Graph, node: Node) -> Products:
        weights = filters(graph, node)
        channels = len(weights)
        # Taps 0 and 2 of four, then 1 and 3, as SXTB16 expands them.
        rows = weights.reshape(channels, -1, 2, 2).transpose(0, 1, 3, 2).reshape(channels, -1)
        multipliers = geometry.convolution_multipliers(graph, node, channels)
        activation = geometry.convolution_options(node).activation
        return products(graph, node, rows, multipliers, activation, self.style)


def pixels(graph: Graph, node: Node) -> int:
    """Output pixels, of all batches."""
    batch, height, width, _ = graph.output(node).shape
    return batch * height * width


def _pointwise(graph: Graph, node: Node) -> bool:
    """Whether windows are the input's pixels, one after the other."""
    same_size = graph.required(node, 0).shape[1:3] == graph.output(node).shape[1:3]
    return filters(graph, node).shape[1:3] == (1, 1) and same_size


def _fill_cycles(graph: Graph, node: Node) -> float:
    """Cycles per pixel of expanding its window."""
    _, height, width, depth = filters(graph, node).shape
    taps = height * width * depth
    if _pointwise(graph, node):
        return 1.55 * taps + 4
    return 1.55 * taps + 25 * height + 40


KERNELS = (
    Columns(2, USUAL),
    Columns(8, USUAL),
    Columns(32, USUAL),
    Columns(32, SPACIOUS),
    Columns(128, SPACIOUS),
    Columns(8, CACHED),
    Columns(32, CACHED),
    Columns(128, CACHED),
)
