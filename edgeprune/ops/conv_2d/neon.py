"""CONV_2D for cores with Neon."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edgeprune.graph import Graph, Node
from edgeprune.ops import geometry, neon
from edgeprune.ops.base import CArray, CField, Cost, Kernel, KernelCode
from edgeprune.targets import ApplicationCpu, Cpu, Extension

#: By whose instructions layouts are chosen.
_CORE = ApplicationCpu(core="cortex-a76")


@dataclass(frozen=True, eq=False)
class _Layout:
    """How the kernel sees a layer.

    Attributes:
        frame: The image with its border.
        rows: Offsets of a pixel's runs of bytes that lie together.
        weights: int64 [channels, rows, bytes of a row].
        gathers: Whether the rows are copied to one, since they are short.
    """

    frame: neon.Frame
    rows: tuple[int, ...]
    weights: npt.NDArray[np.int64]
    gathers: bool

    @property
    def row_bytes(self) -> int:
        """Bytes of each run."""
        return self.weights.shape[2]

    @property
    def filters(self) -> npt.NDArray[np.int64]:
        """int64 [channels, stretches, bytes], as the panels have them."""
        return self.weights.reshape(len(self.weights), 1, -1) if self.gathers else self.weights

    @property
    def panels(self) -> neon.Panels:
        """What a pixel meets."""
        channels, stretches, nbytes = self.filters.shape
        return neon.Panels(channels, stretches, -(-nbytes // neon.WORD))

    @property
    def gathered_bytes(self) -> int:
        """Of a pixel in scratch, whole vectors."""
        return -(-len(self.rows) * self.row_bytes // neon.WIDTH) * neon.WIDTH if self.gathers else 0

    def instructions(self, pixels: int, cpu: Cpu) -> float:
        """Of one image."""
        vectors = -(-self.row_bytes // neon.WIDTH)
        gathering = pixels * (12.0 + len(self.rows) * (5 + 3 * vectors)) if self.gathers else 5.0 * pixels
        return self.frame.instructions + gathering + self.panels.instructions(pixels, cpu)


def _layout(graph: Graph, node: Node, gathers: bool) -> _Layout:
    source, output = graph.required(node, 0).shape, graph.output(node).shape
    weights, options = graph.required(node, 1).constant().astype(np.int64), geometry.convolution_options(node)
    channels, height, width, depth = weights.shape
    steps = neon.Steps((height, width), options.stride, options.dilation, options.padding)
    frame = neon.frame(source, output, steps, always=gathers)
    line = frame.extents[1] * depth
    starts = [y * options.dilation[0] * line for y in range(height)]
    if width > 1 and options.dilation[1] > 1:
        rows = [start + x * options.dilation[1] * depth for start in starts for x in range(width)]
        return _Layout(frame, tuple(rows), weights.reshape(channels, height * width, depth), gathers)
    if width == frame.extents[1] and options.dilation[0] == 1:  # whole lines, one after the other
        return _Layout(frame, (0,), weights.reshape(channels, 1, -1), gathers)
    return _Layout(frame, tuple(starts), weights.reshape(channels, height, width * depth), gathers)


def _best(graph: Graph, node: Node) -> _Layout:
    """The cheaper of both ways, the same for every core that the program may meet.

    Rows that are no whole words are gathered, for words must not go beyond them.
    """
    gathered, direct = _layout(graph, node, True), _layout(graph, node, False)
    if direct.row_bytes % neon.WORD:
        return gathered
    _, height, width, _ = graph.output(node).shape
    return min(direct, gathered, key=lambda layout: layout.instructions(height * width, _CORE))


class Panels(Kernel):
    """Sixteen filters at a time."""

    name = "ep_conv_2d_s8_neon"
    folder = Path(__file__).parent
    needs = frozenset({Extension.NEON})
    code_bytes = 12_000

    def supports(self, graph: Graph, node: Node) -> bool:
        """One group."""
        return geometry.channels_match(graph, node)

    def cost(self, graph: Graph, node: Node, cpu: Cpu) -> Cost:
        """Instructions."""
        batches, height, width, _ = graph.output(node).shape
        return Cost(batches * (200 + _best(graph, node).instructions(height * width, cpu)))

    def scratch_bytes(self, graph: Graph, node: Node) -> int:
        """The framed image, and a band of gathered pixels."""
        layout = _best(graph, node)
        gathered = neon.BAND * layout.gathered_bytes + neon.SLACK if layout.gathers else 0
        return _frame_bytes(layout) + gathered

    def emit(self, graph: Graph, node: Node) -> KernelCode:
        """Filters in panels, and how pixels are found."""
        layout = _best(graph, node)
        multipliers = geometry.convolution_multipliers(graph, node, len(layout.weights))
        activation = geometry.convolution_options(node).activation
        offsets = (0,) if layout.gathers else layout.rows
        arrays, panels = neon.panel_tables(graph, node, layout.filters, multipliers, activation, offsets)
        fill = graph.required(node, 0).quantized().zero_point
        fields = (
            geometry.convolution_window(graph, node),
            CField("frame", layout.frame.initialiser(fill)),
            CField("rows", "{array:rows}" if layout.gathers else "NULL"),
            CField("row_count", str(len(layout.rows) if layout.gathers else 0)),
            CField("row_bytes", str(layout.row_bytes)),
            CField("gathered_bytes", str(layout.gathered_bytes)),
            CField("frame_bytes", str(_frame_bytes(layout))),
            CField("panels", panels),
        )
        rows = (CArray("int32_t", "rows", np.array(layout.rows, np.int32)),) if layout.gathers else ()
        return KernelCode((*arrays, *rows), fields)


def _frame_bytes(layout: _Layout) -> int:
    return -(-layout.frame.nbytes // neon.WIDTH) * neon.WIDTH


KERNELS: tuple[Kernel, ...] = (Panels(),)
