"""Graph intermediate representation: immutable tensors and nodes in execution order.

A `Graph` is what a .tflite file says, checked and with types: tensors are
numbered, nodes refer to them by number and stand in an order in which they can
run.  Nothing in it is ever changed in place; a pass builds a new graph.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgeprune.errors import ModelError

#: Index that stands for an operand that was left out (TFLite's convention).
OMITTED = -1


class GraphError(ModelError):
    """A graph that contradicts itself."""


class DType(enum.Enum):
    """Element type of a tensor."""

    FLOAT32 = "float32"
    FLOAT16 = "float16"
    INT4 = "int4"
    INT8 = "int8"
    INT16 = "int16"
    INT32 = "int32"
    INT64 = "int64"
    UINT8 = "uint8"
    UINT16 = "uint16"
    UINT32 = "uint32"
    BOOL = "bool"
    OTHER = "other"

    @property
    def itemsize(self) -> int:
        """Bytes per element as edgeprune keeps it (int4 is kept unpacked)."""
        return self.numpy.itemsize

    @property
    def numpy(self) -> np.dtype[np.generic]:
        """The numpy type; raises GraphError for types numpy does not have."""
        if self is DType.OTHER:
            raise GraphError("a tensor has an element type that edgeprune does not know")
        return np.dtype("int8" if self is DType.INT4 else self.value)


@dataclass(frozen=True)
class Quantization:
    """Affine quantization: real = scale * (q - zero_point), per tensor or per channel.

    `scales` and `zero_points` have one entry (per tensor) or one per index along
    `axis` (per channel), as in the TFLite 8-bit quantization specification.
    """

    scales: tuple[float, ...]
    zero_points: tuple[int, ...]
    axis: int = 0

    @property
    def per_channel(self) -> bool:
        """Whether there is one scale per index along `axis`."""
        return len(self.scales) > 1

    @property
    def scale(self) -> float:
        """The scale of a per-tensor quantization (the first one otherwise)."""
        return self.scales[0]

    @property
    def zero_point(self) -> int:
        """The zero point of a per-tensor quantization (the first one otherwise)."""
        return self.zero_points[0]


@dataclass(frozen=True, eq=False)
class Tensor:
    """One value of the graph: a constant where `data` is given, else computed at run time."""

    name: str
    shape: tuple[int, ...]
    dtype: DType
    quantization: Quantization | None = None
    data: npt.NDArray[np.generic] | None = None

    @property
    def is_constant(self) -> bool:
        """Whether the value is known when the code is generated."""
        return self.data is not None

    @property
    def size(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        """Bytes that the elements take."""
        return self.size * self.dtype.itemsize

    def constant(self) -> npt.NDArray[np.generic]:
        """The constant's value; raises GraphError when it is not one."""
        if self.data is None:
            raise GraphError(f"tensor {self.name!r} is computed at run time where a constant is needed")
        return self.data

    def quantized(self) -> Quantization:
        """The quantization; raises GraphError when there is none."""
        if self.quantization is None:
            raise GraphError(f"tensor {self.name!r} ({self.dtype.value}) has no quantization parameters")
        return self.quantization


@dataclass(frozen=True, eq=False)
class Node:
    """One operation: `op` is TFLite's operator name, for example CONV_2D.

    `options` is the frozen dataclass that the operator's folder in `ops/` defines,
    or None for operators without options and for unknown ones.  `intermediates` are tensors
    that only tell the scales of values within the operation.
    """

    op: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: object | None = None
    intermediates: tuple[int, ...] = ()


@dataclass(frozen=True, eq=False)
class State:
    """A tensor whose value is kept from one inference to the next (a resource variable, an LSTM's state).

    Attributes:
        tensor: Its number; nodes may read it and write it.
        initial: What it holds before the first inference, with the tensor's shape and type.
    """

    tensor: int
    initial: npt.NDArray[np.generic]


