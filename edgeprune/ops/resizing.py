"""What both ways to resize an image share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from edgeprune.graph import Graph, Node


@dataclass(frozen=True)
class ResizeOptions:
    """How pixels of the output lie over those of the input.

    Attributes:
        align_corners: The centres of the corner pixels lie over each other.
        half_pixel_centers: A pixel's value stands at its centre, not at its upper left corner.
    """

    align_corners: bool
    half_pixel_centers: bool


def decode(options: Any) -> ResizeOptions:
    """Translate `ResizeBilinearOptionsT` or `ResizeNearestNeighborOptionsT`."""
    return ResizeOptions(bool(options.alignCorners), bool(options.halfPixelCenters))


def resize_options(node: Node) -> ResizeOptions:
    """The node's options, typed."""
    return cast(ResizeOptions, node.options)


def size(graph: Graph, node: Node) -> tuple[int, int]:
    """Height and width of the output."""
    height, width = (int(extent) for extent in graph.required(node, 1).constant().reshape(-1))
    return height, width


def output_shape(graph: Graph, node: Node) -> tuple[int, ...]:
    """Batch and channels of the input, height and width as the size says."""
    batch, _, _, channels = graph.required(node, 0).shape
    return (batch, *size(graph, node), channels)


def two_positive_extents(graph: Graph, node: Node) -> str | None:
    """The size has a height and a width, both at least 1, and not both options are set."""
    table, options = graph.required(node, 1).constant(), resize_options(node)
    if table.size != 2 or int(table.min()) < 1:
        return f"{table.tolist()}"
    return str(options) if options.align_corners and options.half_pixel_centers else None
