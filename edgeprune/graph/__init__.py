"""The typed graph that every later stage reads: tensors, nodes and their checker."""

from edgeprune.graph.ir import OMITTED, DType, Graph, GraphError, Node, Quantization, State, Tensor

__all__ = ["OMITTED", "DType", "Graph", "GraphError", "Node", "Quantization", "State", "Tensor"]
