"""PAD and PADV2: one value around a tensor."""

from __future__ import annotations

import numpy as np

from edgeprune import runtime
from edgeprune.graph import Graph, Node
from edgeprune.ops import geometry
from edgeprune.ops.base import CField, Cost, Kernel, KernelCode, Operator
from edgeprune.ops.moves import Array
from edgeprune.targets import Cpu

#: Dimensions of `ep_pad` outside a row.
_OUTER = 4


def paddings(graph: Graph, node: Node) -> tuple[tuple[int, int], ...]:
    """(before, after) for each dimension."""
    rows = graph.required(node, 1).constant().reshape(-1, 2).tolist()
    return tuple((int(before), int(after)) for before, after in rows)


def padding_value(graph: Graph, node: Node) -> Array:
    """The element that is put around, of shape []: PADV2's operand, or what stands for zero in the output's type."""
    output = graph.output(node)
    if len(node.inputs) > 2:
        return graph.required(node, 2).constant().reshape(())
    quantized = output.quantization is not None and output.dtype.value in {"int8", "uint8", "int16"}
    return np.array(output.quantized().zero_point if quantized else 0, output.dtype.numpy)


def paddings_of_every_dimension(graph: Graph, node: Node) -> str | None:
    """Paddings are given for each of one to five dimensions, and not negative."""
    table, rank = graph.required(node, 1), len(graph.required(node, 0).shape)
    if table.size == 2 * rank and 1 <= rank <= _OUTER + 1 and int(table.constant().min()) >= 0:
        return None
    return f"{table.constant().tolist()} for {rank} dimensions"


def merged(
    shape: tuple[int, ...], pads: tuple[tuple[int, int], ...], unit: int
) -> tuple[list[tuple[int, int, int]], int]:
    """(extent, before, after) of as few dimensions as serve, and the bytes that the innermost one's elements have.

    What gets no padding is part of its neighbour's elements, or is counted together with it.

    Args:
        shape: Of the input.
        pads: Per dimension.
        unit: Bytes of an element.
    """
    found: list[tuple[int, int, int]] = []
    for extent, (before, after) in zip(shape, pads, strict=True):
        if not (before or after):
            if found and not any(found[-1][1:]):
                found[-1] = (found[-1][0] * extent, 0, 0)
                continue
            if extent == 1:
                continue
        found.append((extent, before, after))
    while found and not any(found[-1][1:]):
        unit *= found.pop()[0]
    return found or [(1, 0, 0)], unit


class PadKernel(Kernel):
    """`ep_pad` over any type that the reference pads."""

    name = "ep_pad"
    folder = runtime.FOLDER
    types = ("float32", "int16", "int32", "int64", "int8", "uint8")
    code_bytes = 500

    def cost(self, graph: Graph, node: Node, cpu: Cpu) -> Cost:
        """A call per row and per stretch of padding."""
        source, output = graph.required(node, 0), graph.output(node)
        dimensions, unit = merged(source.shape, paddings(graph, node), source.dtype.itemsize)
        row = unit * sum(dimensions[-1])
        rows = output.nbytes / row
        copied = source.nbytes / max(unit * dimensions[-1][0], 1)
        return Cost(60.0 + 125.0 * rows + 140.0 * copied + 0.7 * source.nbytes + 0.35 * (output.nbytes - source.nbytes))

    def emit(self, graph: Graph, node: Node) -> KernelCode:
        """The layout; no tables."""
        source = graph.required(node, 0)
        dimensions, unit = merged(source.shape, paddings(graph, node), source.dtype.itemsize)
        extent, before, after = dimensions.pop()
        outer = [(1, 0, 0)] * (_OUTER - len(dimensions)) + dimensions
        value = padding_value(graph, node).tobytes()
        element = value[:1] if len(set(value)) == 1 else value
        fields = (
            CField("value", geometry.numbers(tuple(element.ljust(8, b"\0")))),
            CField("bytes", str(len(element))),
            CField("front", str(before * unit)),
            CField("row", str(extent * unit)),
            CField("back", str(after * unit)),
            CField("extent", geometry.numbers(tuple(sum(d) for d in outer))),
            CField("before", geometry.numbers(tuple(d[1] for d in outer))),
            CField("behind", geometry.numbers(tuple(d[1] + d[0] for d in outer))),
        )
        return KernelCode((), fields)


class Padding(Operator):
    """What PAD and PADV2 share."""

    kernels = (PadKernel(),)

    def output_shape(self, graph: Graph, node: Node) -> tuple[int, ...]:
        """Each extent with its paddings."""
        pairs = zip(graph.required(node, 0).shape, paddings(graph, node), strict=True)
        return tuple(extent + before + after for extent, (before, after) in pairs)

    def evaluate(self, graph: Graph, node: Node) -> tuple[Array, ...]:
        """The constant with the value around it."""
        source = graph.required(node, 0).constant()
        return (np.pad(source, paddings(graph, node), constant_values=padding_value(graph, node)),)
