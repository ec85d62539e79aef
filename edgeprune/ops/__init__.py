"""All that is known of each operator; found by scanning this folder, never listed."""

from __future__ import annotations

import builtins
import functools
import importlib
import pkgutil
from types import MappingProxyType

from edgeprune.graph import Graph, Node
from edgeprune.ops.base import Kernel, KernelCode, Operator

__all__ = ["Kernel", "KernelCode", "Operator", "find", "layer_macs", "layer_parameters", "operators"]


@functools.cache
def operators() -> MappingProxyType[str, Operator]:
    """Every operator by its TFLite name, sorted by name."""
    found = {}
    for module in pkgutil.iter_modules(__path__):
        if module.ispkg:
            operator: Operator = importlib.import_module(f"{__name__}.{module.name}").OPERATOR
            found[operator.name] = operator
    return MappingProxyType(dict(sorted(found.items())))


def find(name: str) -> Operator | None:
    """The operator of that TFLite name, or None where edgeprune does not have it."""
    return operators().get(name)


def layer_macs(graph: Graph, node: Node) -> int:
    """Multiply-accumulates of the node, 0 for operators that have none or are unknown."""
    operator = find(node.op)
    return operator.macs(graph, node) if operator else 0


def layer_parameters(graph: Graph, node: Node) -> int:
    """Number of weights and biases that the node holds: its constants that are not shapes or axes."""
    sizes = (graph.tensors[i] for i in node.inputs if i >= 0 and graph.tensors[i].is_constant)
    # `sum` here is the folder of the operator SUM
    return builtins.sum(t.size for t in sizes if t.quantization is not None or t.dtype.value.startswith("float"))
