"""PADV2: a given value around a tensor."""

from __future__ import annotations

from edgeprune.graph import Graph, Node
from edgeprune.ops import moves
from edgeprune.ops.padding import Padding, paddings_of_every_dimension


def one_value(graph: Graph, node: Node) -> str | None:
    """The value is one element of the output's type and quantization."""
    value, output = graph.required(node, 2), graph.output(node)
    if value.size != 1 or value.dtype is not output.dtype:
        return f"it is {value.dtype.value} {value.shape}"
    if value.quantization is None or output.quantization is None:
        return None
    have, want = value.quantized(), output.quantized()
    if (have.scale, have.zero_point) == (want.scale, want.zero_point):
        return None
    return f"{have.scale:g}, {have.zero_point} against {want.scale:g}, {want.zero_point}"


class PadV2(Padding):
    """PADV2 with constant paddings and value."""

    name = "PADV2"
    summary = "A given value before and after any dimension of a tensor."
    constraints = (
        moves.same_type,
        moves.constant((1, 2), "Paddings and value are"),
        paddings_of_every_dimension,
        one_value,
    )


OPERATOR = PadV2()
