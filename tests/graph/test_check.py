"""The graph's checker refuses what contradicts itself."""

from __future__ import annotations

import numpy as np
import pytest

from edgeprune.graph import DType, Graph, Node, Quantization, Tensor
from edgeprune.graph.ir import GraphError

INT8 = Tensor("t", (1, 4), DType.INT8, Quantization((0.5,), (0,)))


def graph(*nodes: Node, tensors: tuple[Tensor, ...] = (INT8, INT8, INT8), outputs: tuple[int, ...] = (1,)) -> Graph:
    return Graph("g", tensors, nodes, (0,), outputs)


def test_a_sound_graph_passes() -> None:
    sound = graph(Node("RESHAPE", (0,), (1,)))
    assert sound.check() is sound


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (graph(Node("ADD", (0, 2), (1,))), "before anything computes it"),
        (graph(Node("ADD", (0, 7), (1,))), "refers to tensor 7"),
        (graph(Node("ADD", (0, 0), (0,))), "has a value already"),
        (graph(), "output tensor 1 is never computed"),
        (graph(Node("ADD", (0,), (1,)), outputs=(9,)), "refers to tensor 9"),
    ],
)
def test_order_and_indices(broken: Graph, message: str) -> None:
    with pytest.raises(GraphError, match=message):
        broken.check()


@pytest.mark.parametrize(
    ("tensor", "message"),
    [
        (Tensor("t", (1, -4), DType.INT8), "shape"),
        (Tensor("t", (2, 2), DType.INT8, data=np.zeros((4,), np.int8)), "its data"),
        (Tensor("t", (4,), DType.INT8, Quantization((1.0, 2.0), (0,))), "2 scales and 1 zero points"),
        (Tensor("t", (4,), DType.INT8, Quantization((1.0, 2.0), (0, 0))), "along axis 0"),
        (Tensor("t", (4,), DType.INT8, Quantization((float("nan"),), (0,))), "not a positive number"),
    ],
)
def test_tensors(tensor: Tensor, message: str) -> None:
    with pytest.raises(GraphError, match=message):
        graph(Node("ADD", (0,), (1,)), tensors=(INT8, INT8, tensor)).check()
