"""CONV_2D from input rows expanded to int16, for channels that do not come by four and for few of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgeprune.graph import Graph, Node
from edgeprune.ops import geometry
from edgeprune.ops.base import CField, Cost, Kernel, KernelCode
from edgeprune.ops.conv_2d.columns import filters, pixels
from edgeprune.ops.products import (
    BLOCK,
    CACHED,
    SPACIOUS,
    USUAL,
    Loop,
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

#: Offsets that a load has room for, in bytes, and steps that are worth their code.
_LARGEST_OFFSET, _MOST_STEPS = 4095 - 8, 40
_WINDOWS = Style(_MOST_STEPS, False, "")
#: Cycles of a Cortex-M4: per expanded value, per row; per call for a block of channels and an output row.
_WIDEN_CYCLES, _ROW_CYCLES, _CALL_CYCLES = 1.9, 60.0, 85.0


@dataclass(frozen=True)
class Layout:
    """Expanded rows, in halfwords.

    Attributes:
        run: Taps of a row of the window, odd ones with one that counts nothing.
        step: From a pixel's window to its right neighbour's.
        copy: Of a row, even.
        copies: 2 where neighbours would not both be aligned.
    """

    run: int
    step: int
    copy: int
    copies: int

    @property
    def pitch(self) -> int:
        """From row to row."""
        return self.copy * self.copies

    @property
    def second(self) -> int:
        """From a window to where its right neighbour's is read."""
        return self.step if self.copies == 1 else self.copy

    def initialiser(self, zero_point: int) -> str:
        """Of an `ep_rows`."""
        return f"{{.copy = {self.copy}, .pitch = {self.pitch}, .shift = {self.step}, .zero_point = {zero_point}}}"


def _layout(graph: Graph, node: Node, doubled: bool) -> Layout:
    """Rows wide enough for all windows; `doubled` where windows are read in place."""
    _, _, width, depth = filters(graph, node).shape
    step = geometry.convolution_options(node).stride[1] * depth
    taps = width * depth
    copy = (graph.output(node).shape[2] - 1) * step + taps + taps % 2
    return Layout(taps + taps % 2, step, copy + copy % 2, 2 if doubled and step % 2 else 1)


def _products(graph: Graph, node: Node, style: Style, pairs_last: bool = False) -> Products:
    """Filters row by row, each padded to an even number of taps; or with the last of odd ones at the end."""
    weights = filters(graph, node)
    channels, height, width, depth = weights.shape
    rows = weights.reshape(channels, height, -1)
    if pairs_last and width * depth % 2:
        last = np.pad(rows[:, :, -1], ((0, 0), (0, height % 2)))
        rows = np.concatenate([rows[:, :, :-1].reshape(channels, -1), last], axis=1)
    else:
        rows = np.pad(rows, ((0, 0), (0, 0), (0, width * depth % 2)))
    multipliers = geometry.convolution_multipliers(graph, node, channels)
    activation = geometry.convolution_options(node).activation
    return products(graph, node, rows.reshape(channels, -1), multipliers, activation, style)


def _supported(graph: Graph, node: Node) -> bool:
    """One group, taps of a row side by side, and multipliers whose requantization is exact."""
    weights = filters(graph, node)
    if weights.shape[3] != graph.required(node, 0).shape[3] or geometry.convolution_options(node).dilation[1] > 1:
        return False
    multipliers = geometry.convolution_multipliers(graph, node, len(weights))
    return can_multiply(graph, node, weights.reshape(len(weights), -1), multipliers)


def _input_rows(graph: Graph, node: Node, band: int) -> int:
    """Input rows below so many output rows."""
    options, height = geometry.convolution_options(node), filters(graph, node).shape[1]
    return (band - 1) * options.stride[0] + (height - 1) * options.dilation[0] + 1


