"""Removes what no output of the model depends on."""

from __future__ import annotations

from dataclasses import replace

from edgeprune.graph import Graph, Node


def remove_dead_nodes(graph: Graph) -> Graph:
    """The graph without nodes whose outputs nothing reads, and without the data of constants that nothing reads.

    A node without outputs, or one that writes a state, is there for what it does.
    """
    needed = {*graph.outputs, *(state.tensor for state in graph.states)}
    nodes: list[Node] = []
    for node in reversed(graph.nodes):
        if not node.outputs or needed & set(node.outputs):
            nodes.append(node)
            needed |= set(node.inputs)
    tensors = tuple(
        tensor if index in needed or tensor.data is None else replace(tensor, data=None)
        for index, tensor in enumerate(graph.tensors)
    )
    return replace(graph, tensors=tensors, nodes=tuple(reversed(nodes)))
