"""PAD: zeros around a tensor, that is, the zero point around its int8 values."""

from __future__ import annotations

from pathlib import Path

from edgeprune.graph import Graph, Node
from edgeprune.ops import base, geometry
from edgeprune.ops.base import CField, Cost, Kernel, KernelCode, Operator
from edgeprune.targets import McuCpu


def _paddings(graph: Graph, node: Node) -> tuple[tuple[int, int], ...]:
    """(before, after) for each dimension."""
    rows = graph.required(node, 1).constant().reshape(-1, 2).tolist()
    return tuple((int(before), int(after)) for before, after in rows)


def constant_paddings(graph: Graph, node: Node) -> str | None:
    """The paddings are constant, not negative, and given for each of one to four dimensions."""
    paddings, rank = graph.required(node, 1), len(graph.required(node, 0).shape)
    if not paddings.is_constant:
        return f"{paddings.name!r} is computed at run time"
    if paddings.shape != (rank, 2) or not 1 <= rank <= 4 or int(paddings.constant().min()) < 0:
        return f"{paddings.constant().tolist()} for {rank} dimensions"
    return None


class _Plain(Kernel):
    name = "ep_pad_s8"
    folder = Path(__file__).parent

    def cost(self, graph: Graph, node: Node, cpu: McuCpu) -> Cost:
        return Cost(2.0 * graph.output(node).size)

    def emit(self, graph: Graph, node: Node) -> KernelCode:
        source, output = graph.required(node, 0), graph.output(node)
        missing = 4 - len(source.shape)
        before = tuple(pair[0] for pair in _paddings(graph, node))
        fields = (
            CField("input_extent", geometry.numbers((1,) * missing + source.shape)),
            CField("output_extent", geometry.numbers((1,) * missing + output.shape)),
            CField("before", geometry.numbers((0,) * missing + before)),
            CField("value", str(output.quantized().zero_point)),
        )
        return KernelCode((), fields)


class Pad(Operator):
    """PAD over int8."""

    name = "PAD"
    summary = "Zeros before and after any dimension of a tensor with up to four."
    constraints = (base.int8_input_and_output, base.same_quantization, constant_paddings)
    kernels = (_Plain(),)

    def output_shape(self, graph: Graph, node: Node) -> tuple[int, ...]:
        """Each extent with its paddings."""
        pairs = zip(graph.required(node, 0).shape, _paddings(graph, node), strict=True)
        return tuple(extent + before + after for extent, (before, after) in pairs)


OPERATOR = Pad()
