"""From a checked graph and a target to the plan of its firmware."""

from __future__ import annotations

from dataclasses import dataclass

from edgeprune import ops
from edgeprune.errors import DoesNotFit, UnsupportedError
from edgeprune.graph import DType, Graph, Node
from edgeprune.ops import Kernel
from edgeprune.plan.memory import Buffer, Placement, place
from edgeprune.targets import McuTarget


@dataclass(frozen=True, eq=False)
class LayerPlan:
    """How one node runs.

    Attributes:
        index: Position in the graph.
        name: Unique name such as `03_conv_2d`.
        node: The node.
        kernel: What runs it; None for a view, which costs nothing.
        macs: Multiply-accumulates.
        scratch_offset: Where in the arena its working memory begins; None when it needs none.
    """

    index: int
    name: str
    node: Node
    kernel: Kernel | None
    macs: int
    scratch_offset: int | None


@dataclass(frozen=True, eq=False)
class Plan:
    """A graph with kernels chosen and every tensor placed.

    Attributes:
        graph: The graph.
        target: What it is planned for.
        layers: One per node, in order.
        offsets: Per tensor its offset in the arena; None for constants.
        placement: All buffers of the arena, for reports.
    """

    graph: Graph
    target: McuTarget
    layers: tuple[LayerPlan, ...]
    offsets: tuple[int | None, ...]
    placement: Placement

    @property
    def arena_bytes(self) -> int:
        """Size of the arena."""
        return self.placement.nbytes

    def largest_buffer(self) -> Buffer:
        """The arena's largest buffer, which a message can name."""
        return max(self.placement.buffers, key=lambda buffer: buffer.nbytes)


def make_plan(graph: Graph, target: McuTarget) -> Plan:
    """Choose kernels, compute lifetimes and place every buffer.

    Raises:
        UnsupportedError: an operator, or the way it is used, is not supported on the target.
        DoesNotFit: the arena alone exceeds the target's RAM.
    """
    check_supported(graph, target)
    kernels = tuple(choose_kernel(graph, node, target) for node in graph.nodes)
    roots = _view_roots(graph)
    buffers, tensor_buffer, scratch_buffer = _buffers(graph, kernels, roots)
    placement = place(buffers)
    offsets = tuple(
        placement.offsets[tensor_buffer[root]] if (root := roots[i]) in tensor_buffer else None
        for i in range(len(graph.tensors))
    )
    layers = tuple(
        LayerPlan(
            index,
            graph.layer_name(index),
            node,
            kernels[index],
            ops.layer_macs(graph, node),
            placement.offsets[scratch_buffer[index]] if index in scratch_buffer else None,
        )
        for index, node in enumerate(graph.nodes)
    )
    plan = Plan(graph, target, layers, offsets, placement)
    _check_ram(plan)
    return plan


def check_supported(graph: Graph, target: McuTarget) -> None:
    """Refuse a graph that the target cannot run, by the operator's name and rule.

    Raises:
        UnsupportedError: in one sentence, with what is supported.
    """
    unknown = sorted({node.op for node in graph.nodes if ops.find(node.op) is None})
    if unknown:
        raise UnsupportedError(
            f"{graph.name}: {', '.join(unknown)} cannot run on {target.name}; "
            f"supported are {', '.join(ops.operators())}"
        )
    floats = [t.name for t in graph.tensors if t.dtype is DType.FLOAT32 and not t.is_constant]
    if len(floats) == sum(not t.is_constant for t in graph.tensors):
        raise UnsupportedError(
            f"{graph.name} computes in float32, and {target.name} runs {', '.join(target.dtypes)} only; "
            "convert it with `edgeprune convert MODEL --data D.npz --quantize int8 --out OUT.tflite`"
        )
    for index, node in enumerate(graph.nodes):
        operator = ops.find(node.op)
        fault = operator.fault(graph, node) if operator else None
        if fault:
            raise UnsupportedError(
                f"{graph.name}: layer {graph.layer_name(index)} cannot run on {target.name}: {fault}"
            )


def choose_kernel(graph: Graph, node: Node, target: McuTarget) -> Kernel | None:
    """The kernel with the fewest expected cycles for a supported node; None for a view."""
    operator = ops.find(node.op)
    if operator is None or operator.is_view:
        return None
    fitting = [k for k in operator.kernels if k.supports(graph, node) and (target.cpu.has_dsp or not k.needs_dsp)]
    return min(fitting, key=lambda kernel: (kernel.cycles(graph, node), kernel.name))


def _view_roots(graph: Graph) -> tuple[int, ...]:
    """For each tensor the one whose bytes it shares: itself, or what it is a view of."""
    roots = list(range(len(graph.tensors)))
    for node in graph.nodes:
        operator = ops.find(node.op)
        if operator and operator.is_view:
            roots[node.outputs[0]] = roots[node.inputs[0]]
    return tuple(roots)


def _buffers(
    graph: Graph, kernels: tuple[Kernel | None, ...], roots: tuple[int, ...]
) -> tuple[tuple[Buffer, ...], dict[int, int], dict[int, int]]:
    """Buffers of tensors and scratches; where each root tensor's and each layer's scratch is among them."""
    end = len(graph.nodes)
    first = {roots[i]: -1 for i in graph.inputs}
    last = dict(first)
    for position, (node, kernel) in enumerate(zip(graph.nodes, kernels, strict=True)):
        operator = ops.find(node.op)
        read = operator.operands(graph, node) if operator and kernel else ()
        for tensor in (*read, *node.outputs):
            if not graph.tensors[tensor].is_constant:
                first.setdefault(roots[tensor], position)
                last[roots[tensor]] = position
    last.update({roots[i]: end for i in graph.outputs if roots[i] in first})
    buffers = [Buffer(graph.tensors[t].name, graph.tensors[t].nbytes, first[t], last[t]) for t in first]
    tensor_buffer = {tensor: i for i, tensor in enumerate(first)}
    scratch_buffer = {}
    for position, (node, kernel) in enumerate(zip(graph.nodes, kernels, strict=True)):
        needed = kernel.scratch_bytes(graph, node) if kernel else 0
        if needed:
            scratch_buffer[position] = len(buffers)
            buffers.append(Buffer(f"scratch of {graph.layer_name(position)}", needed, position, position))
    return tuple(buffers), tensor_buffer, scratch_buffer


def _check_ram(plan: Plan) -> None:
    available = plan.target.ram.size - plan.target.stack_bytes
    if plan.arena_bytes > available:
        largest = plan.largest_buffer()
        raise DoesNotFit(
            f"{plan.graph.name}: the arena of {plan.arena_bytes:,} B exceeds the {available:,} B that "
            f"{plan.target.name} has beside its stack by {plan.arena_bytes - available:,} B; "
            f"largest tensor: {largest.name} ({largest.nbytes:,} B); prune the model further or choose a larger target"
        )