@dataclass(frozen=True, eq=False)
class Graph:
    """A whole model: `inputs` and `outputs` are tensor numbers; `states` outlive an inference."""

    name: str
    tensors: tuple[Tensor, ...]
    nodes: tuple[Node, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    states: tuple[State, ...] = ()

    def input_tensors(self) -> tuple[Tensor, ...]:
        """The tensors a caller fills in."""
        return tuple(self.tensors[i] for i in self.inputs)

    def output_tensors(self) -> tuple[Tensor, ...]:
        """The tensors a caller reads."""
        return tuple(self.tensors[i] for i in self.outputs)

    def operand(self, node: Node, index: int) -> Tensor | None:
        """Input `index` of `node`, or None where it was left out."""
        if index >= len(node.inputs) or node.inputs[index] == OMITTED:
            return None
        return self.tensors[node.inputs[index]]

    def required(self, node: Node, index: int) -> Tensor:
        """Input `index` of `node`; raises GraphError where it was left out."""
        tensor = self.operand(node, index)
        if tensor is None:
            raise GraphError(f"{node.op} lacks its input {index}")
        return tensor

    def output(self, node: Node, index: int = 0) -> Tensor:
        """Output `index` of `node`; raises GraphError where there is none."""
        if index >= len(node.outputs) or node.outputs[index] == OMITTED:
            raise GraphError(f"{node.op} lacks its output {index}")
        return self.tensors[node.outputs[index]]

    def layer_name(self, index: int) -> str:
        """Unique, stable name of node `index`, such as `03_conv_2d`."""
        return f"{index:02d}_{self.nodes[index].op.lower()}"

    def check(self) -> Graph:
        """Return self after checking every index, order and constant.

        Raises:
            GraphError: with the node or tensor at fault.
        """
        _check_tensors(self)
        states = _check_states(self)
        known = {i for i, t in enumerate(self.tensors) if t.is_constant} | set(self.inputs) | states
        for position, node in enumerate(self.nodes):
            where = f"node {position} ({node.op})"
            tuple(_indices(self, node.intermediates, where))
            for index in _indices(self, node.inputs, where):
                if index not in known:
                    raise GraphError(f"{where} reads tensor {index} before anything computes it")
            for index in _indices(self, node.outputs, where):
                if index in known - states:
                    raise GraphError(f"{where} writes tensor {index}, which has a value already")
                known.add(index)
        for index in _indices(self, self.outputs, "the graph's output list"):
            if index not in known:
                raise GraphError(f"output tensor {index} is never computed")
        return self


def _indices(graph: Graph, indices: tuple[int, ...], where: str) -> Iterator[int]:
    for index in indices:
        if index == OMITTED:
            continue
        if not 0 <= index < len(graph.tensors):
            raise GraphError(f"{where} refers to tensor {index}; there are {len(graph.tensors)}")
        yield index


def _check_states(graph: Graph) -> set[int]:
    """The numbers of the tensors that are states."""
    found = set(_indices(graph, tuple(state.tensor for state in graph.states), "the graph's states"))
    for state in graph.states:
        tensor = graph.tensors[state.tensor]
        if tensor.is_constant or state.tensor in graph.inputs:
            raise GraphError(f"the state {tensor.name!r} is a constant or an input")
        if state.initial.shape != tensor.shape or state.initial.dtype != tensor.dtype.numpy:
            raise GraphError(f"the state {tensor.name!r} of shape {tensor.shape} starts as {state.initial.shape}")
    return found


def _check_tensors(graph: Graph) -> None:
    for index in _indices(graph, graph.inputs, "the graph's input list"):
        if graph.tensors[index].is_constant:
            raise GraphError(f"input tensor {index} is a constant")
    for index, tensor in enumerate(graph.tensors):
        if any(extent < 0 for extent in tensor.shape):
            raise GraphError(f"tensor {index} ({tensor.name!r}) has the shape {tensor.shape}")
        if tensor.data is not None and tensor.data.shape != tensor.shape:
            raise GraphError(
                f"tensor {index} ({tensor.name!r}) has the shape {tensor.shape}, its data {tensor.data.shape}"
            )
        if tensor.quantization is not None:
            _check_quantization(index, tensor, tensor.quantization)


def _check_quantization(index: int, tensor: Tensor, quantization: Quantization) -> None:
    where = f"tensor {index} ({tensor.name!r})"
    if len(quantization.scales) != len(quantization.zero_points):
        raise GraphError(
            f"{where} has {len(quantization.scales)} scales and {len(quantization.zero_points)} zero points"
        )
    if not all(math.isfinite(s) and s >= 0 for s in quantization.scales):
        raise GraphError(f"{where} has a scale that is not a positive number")
    if quantization.per_channel:
        axis = quantization.axis
        if not 0 <= axis < len(tensor.shape) or tensor.shape[axis] != len(quantization.scales):
            raise GraphError(f"{where} has {len(quantization.scales)} scales along axis {axis} of {tensor.shape}")
