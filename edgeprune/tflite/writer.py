"""Back from a graph to the .tflite file that it was read from: what a pass changed, and nothing else.

The file's own objects are edited, so whatever the graph does not know (signatures, metadata,
operator versions, custom options, other subgraphs) stays as it is.
"""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from edgeprune.errors import ModelError
from edgeprune.graph import OMITTED, DType, Graph, GraphError, Node, Quantization, Tensor
from edgeprune.tflite.flatbuffer import packed, unpacked
from edgeprune.tflite.reader import DAMAGE, TfliteModel, read_bytes
from edgeprune.tflite.sparse import is_sparse


def rewritten(source: TfliteModel, graph: Graph) -> TfliteModel:
    """The file of `source` as `graph` has it, read back and checked.

    Args:
        source: The file.
        graph: What passes made of `source.graph`: tensors have the numbers that they had, new ones
            follow; layers may be gone, have other constants and narrower tensors, but are not new.

    Raises:
        GraphError: the graph is not made from that file.
        ModelError: the file is damaged where the graph does not look.
        VerificationError: the bindings do not read what they wrote.
    """
    try:
        model = unpacked(source.content)
        if is_sparse(model):
            raise ModelError(
                f"{source.graph.name} is in TFLite's sparse encoding, which is read but not changed; "
                "start from the file that it was made of"
            )
        _Edit(model, source.graph, graph).apply()
        content = packed(model, source.content)
    except DAMAGE as error:  # in a part that the graph is not made from
        raise ModelError(f"{source.graph.name} is damaged ({type(error).__name__}: {error}); copy it again") from None
    return read_bytes(content, source.graph.name)


