"""Resource variables, by which streaming models keep state from one inference to the next.

A file names a variable by VAR_HANDLE, sets it once in a subgraph that CALL_ONCE runs, and
reads and assigns it by handle.  In the graph a variable is a tensor in `Graph.states`:
READ_VARIABLE's input, ASSIGN_VARIABLE's output.  Handles and CALL_ONCE are gone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from edgeprune.errors import ModelError
from edgeprune.graph import Graph, Node, State, Tensor

_HANDLE, _READ, _ASSIGN, _CALL_ONCE = "VAR_HANDLE", "READ_VARIABLE", "ASSIGN_VARIABLE", "CALL_ONCE"
_DROPPED = {_HANDLE, _CALL_ONCE}


@dataclass(frozen=True)
class HandleOptions:
    """Options of VAR_HANDLE: the variable's name, the same in all subgraphs."""

    variable: str


@dataclass(frozen=True)
class CallOnceOptions:
    """Options of CALL_ONCE: the subgraph that sets the variables."""

    subgraph: int


def with_states(graph: Graph, subgraphs: Sequence[Graph]) -> Graph:
    """The first subgraph with its variables as states.

    Args:
        graph: The subgraph that runs at every inference.
        subgraphs: All subgraphs by number.

    Raises:
        ModelError: a variable is never given a value, or is used in an order that no single
            place in memory can serve.
    """
    names = _handles(graph)
    if not names:
        return graph
    initial: dict[str, npt.NDArray[np.generic]] = {}
    for node in graph.nodes:
        if node.op == _CALL_ONCE and isinstance(node.options, CallOnceOptions):
            initial.update(_initial_values(subgraphs[node.options.subgraph]))
    tensors, places = list(graph.tensors), {}
    for node in graph.nodes:
        if node.op in {_READ, _ASSIGN} and (name := names[node.inputs[0]]) not in places:
            like = graph.tensors[node.outputs[0] if node.op == _READ else node.inputs[1]]
            places[name] = len(tensors)
            tensors.append(Tensor(name, like.shape, like.dtype, like.quantization))
    nodes = [_by_place(node, names, places) for node in graph.nodes if node.op not in _DROPPED]
    states = tuple(State(place, _start(name, tensors[place], initial)) for name, place in places.items())
    return replace(graph, tensors=tuple(tensors), nodes=_delayed(nodes), states=graph.states + states)


def _handles(graph: Graph) -> dict[int, str]:
    """Variable's name by the number of each handle tensor."""
    return {
        node.outputs[0]: node.options.variable
        for node in graph.nodes
        if node.op == _HANDLE and isinstance(node.options, HandleOptions)
    }


def _initial_values(subgraph: Graph) -> dict[str, npt.NDArray[np.generic]]:
    names = _handles(subgraph)
    return {
        names[node.inputs[0]]: subgraph.tensors[node.inputs[1]].constant()
        for node in subgraph.nodes
        if node.op == _ASSIGN
    }


def _start(name: str, tensor: Tensor, initial: dict[str, npt.NDArray[np.generic]]) -> npt.NDArray[np.generic]:
    if name not in initial:
        raise ModelError(f"the variable {name!r} is never given a first value; export the model again")
    return initial[name].astype(tensor.dtype.numpy).reshape(tensor.shape)


def _by_place(node: Node, names: dict[int, str], places: dict[str, int]) -> Node:
    """The node with the variable's tensor in place of its handle."""
    if node.op == _READ:
        return replace(node, inputs=(places[names[node.inputs[0]]],))
    if node.op == _ASSIGN:
        return replace(node, inputs=node.inputs[1:], outputs=(places[names[node.inputs[0]]],))
    return node


def _delayed(nodes: list[Node]) -> tuple[Node, ...]:
    """Assignments moved behind the last use of what was read before them.

    A read is another name for the variable's memory, so it must not change while that is used.
    """
    ordered: list[Node] = []
    for node in reversed(nodes):
        place = 0
        if node.op == _ASSIGN:
            position = nodes.index(node)
            read = {n.outputs[0] for n in nodes[:position] if n.op == _READ and n.inputs[0] == node.outputs[0]}
            users = [i for i, later in enumerate(ordered) if read & set(later.inputs)]
            place = users[-1] + 1 if users else 0
            if any(n.op in {_READ, _ASSIGN} and node.outputs[0] in n.inputs + n.outputs for n in ordered[:place]):
                raise ModelError("a variable's old value is used after a new one was read; export the model again")
        ordered.insert(place, node)
    return tuple(ordered)
