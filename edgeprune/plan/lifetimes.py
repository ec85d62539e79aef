"""Which tensors share memory, and from when to when each stretch of memory is needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edgeprune import ops
from edgeprune.graph import OMITTED, Graph, Node
from edgeprune.ops import Kernel
from edgeprune.plan.memory import Buffer, aligned


@dataclass(frozen=True)
class Lifetimes:
    """The buffers of the arena.

    Attributes:
        buffers: Of tensors first, then of scratches.
        tensor_buffer: Per tensor the position of its buffer; None for constants.
        scratch_buffer: Per node the position of its scratch; None where it needs none.
    """

    buffers: tuple[Buffer, ...]
    tensor_buffer: tuple[int | None, ...]
    scratch_buffer: tuple[int | None, ...]


def live_bytes(graph: Graph) -> tuple[int, ...]:
    """Per node the bytes of all tensors alive while it runs, when nothing is done in place."""
    spans = _Spans.of(graph)
    return tuple(
        sum(aligned(graph.tensors[root].nbytes) for root in spans.first if spans.first[root] <= p <= spans.last[root])
        for p in range(len(graph.nodes))
    )


def overlayable(graph: Graph) -> tuple[frozenset[int], ...]:
    """Per node the inputs over which its output may be written: nothing reads them later, and it fits."""
    spans = _Spans.of(graph)
    return tuple(
        frozenset(
            i for i in node.inputs
            if i != OMITTED and spans.root[i] in spans.last and spans.last[spans.root[i]] == position
            and node.outputs and graph.output(node).nbytes <= graph.tensors[spans.root[i]].nbytes
        )
        for position, node in enumerate(graph.nodes)
    )  # fmt: skip


def lifetimes(graph: Graph, kernels: Sequence[Kernel | None]) -> Lifetimes:
    """Buffers for the kernels chosen; outputs lie over inputs wherever a kernel permits it."""
    spans = _Spans.of(graph)
    for position, (node, kernel) in enumerate(zip(graph.nodes, kernels, strict=True)):
        if kernel is not None:
            spans.overlay(graph, node, kernel, position)
    places = {root: i for i, root in enumerate(spans.first)}
    buffers = [
        Buffer(graph.tensors[root].name, graph.tensors[root].nbytes, spans.first[root], spans.last[root])
        for root in spans.first
    ]
    scratch: list[int | None] = []
    for position, (node, kernel) in enumerate(zip(graph.nodes, kernels, strict=True)):
        needed = kernel.scratch_bytes(graph, node) if kernel else 0
        scratch.append(len(buffers) if needed else None)
        if needed:
            buffers.append(Buffer(f"scratch of {graph.layer_name(position)}", needed, position, position))
    tensors = tuple(places.get(root) for root in spans.root)
    return Lifetimes(tuple(buffers), tensors, tuple(scratch))


def read_tensors(graph: Graph, node: Node) -> tuple[int, ...]:
    """Tensors that a node's kernel reads through pointers; none for a view."""
    operator = ops.find(node.op)
    return () if operator is None or operator.is_view else operator.operands(graph, node)


@dataclass
class _Spans:
    """Per tensor the one whose bytes it shares, and per such root its first and last use."""

    root: list[int]
    first: dict[int, int]
    last: dict[int, int]

    @classmethod
    def of(cls, graph: Graph) -> _Spans:
        """Views share their input's bytes; position -1 is before the first node."""
        root = list(range(len(graph.tensors)))
        for node in graph.nodes:
            operator = ops.find(node.op)
            if operator and operator.is_view:
                root[node.outputs[0]] = root[node.inputs[0]]
        first = {root[i]: -1 for i in graph.inputs}
        last = dict(first)
        for position, node in enumerate(graph.nodes):
            for tensor in (*read_tensors(graph, node), *node.outputs):
                if not graph.tensors[tensor].is_constant and not graph.tensors[root[tensor]].is_constant:
                    first.setdefault(root[tensor], position)
                    last[root[tensor]] = position
        last.update({root[i]: len(graph.nodes) for i in graph.outputs if root[i] in first})
        for state in graph.states:  # it lives from one inference to the next
            first[state.tensor], last[state.tensor] = -1, len(graph.nodes)
        return cls(root, first, last)

    def overlay(self, graph: Graph, node: Node, kernel: Kernel, position: int) -> None:
        """Give a node's output the memory of an input that nothing reads later, where the kernel can."""
        output = node.outputs[0]
        operands = read_tensors(graph, node)
        for place in kernel.in_place(graph, node):
            source = self.root[operands[place]]
            if (
                source in self.last
                and self.last[source] == position
                and self.root[output] == output
                and self.first.get(output) == position
                and graph.tensors[output].nbytes <= graph.tensors[source].nbytes
            ):
                self.root = [source if root == output else root for root in self.root]
                self.last[source] = self.last.pop(output)
                del self.first[output]
                return
