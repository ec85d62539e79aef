"""SPACE_TO_DEPTH: blocks of pixels become channels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from edgeprune.graph import Graph, Node
from edgeprune.ops import base, moves
from edgeprune.ops.moves import Array, MoveKernel, Movement


@dataclass(frozen=True)
class SpaceToDepthOptions:
    """Options of SPACE_TO_DEPTH: edge of a block in pixels."""

    block: int


def _block(node: Node) -> int:
    return cast(SpaceToDepthOptions, node.options).block


def divisible(graph: Graph, node: Node) -> str | None:
    """The block size, at least 1, divides height and width."""
    block, shape = _block(node), graph.required(node, 0).shape
    if block >= 1 and shape[1] % block == 0 and shape[2] % block == 0:
        return None
    return f"block {block} of {shape}"


class _Kernel(MoveKernel):
    types = ("float32", "int32", "int64", "int8", "uint8")

    def view(self, graph: Graph, node: Node, source: Array) -> Array:
        block, (batch, rows, columns, depth) = _block(node), source.shape
        cut = source.reshape(batch, rows // block, block, columns // block, block, depth)
        return cut.transpose(0, 1, 3, 2, 4, 5)


class SpaceToDepth(Movement):
    """SPACE_TO_DEPTH over NHWC."""

    name = "SPACE_TO_DEPTH"
    summary = "Blocks of pixels become channels."
    constraints = (moves.same_type, base.four_dimensions, divisible)
    kernels = (_Kernel(),)

    def decode(self, options: Any) -> SpaceToDepthOptions:
        """Translate `SpaceToDepthOptionsT`."""
        return SpaceToDepthOptions(options.blockSize)

    def output_shape(self, graph: Graph, node: Node) -> tuple[int, ...]:
        """Height and width divided by the block size."""
        block, (batch, rows, columns, depth) = _block(node), graph.required(node, 0).shape
        return (batch, rows // block, columns // block, depth * block**2)


OPERATOR = SpaceToDepth()