@dataclass(frozen=True)
class Rows(Kernel):
    """Columns copied from expanded rows.

    Attributes:
        wanted: About how many pixels a band has; it is of whole output rows.
        style: How columns and filters are multiplied.
    """

    wanted: int
    style: Style

    name = "ep_conv_2d_s8_rows"
    folder = Path(__file__).parent
    needs = frozenset({Extension.DSP, Extension.FPU})
    code_bytes = 2600

    @property
    def label(self) -> str:
        """Names what differs."""
        return f"{self.name}:{self.wanted} pixels{self.style.note}"

    def supports(self, graph: Graph, node: Node) -> bool:
        """What needs no gap between the taps of a row; with channels by four `Columns` does better."""
        return graph.required(node, 0).shape[3] % 4 != 0 and _supported(graph, node)

    def cost(self, graph: Graph, node: Node, cpu: Cpu) -> Cost:
        """Expanding rows, copying columns, multiplying them."""
        layer, band, layout = self._layer(graph, node), self._band(graph, node), _layout(graph, node, False)
        count, bands = pixels(graph, node), -(-graph.output(node).shape[1] // band) * graph.output(node).shape[0]
        height = filters(graph, node).shape[1]
        fill = bands * _input_rows(graph, node, band) * (_WIDEN_CYCLES * layout.pitch + _ROW_CYCLES)
        copy = count * (height * (0.6 * layout.run * 2 + 12) / 2 + 22)
        width = band * graph.output(node).shape[2]
        cycles = multiply_cycles(layer, count, width, self.style, cpu) + (fill + copy) * core_factor(cpu)
        return Cost(cycles, weight_bytes_read(layer, count, width, self.style), layer.loop.code_bytes)

    def scratch_bytes(self, graph: Graph, node: Node) -> int:
        """Columns of a band, its expanded rows, what the multiplication needs."""
        band, layout = self._band(graph, node), _layout(graph, node, False)
        steps = filters(graph, node).shape[1] * layout.run // 2
        count = band * graph.output(node).shape[2]
        rows = 2 * layout.pitch * _input_rows(graph, node, band)
        return 4 * steps * (count + count % 2) + rows + self._multiply_scratch(graph, node)

    def emit(self, graph: Graph, node: Node) -> KernelCode:
        """Tables, and the function for as many steps as a column has."""
        layer, zero_point = self._layer(graph, node), graph.required(node, 0).quantized().zero_point
        scratch = self._multiply_scratch(graph, node)
        _, height, width, _ = graph.output(node).shape
        single = width * self._band(graph, node) % 2 == 1 or width * height % 2 == 1
        fields = (
            geometry.convolution_window(graph, node),
            CField("rows", _layout(graph, node, False).initialiser(zero_point)),
            CField("band", str(self._band(graph, node))),
            CField("multiply", layer.initialiser(self.style, scratch, layer.function, single)),
        )
        return KernelCode(layer.arrays, fields, layer.definitions(single), layer.definition_bytes(single))

    def _layer(self, graph: Graph, node: Node) -> Products:
        return _products(graph, node, self.style)

    def _band(self, graph: Graph, node: Node) -> int:
        """Output rows of a band; even where rows are odd, so that no pixel is without partner."""
        _, height, width, _ = graph.output(node).shape
        rows = max(1, self.wanted // width)
        return min(height, rows - rows % 2 if rows > 1 and width % 2 else rows)

    def _multiply_scratch(self, graph: Graph, node: Node) -> int:
        channels, height, _, _ = filters(graph, node).shape
        steps = height * _layout(graph, node, False).run // 2
        count = self._band(graph, node) * graph.output(node).shape[2]
        return multiply_scratch(channels, steps, count + count % 2, self.style)


@dataclass(frozen=True)
class Windows(Kernel):
    """Windows read in place: with few output channels copying columns would cost too much.

    Attributes:
        wanted: Output rows whose input rows are expanded at a time.
        unrolled: Whether the whole window is one stretch of code, or each of its rows.
    """

    wanted: int
    unrolled: bool

    name = "ep_conv_2d_s8_windows"
    folder = Path(__file__).parent
    needs = frozenset({Extension.DSP, Extension.FPU})
    code_bytes = 2400

    @property
    def label(self) -> str:
        """Names what differs."""
        return f"{self.name}:{self.wanted} rows{', unrolled' if self.unrolled else ''}"

    def supports(self, graph: Graph, node: Node) -> bool:
        """Windows of more than a pixel, small enough to be unrolled, within reach of an address."""
        channels, height, width, depth = filters(graph, node).shape
        if height * width == 1 and depth % 4 == 0:
            return False
        if channels < BLOCK or graph.output(node).shape[2] < 2 or not _supported(graph, node):
            return False
        layout, dilation = _layout(graph, node, True), geometry.convolution_options(node).dilation[0]
        reach = 2 * (height * dilation * layout.pitch + layout.second + layout.run)
        return height * layout.run // 2 <= _MOST_STEPS and max(reach, 4 * layout.step) <= _LARGEST_OFFSET

    def cost(self, graph: Graph, node: Node, cpu: Cpu) -> Cost:
        """Expanding rows, and multiplying windows row by row."""
        layer, band, layout = self._layer(graph, node), self._band(graph, node), _layout(graph, node, True)
        batches, height, width, _ = graph.output(node).shape
        bands, blocks = -(-height // band) * batches, len(layer.stage)
        fill = bands * _input_rows(graph, node, band) * (_WIDEN_CYCLES * layout.pitch + _ROW_CYCLES * layout.copies)
        calls = batches * height * blocks * (1 + width % 2)
        pairs = batches * height * blocks * -(-width // 2)
        window = filters(graph, node).shape[1]
        pair = layer.pair_cycles + (0 if self.unrolled else 6 * window + 5)
        pair += 5 * (window // 2) if self._pairs_last(graph, node) else 0
        clamp = 8.0 * graph.output(node).size if layer.clamps else 0.0
        cycles = (fill + calls * _CALL_CYCLES + pairs * pair + clamp) * core_factor(cpu)
        read = weight_bytes_read(layer, pixels(graph, node), width * band, _WINDOWS)
        return Cost(cycles, read, self._code_bytes(layer, layout))

    def scratch_bytes(self, graph: Graph, node: Node) -> int:
        """The expanded rows."""
        return 2 * _layout(graph, node, True).pitch * _input_rows(graph, node, self._band(graph, node))

    def emit(self, graph: Graph, node: Node) -> KernelCode:
        """Tables, and the function for the layer's sizes."""
        layer, layout = self._layer(graph, node), _layout(graph, node, True)
        height, dilation = filters(graph, node).shape[1], geometry.convolution_options(node).dilation[0]
        odd = self._pairs_last(graph, node)
        steps = layout.run // 2 - odd
        sizes = (height, steps, 2 * dilation * layout.pitch, 2 * layout.second, 4 * layout.step, int(odd))
        macro = "EP_PRODUCTS_ROWS_S8" if self.unrolled else "EP_PRODUCTS_ROW_BY_ROW_S8"
        function = "_".join([macro.lower(), *(str(size) for size in sizes), layer.finish.lower(), layer.store.lower()])
        arguments = ", ".join(str(argument) for argument in (function, *sizes, layer.kind))
        fields = (
            geometry.convolution_window(graph, node),
            CField("rows", layout.initialiser(graph.required(node, 0).quantized().zero_point)),
            CField("band", str(self._band(graph, node))),
            CField("multiply", layer.initialiser(_WINDOWS, 0, function)),
        )
        return KernelCode(layer.arrays, fields, (f"{macro}({arguments})",), self._code_bytes(layer, layout))

    def _layer(self, graph: Graph, node: Node) -> Products:
        return _products(graph, node, _WINDOWS, self._pairs_last(graph, node))

    def _pairs_last(self, graph: Graph, node: Node) -> bool:
        """Whether the odd last taps of rows are multiplied two and two, behind the others."""
        _, height, width, depth = filters(graph, node).shape
        return self.unrolled and height > 1 and width * depth % 2 == 1 and width * depth > 1

    def _code_bytes(self, layer: Products, layout: Layout) -> int:
        """Code of what runs per pair of pixels."""
        return layer.loop.code_bytes if self.unrolled else Loop(0, 0, layout.run // 2).code_bytes

    def _band(self, graph: Graph, node: Node) -> int:
        return min(self.wanted, graph.output(node).shape[1])


KERNELS = (
    Rows(8, USUAL),
    Rows(64, USUAL),
    Rows(128, SPACIOUS),
    Rows(64, CACHED),
    Windows(1, False),
    Windows(4, False),
    Windows(4, True),
)
