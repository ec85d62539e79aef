"""From a checked graph and a target to the plan of its firmware."""

from __future__ import annotations

from dataclasses import dataclass

from edgeprune import ops
from edgeprune.errors import DoesNotFit, UnsupportedError
from edgeprune.graph import DType, Graph, Node
from edgeprune.ops import Kernel
from edgeprune.plan.cost import cycles_on
from edgeprune.plan.lifetimes import lifetimes, live_bytes, overlayable, read_tensors
from edgeprune.plan.memory import Buffer, Placement, aligned, lower_bound, place
from edgeprune.plan.select import Choice, Objective, Option, select
from edgeprune.targets import CompiledTarget, McuTarget

#: What to do about an operator that has no kernel for float32.
_QUANTIZE = "; convert the model with `edgeprune convert MODEL --data D.npz --quantize int8 --out OUT.tflite`"


@dataclass(frozen=True, eq=False)
class LayerPlan:
    """How one node runs.

    Attributes:
        index: Position in the graph.
        name: Unique name such as `03_conv_2d`.
        node: The node.
        choice: Its kernel, why, and what else there was; None for a view, which costs nothing.
        macs: Multiply-accumulates.
        scratch_offset: Where in the arena its working memory begins; None when it needs none.
        ram_bytes: What is alive in the arena while it runs.
    """

    index: int
    name: str
    node: Node
    choice: Choice | None
    macs: int
    scratch_offset: int | None
    ram_bytes: int

    @property
    def kernel(self) -> Kernel | None:
        """What runs it; None for a view."""
        return self.choice.option.kernel if self.choice else None


@dataclass(frozen=True, eq=False)
class Plan:
    """A graph with kernels chosen and every tensor placed.

    Attributes:
        graph: The graph.
        target: What it is planned for.
        objective: What it is to be good at.
        layers: One per node, in order.
        offsets: Per tensor its offset in the arena; None for constants.
        placement: All buffers of the arena, for reports.
    """

    graph: Graph
    target: CompiledTarget
    objective: Objective
    layers: tuple[LayerPlan, ...]
    offsets: tuple[int | None, ...]
    placement: Placement

    @property
    def arena_bytes(self) -> int:
        """Size of the arena."""
        return self.placement.nbytes

    @property
    def arena_lower_bound(self) -> int:
        """Bytes alive at the busiest moment: no placement of these buffers can take less."""
        return lower_bound(self.placement.buffers)

    def peak_layer(self) -> LayerPlan | None:
        """The layer during which most is alive; None for a graph without layers."""
        return max(self.layers, key=lambda layer: layer.ram_bytes, default=None)

    def largest_buffer(self) -> Buffer:
        """The arena's largest buffer, which a message can name."""
        return max(self.placement.buffers, key=lambda buffer: buffer.nbytes)


def make_plan(
    graph: Graph,
    target: CompiledTarget,
    objective: Objective = Objective.BALANCED,
    kernels: frozenset[str] = frozenset(),
) -> Plan:
    """Choose kernels, compute lifetimes and place every buffer.

    Args:
        graph: What to run.
        target: What to run it on.
        objective: What the plan is to be good at.
        kernels: Labels of kernels that are taken wherever they can run, whatever they cost.

    Raises:
        UnsupportedError: an operator, or the way it is used, is not supported on the target.
        DoesNotFit: the arena alone exceeds the target's RAM.
    """
    check_supported(graph, target)
    choices = choose_kernels(graph, target, objective, kernels)
    chosen = tuple(choice.option.kernel if choice else None for choice in choices)
    needed = lifetimes(graph, chosen)
    placement = place(needed.buffers, thorough=isinstance(target, McuTarget))
    offsets = tuple(None if i is None else placement.offsets[i] for i in needed.tensor_buffer)
    layers = tuple(
        LayerPlan(
            index,
            graph.layer_name(index),
            node,
            choices[index],
            ops.layer_macs(graph, node),
            None if (place_of := needed.scratch_buffer[index]) is None else placement.offsets[place_of],
            sum(aligned(b.nbytes) for b in needed.buffers if b.first <= index <= b.last),
        )
        for index, node in enumerate(graph.nodes)
    )
    plan = Plan(graph, target, objective, layers, offsets, placement)
    _check_ram(plan)
    return plan