class _Edit:
    """One such change of a file's objects, in place."""

    def __init__(self, model: Any, before: Graph, after: Graph) -> None:
        self._model, self._main = model, model.subgraphs[0]
        self._before, self._after = before, after
        self._written: dict[bytes, int] = {}
        self._tensor_uses = Counter(_references(self._main))

    def apply(self) -> None:
        """Change operators, then tensors, then drop the bytes that nothing refers to any more."""
        used_before = set(self._tensor_uses)
        operators = {tuple(o.outputs): o for o in self._main.operators if o.outputs is not None and len(o.outputs)}
        self._drop_operators(operators)
        for index in range(len(self._main.tensors)):
            old, new = self._before.tensors[index], self._after.tensors[index]
            if new is not old and index in used_before:
                self._set(self._main.tensors[index], old, new)
        nodes = {node.outputs: node for node in self._before.nodes}
        for node in self._after.nodes:
            if node is not nodes.get(node.outputs):
                self._set_operator(operators, nodes, node)
        for index in used_before - set(_references(self._main)):
            self._main.tensors[index].buffer = 0
        self._empty_unused_buffers()

    def _drop_operators(self, operators: dict[tuple[int, ...], Any]) -> None:
        gone = {node.outputs for node in self._before.nodes} - {node.outputs for node in self._after.nodes}
        dropped = {id(operators[outputs]) for outputs in gone if outputs in operators}
        self._main.operators = [o for o in self._main.operators if id(o) not in dropped]

    def _set_operator(
        self, operators: dict[tuple[int, ...], Any], nodes: dict[tuple[int, ...], Node], node: Node
    ) -> None:
        if node.outputs not in operators or node.outputs not in nodes:
            raise GraphError(f"the file has no layer {node.op} that computes tensors {node.outputs}")
        operator, old = operators[node.outputs], nodes[node.outputs]
        inputs = [int(i) for i in operator.inputs]
        inputs += [OMITTED] * (len(node.inputs) - len(inputs))
        for slot, index in enumerate(node.inputs):
            before = old.inputs[slot] if slot < len(old.inputs) else OMITTED
            if index != before:
                inputs[slot] = self._place(before, self._after.tensors[index])
                operator.inputs = inputs
                constant = None if before == OMITTED else self._before.tensors[before]
                self._set(self._main.tensors[inputs[slot]], constant, self._after.tensors[index])
        if operator.builtinOptionsType == schema.BuiltinOptions.ReshapeOptions:
            self._set_new_shape(operator)

    def _place(self, old: int, new: Tensor) -> int:
        """Number of the file's tensor that shall hold a layer's new constant in place of tensor `old`."""
        if old != OMITTED and self._tensor_uses[old] == 1:
            return old
        target = schema.TensorT(name=new.name, type=_type(new.dtype))
        if old != OMITTED:
            like = self._main.tensors[old]
            target.quantization, target.hasRank = copy.copy(like.quantization), like.hasRank
        _set_shape(target, new.shape)
        self._main.tensors.append(target)
        return len(self._main.tensors) - 1

    def _set(self, target: Any, old: Tensor | None, new: Tensor) -> None:
        if old is None or old.shape != new.shape:
            _set_shape(target, new.shape)
        if new.quantization is not None and (old is None or new.quantization != old.quantization):
            _set_quantization(target, new.quantization)
        if new.data is None:
            return
        data = new.data
        if old is not None and old.data is not None and self._is_shape(target):
            data = np.where(old.data == -1, np.int32(-1), data)  # an extent that was left open stays so
        raw = data.astype(new.dtype.numpy.newbyteorder("<")).tobytes()
        if new.dtype is DType.INT4:
            raise GraphError(f"{new.name!r} is int4, which is not written")
        if raw not in self._written:
            self._model.buffers.append(schema.BufferT(data=np.frombuffer(raw, np.uint8)))
            self._written[raw] = len(self._model.buffers) - 1
        target.buffer = self._written[raw]

    def _is_shape(self, target: Any) -> bool:
        """Whether a tensor of the file is the shape operand of a RESHAPE."""
        kind = schema.BuiltinOperator.RESHAPE
        codes = [max(code.builtinCode, code.deprecatedBuiltinCode) for code in self._model.operatorCodes]
        reshapes = (o for o in self._main.operators if codes[o.opcodeIndex] == kind and len(o.inputs) > 1)
        return any(self._main.tensors[o.inputs[1]] is target for o in reshapes)

    def _set_new_shape(self, operator: Any) -> None:
        """RESHAPE says its shape twice."""
        options, output = operator.builtinOptions, self._main.tensors[operator.outputs[0]]
        if options is not None and options.newShape is not None and len(options.newShape):
            old = [int(extent) for extent in options.newShape]
            options.newShape = [-1 if o == -1 else int(n) for o, n in zip(old, output.shape, strict=True)]

    def _empty_unused_buffers(self) -> None:
        """Buffers keep their numbers, which metadata and other subgraphs use too; those at the end can go."""
        tensors = (tensor for subgraph in self._model.subgraphs for tensor in subgraph.tensors)
        used = {0, *(tensor.buffer for tensor in tensors), *(m.buffer for m in self._model.metadata or ())}
        if self._model.metadataBuffer is not None:
            used |= {int(index) for index in self._model.metadataBuffer}
        free = iter(sorted(set(range(len(self._model.buffers))) - used))
        moved = {}
        for index in sorted(set(self._written.values()), reverse=True):  # new ones into the places of old ones
            place = next(free, index)
            if place < index:
                self._model.buffers[place], moved[index] = self._model.buffers[index], place
        for subgraph in self._model.subgraphs:
            for tensor in subgraph.tensors:
                tensor.buffer = moved.get(tensor.buffer, tensor.buffer)
        used = (used - set(moved)) | set(moved.values())
        del self._model.buffers[max(used) + 1 :]
        for index in set(range(len(self._model.buffers))) - used:
            self._model.buffers[index] = schema.BufferT()


def _references(subgraph: Any) -> Iterator[int]:
    """Every use of a tensor in a subgraph."""
    vectors = [subgraph.inputs, subgraph.outputs]
    for operator in subgraph.operators:
        vectors += [operator.inputs, operator.outputs, operator.intermediates]
    for vector in vectors:
        if vector is not None:
            yield from (int(index) for index in vector if index != OMITTED)


def _type(dtype: DType) -> int:
    number: int = getattr(schema.TensorType, dtype.name)
    return number


def _set_shape(target: Any, shape: tuple[int, ...]) -> None:
    target.shape = list(shape)
    if target.shapeSignature is not None and len(target.shapeSignature) == len(shape):
        open_ = [int(extent) == -1 for extent in target.shapeSignature]
        target.shapeSignature = [-1 if o else extent for o, extent in zip(open_, shape, strict=True)]


def _set_quantization(target: Any, new: Quantization) -> None:
    parameters = target.quantization or schema.QuantizationParametersT()
    if parameters.scale is None or len(parameters.scale) != len(new.scales):
        parameters.min = parameters.max = None  # they told of the old channels
    parameters.scale, parameters.zeroPoint = list(new.scales), list(new.zero_points)
    parameters.quantizedDimension = new.axis
    target.quantization = parameters
