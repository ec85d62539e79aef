"""RESIZE_NEAREST_NEIGHBOR: each pixel of the output is one of the input."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgeprune.graph import Graph, Node
from edgeprune.ops import base, moves, resizing
from edgeprune.ops.picks import Indices, Picking, PickKernel
from edgeprune.ops.resizing import ResizeOptions


def nearest(extent: int, wanted: int, options: ResizeOptions) -> Indices:
    """For each of `wanted` pixels the input's, in the reference's float32 arithmetic."""
    aligned = options.align_corners and wanted > 1
    scale = np.float32(extent - 1) / np.float32(wanted - 1) if aligned else np.float32(extent) / np.float32(wanted)
    offset = np.float32(0.5 if options.half_pixel_centers else 0)
    places = (np.arange(wanted, dtype=np.float32) + offset) * scale
    rounded = np.floor(places + np.float32(0.5)) if options.align_corners else np.floor(places)
    chosen: Indices = np.clip(rounded.astype(np.int64), 0, extent - 1)
    return chosen


class _Kernel(PickKernel):
    types = ("float32", "int16", "int8", "uint8")

    def indices(self, graph: Graph, node: Node) -> tuple[Indices, ...]:
        options, (batch, rows, columns, depth) = resizing.resize_options(node), graph.required(node, 0).shape
        height, width = resizing.size(graph, node)
        return (np.arange(batch), nearest(rows, height, options), nearest(columns, width, options), np.arange(depth))


class ResizeNearestNeighbor(Picking):
    """RESIZE_NEAREST_NEIGHBOR to a constant size."""

    name = "RESIZE_NEAREST_NEIGHBOR"
    summary = "An image in another size, each pixel from the nearest one."
    constraints = (
        moves.same_type,
        base.four_dimensions,
        moves.constant((1,), "The size is"),
        resizing.two_positive_extents,
    )
    kernels = (_Kernel(),)

    def decode(self, options: Any) -> ResizeOptions:
        """Translate `ResizeNearestNeighborOptionsT`."""
        return resizing.decode(options)

    def output_shape(self, graph: Graph, node: Node) -> tuple[int, ...]:
        """Height and width as the size says."""
        return resizing.output_shape(graph, node)


OPERATOR = ResizeNearestNeighbor()