def check_supported(graph: Graph, target: CompiledTarget) -> None:
    """Refuse a graph that the target cannot run, by the operator's name and rule.

    Raises:
        UnsupportedError: in one sentence, with what is supported.
    """
    unknown = sorted({node.op for node in graph.nodes if ops.find(node.op) is None})
    if unknown:
        raise UnsupportedError(
            f"{graph.name}: {', '.join(unknown)} cannot run on {target.name}",
            f"supported are {', '.join(ops.operators())}",
        )
    for index, node in enumerate(graph.nodes):
        operator = ops.find(node.op)
        fault = (operator.fault(graph, node) or no_kernel(graph, node, target)) if operator else None
        if fault:
            raise UnsupportedError(
                f"{graph.name}: layer {graph.layer_name(index)} cannot run on {target.name}: {fault}"
                + (_QUANTIZE if computes_in_float(graph, node) else "")
            )


def computes_in_float(graph: Graph, node: Node) -> bool:
    """Whether a node's input 0 is float32."""
    source = graph.operand(node, 0)
    return source is not None and source.dtype is DType.FLOAT32


def no_kernel(graph: Graph, node: Node, target: CompiledTarget) -> str | None:
    """Why no kernel of a node that keeps its operator's rules runs on the target; None where one does."""
    operator = ops.find(node.op)
    if operator is None or operator.is_view or operator.candidates(graph, node, target.cpu):
        return None
    return f"no kernel for {graph.required(node, operator.typed_input).dtype.value} runs on a {target.cpu.core}"


def choose_kernels(
    graph: Graph,
    target: CompiledTarget,
    objective: Objective = Objective.BALANCED,
    forced: frozenset[str] = frozenset(),
) -> tuple[Choice | None, ...]:
    """A kernel for every node of a supported graph; None for a view."""
    overlays = overlayable(graph)
    options = [_options(graph, node, target, overlays[i], forced) for i, node in enumerate(graph.nodes)]
    return select(options, live_bytes(graph), target, objective)


def _options(
    graph: Graph, node: Node, target: CompiledTarget, overlays: frozenset[int], forced: frozenset[str]
) -> tuple[Option, ...]:
    operator = ops.find(node.op)
    if operator is None or operator.is_view:
        return ()
    candidates = operator.candidates(graph, node, target.cpu)
    candidates = tuple(k for k in candidates if k.label in forced) or candidates
    return tuple(_option(graph, node, kernel, target, overlays) for kernel in candidates)


def _option(graph: Graph, node: Node, kernel: Kernel, target: CompiledTarget, overlays: frozenset[int]) -> Option:
    operands = read_tensors(graph, node)
    overlaid = any(operands[i] in overlays for i in kernel.in_place(graph, node))
    return Option(
        kernel,
        kernel.emit(graph, node),
        cycles_on(kernel.cost(graph, node, target.cpu), target),
        kernel.scratch_bytes(graph, node),
        aligned(graph.output(node).nbytes) if overlaid else 0,
    )


def _check_ram(plan: Plan) -> None:
    if not isinstance(plan.target, McuTarget):
        return
    available = plan.target.ram.size - plan.target.stack_bytes
    if plan.arena_bytes > available:
        largest = plan.largest_buffer()
        raise DoesNotFit(
            f"{plan.graph.name}: the arena of {plan.arena_bytes:,} B exceeds the {available:,} B that "
            f"{plan.target.name} has beside its stack by {plan.arena_bytes - available:,} B; "
            f"largest tensor: {largest.name} ({largest.nbytes:,} B); prune the model further or choose a larger target"
        )
