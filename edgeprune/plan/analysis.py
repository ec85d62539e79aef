"""What a target would make of a model, layer by layer, without building anything."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgeprune import ops
from edgeprune.graph import Graph, Node
from edgeprune.optimize import optimize
from edgeprune.plan.plan import choose_kernels, no_kernel
from edgeprune.plan.zeros import WeightPattern, weight_pattern
from edgeprune.targets import McuTarget, Target

#: Below this share of zeros there is nothing that any sparse kernel could use.
_SPARSE = 0.1
#: XNNPACK asks for more than this share of zeros over the 1x1 convolutions.
_XNNPACK_ZEROS = 2 / 3


@dataclass(frozen=True)
class LayerAnalysis:
    """One layer.

    Attributes:
        name, op: As in the graph.
        output_shape: Of its first output.
        macs, parameters: Counted.
        sparsity: Share of zeros among its weights, 0 to 1; None where it has none.
        supported: Whether the target runs it.
        fault: The rule that it breaks, else empty.
        kernel: What would run it: a C function on a microcontroller, else the runtime.
        sparsity_note: Why its zeros save no time there; empty where there are hardly any.
        weights: The pattern of its weights' zeros and values; None where it has none.
    """

    name: str
    op: str
    output_shape: tuple[int, ...]
    macs: int
    parameters: int
    sparsity: float | None
    supported: bool
    fault: str
    kernel: str
    sparsity_note: str
    weights: WeightPattern | None


def analyse(graph: Graph, target: Target) -> tuple[LayerAnalysis, ...]:
    """Every layer of the graph on the target, in order; for a microcontroller, of what its firmware is built from."""
    if isinstance(target, McuTarget):
        graph = optimize(graph)
    faults = [_fault(graph, node, target) for node in graph.nodes]
    kernels = _kernels(graph, target, faults)
    return tuple(
        _layer(graph, index, target, fault, kernel)
        for index, (fault, kernel) in enumerate(zip(faults, kernels, strict=True))
    )


def _layer(graph: Graph, index: int, target: Target, fault: str, kernel: str) -> LayerAnalysis:
    node = graph.nodes[index]
    sparsity = _zeros(graph, node)
    return LayerAnalysis(
        name=graph.layer_name(index),
        op=node.op,
        output_shape=graph.output(node).shape if node.outputs else (),
        macs=ops.layer_macs(graph, node),
        parameters=ops.layer_parameters(graph, node),
        sparsity=sparsity,
        supported=not fault,
        fault=fault,
        kernel=kernel,
        sparsity_note=_sparsity_note(graph, node, target) if (sparsity or 0) >= _SPARSE else "",
        weights=weight_pattern(graph, node),
    )


def _fault(graph: Graph, node: Node, target: Target) -> str:
    if not isinstance(target, McuTarget):
        return ""  # LiteRT runs every builtin operator
    operator = ops.find(node.op)
    if operator is None:
        return f"{node.op} is not among the supported operators: {', '.join(ops.operators())}"
    return operator.fault(graph, node) or no_kernel(graph, node, target) or ""


def _kernels(graph: Graph, target: Target, faults: list[str]) -> list[str]:
    """What would run each layer; kernels are chosen together, so of a graph without faults only."""
    if not isinstance(target, McuTarget):
        return ["LiteRT"] * len(faults)
    if any(faults):
        return [""] * len(faults)
    return [choice.option.kernel.name if choice else "no code" for choice in choose_kernels(graph, target)]


def _zeros(graph: Graph, node: Node) -> float | None:
    """Share of zeros among the constants with two or more dimensions."""
    tensors = (graph.tensors[i] for i in node.inputs if i >= 0)
    weights = [t.constant() for t in tensors if t.is_constant and len(t.shape) > 1 and not _is_table(t.dtype.value)]
    total = sum(w.size for w in weights)
    return 1 - sum(int(np.count_nonzero(w)) for w in weights) / total if total else None


def _is_table(dtype: str) -> bool:
    """Shapes, axes and paddings are integers of 32 or 64 bits."""
    return dtype in {"int32", "int64"}


def _sparsity_note(graph: Graph, node: Node, target: Target) -> str:
    """Why the target does not use the zeros of a layer that has many.

    XNNPACK's conditions are those of its sparse inference: float weights in the sparse
    encoding, 1x1 convolutions with more than 2/3 zeros between layers it can follow.
    """
    if isinstance(target, McuTarget):
        return "the kernel multiplies by zeros like by any weight; only removed channels save time here"
    if graph.required(node, 0).dtype.value in {"int8", "int16"}:
        return "XNNPACK has no sparse kernels for integers; only removed channels save time here"
    weights = graph.required(node, 1)
    if node.op != "CONV_2D" or weights.shape[1:3] != (1, 1):
        return "XNNPACK has sparse kernels for 1x1 convolutions only"
    if (_zeros(graph, node) or 0) <= _XNNPACK_ZEROS:
        return "XNNPACK uses zeros from 2/3 of the weights of 1x1 convolutions on"
    return "the file stores the zeros like other values; `edgeprune build` encodes them for XNNPACK, where that pays"
