"""The kernel that expands int8 rows into planes of int16 and convolves those."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from edgeprune.graph import Graph, Node
from edgeprune.ops import geometry
from edgeprune.ops.arithmetic import activation_range
from edgeprune.ops.base import CArray, CField, Cost, Kernel, KernelCode
from edgeprune.ops.depthwise_conv_2d import cycles
from edgeprune.ops.depthwise_conv_2d.layout import LARGEST_OFFSET, Layout, layout_of, table
from edgeprune.ops.depthwise_conv_2d.output_stage import OutputStage, output_stage
from edgeprune.targets import Cpu, Extension

#: What MOVW can load.
_LARGEST_STEP = 65535


class Planes(Kernel):
    """Any filters over planes of bands of rows."""

    name = "ep_depthwise_conv_2d_s8_planes"
    folder = Path(__file__).parent
    needs = frozenset({Extension.DSP, Extension.FPU})
    code_bytes = 1950

    def __init__(self, band: int) -> None:
        """Make the kernel for bands of that many (even) rows, or for all rows at once (0)."""
        self._band = band

    @property
    def label(self) -> str:
        """Name, and height of the bands."""
        return f"{self.name}:{self._band} rows" if self._band else self.name

    def supports(self, graph: Graph, node: Node) -> bool:
        """Within what instructions can reach, and with an exact output stage."""
        return bool(self._layouts(graph, node)) and output_stage(graph, node) is not None

    def _layouts(self, graph: Graph, node: Node) -> tuple[Layout, ...]:
        """Those possible."""
        layouts = (layout_of(graph, node, turned) for turned in (False, True))
        return tuple(layout for layout in layouts if self._band < layout.output[1] and _within_reach(layout))

    def _layout(self, graph: Graph, node: Node) -> Layout:
        """The cheapest."""
        return min(self._layouts(graph, node), key=lambda layout: self._cost(graph, node, layout).cycles)

    def _cost(self, graph: Graph, node: Node, layout: Layout) -> Cost:
        clamps = _clamp(graph, node) != (-128, 127)
        return cycles.cost(layout, _stage(graph, node), *self._rows(layout), clamps)

    def _rows(self, layout: Layout) -> tuple[int, int]:
        """(rows of a band, rows of the planes)."""
        band = self._band or layout.output[1]
        return band, (band - 1) * layout.stride[0] + layout.extent

    def scratch_bytes(self, graph: Graph, node: Node) -> int:
        """The planes."""
        layout = self._layout(graph, node)
        return self._rows(layout)[1] * layout.pitch

    def in_place(self, graph: Graph, node: Node) -> tuple[int, ...]:
        """Over the input where pixel lies upon pixel."""
        layout = self._layout(graph, node)
        return (0,) if layout.source == layout.output and layout.stride == (1, 1) else ()

    def cost(self, graph: Graph, node: Node, cpu: Cpu) -> Cost:
        """Of tiles, expansion and calls."""
        return self._cost(graph, node, self._layout(graph, node))

    def emit(self, graph: Graph, node: Node) -> KernelCode:
        """The table and a function for the shape."""
        source, output = graph.required(node, 0), graph.output(node)
        layout, stage = self._layout(graph, node), _stage(graph, node)
        weights = graph.required(node, 1).constant().astype(np.int64)[0].transpose(2, 0, 1)
        words = table(layout, weights * stage.scale[:, None, None], stage)
        low, high = _clamp(graph, node)
        band, plane_rows = self._rows(layout)
        clear_first, clear_from = _unfilled(layout, band, plane_rows)
        function, definition = _function(layout, stage)
        fields = (
            layout.field(source.quantized().zero_point),
            CField("convolve", function),
            CField("table", "{array:table}"),
            *_numbers(
                table_words=words.shape[1],
                offset=stage.offset,
                batches=layout.source[0],
                in_h=layout.source[1],
                in_c=layout.source[3],
                in_bytes=source.size // layout.source[0],
                out_h=layout.output[1],
                out_row_bytes=layout.below,
                out_bytes=output.size // layout.output[0],
                multiplier=layout.output[3] // layout.source[3],
                stride_h=layout.stride[0],
                extent=layout.extent,
                pad_top=layout.before[0],
                band=band,
                plane_rows=plane_rows,
                clear_first=clear_first,
                clear_from=clear_from,
                clear_right=layout.unfilled_right,
                low=low,
                high=high,
            ),
        )
        return KernelCode(
            (CArray("int32_t", "table", words), *layout.column_table()),
            fields,
            (definition,),
            cycles.code_bytes(layout),
        )


def _within_reach(layout: Layout) -> bool:
    """Whether all distances fit into instructions."""
    width = layout.output[2]
    steps = (2 * layout.below, width * layout.right, layout.window[0] * layout.tap_row, 2 * layout.down)
    offsets = (2 * layout.right, layout.advance, layout.farthest)
    return min(layout.source) > 0 and max(offsets) <= LARGEST_OFFSET and max(steps) <= _LARGEST_STEP


def _unfilled(layout: Layout, band: int, plane_rows: int) -> tuple[int, int]:
    """(first rows, row from which on) planes must be cleared once, since expanding rows does not fill them."""
    if not layout.fills_left:
        return plane_rows, plane_rows
    if band < layout.output[1]:
        return 0, plane_rows  # each band clears its own
    return layout.before[0], min(layout.before[0] + layout.source[1], plane_rows)


def _clamp(graph: Graph, node: Node) -> tuple[int, int]:
    return activation_range(geometry.convolution_options(node).activation, graph.output(node))


def _stage(graph: Graph, node: Node) -> OutputStage:
    stage = output_stage(graph, node)
    if stage is None:
        raise AssertionError("the kernel does not support the node")
    return stage


def _numbers(**values: int) -> tuple[CField, ...]:
    return tuple(CField(name, str(value)) for name, value in values.items())


def _function(layout: Layout, stage: OutputStage) -> tuple[str, str]:
    """Name and definition of the function for a shape."""
    arguments = (
        layout.output[2],
        layout.right,
        layout.below,
        cycles.unrolled(layout),
        layout.output[1] % 2,
        stage.shift,
        layout.window[0],
        layout.words,
        layout.tap_row,
        layout.down,
        layout.advance,
    )
    kind = layout.kind.removeprefix("EP_").lower()
    name = f"depthwise_{kind}_" + "_".join(str(number) for number in arguments)
    return name, f"EP_DEPTHWISE({name}, {layout.kind}, {', '.join(str(number) for number in arguments)})"


KERNELS = (Planes(0), Planes(8), Planes(4))
