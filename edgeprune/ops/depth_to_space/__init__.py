"""DEPTH_TO_SPACE: channels become blocks of pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from edgeprune.graph import Graph, Node
from edgeprune.ops import base, moves
from edgeprune.ops.moves import Array, MoveKernel, Movement


@dataclass(frozen=True)
class DepthToSpaceOptions:
    """Options of DEPTH_TO_SPACE: edge of a block in pixels."""

    block: int


def _block(node: Node) -> int:
    return cast(DepthToSpaceOptions, node.options).block


def divisible(graph: Graph, node: Node) -> str | None:
    """The block size, at least 1, divides the channels twice."""
    block, shape = _block(node), graph.required(node, 0).shape
    if block >= 1 and shape[3] % block**2 == 0:
        return None
    return f"block {block} of {shape}"


class _Kernel(MoveKernel):
    types = ("float32", "int32", "int64", "int8", "uint8")

    def view(self, graph: Graph, node: Node, source: Array) -> Array:
        block, (batch, rows, columns, depth) = _block(node), source.shape
        cut = source.reshape(batch, rows, columns, block, block, depth // block**2)
        return cut.transpose(0, 1, 3, 2, 4, 5)


class DepthToSpace(Movement):
    """DEPTH_TO_SPACE over NHWC."""

    name = "DEPTH_TO_SPACE"
    summary = "Channels become blocks of pixels."
    constraints = (moves.same_type, base.four_dimensions, divisible)
    kernels = (_Kernel(),)

    def decode(self, options: Any) -> DepthToSpaceOptions:
        """Translate `DepthToSpaceOptionsT`."""
        return DepthToSpaceOptions(options.blockSize)

    def output_shape(self, graph: Graph, node: Node) -> tuple[int, ...]:
        """Height and width multiplied by the block size."""
        block, (batch, rows, columns, depth) = _block(node), graph.required(node, 0).shape
        return (batch, rows * block, columns * block, depth // block**2)


OPERATOR = DepthToSpace()
