"""A .tflite file with a part of its network in the form that sparse inference takes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from edgeprune.graph import DType
from edgeprune.sparsify.encoding import Encoded, Weights, encoded
from edgeprune.sparsify.layers import ENTRY_CHANNELS, Window, is_scalar, weights_of
from edgeprune.sparsify.part import Part, producers_of
from edgeprune.tflite import TfliteModel, read_bytes
from edgeprune.tflite.flatbuffer import packed, unpacked


def rewritten(source: TfliteModel, parts: Sequence[Part]) -> tuple[TfliteModel, dict[int, Encoded]]:
    """The file with these parts, which nothing blocks, ready for sparse inference.

    Returns:
        The file, and by node the encoding of each 1x1 convolution whose weights are encoded.
    """
    edit = _Edit(source)
    chosen: dict[int, Encoded] = {}
    for part in parts:
        for window in (*part.entries, *part.windows):
            edit.set_window(window, part.mirrored, window in part.entries)
        for layer in part.pointwise:
            tensor = source.graph.tensors[layer.weights]
            encoding = encoded(tensor.constant())
            if encoding.nbytes < tensor.nbytes:
                edit.encode(layer.node, encoding, tensor.dtype, tensor.shape)
                chosen[layer.node] = encoding
        for node in part.nodes:
            edit.widen_scalars(node)
        edit.divide_after(part.end)
    return read_bytes(edit.content(), source.graph.name), chosen


class _Edit:
    """Changes of one file's objects, in place; operators are found by the nodes of its graph."""

    def __init__(self, source: TfliteModel) -> None:
        self._source, self._graph = source, source.graph
        self._model = unpacked(source.content)
        self._main = self._model.subgraphs[0]
        self._producers = producers_of(self._graph)
        by_outputs = {tuple(o.outputs): o for o in self._main.operators if o.outputs is not None}
        self._operators: list[Any] = [by_outputs.get(node.outputs) for node in self._graph.nodes]
        #: By identity of an operator: what is to run right before it, and right after it.
        self._before: dict[int, list[Any]] = defaultdict(list)
        self._after: dict[int, list[Any]] = defaultdict(list)
        self._dropped: set[int] = set()
        for operator in self._main.operators:
            operator.inputs = [] if operator.inputs is None else [int(index) for index in operator.inputs]

    def set_window(self, window: Window, mirrored: tuple[bool, bool], entry: bool) -> None:
        """Mirror the kernel where all is mirrored, and what an entry reads; pad as sparse inference wants."""
        operator, source = self._operators[window.node], window.source
        shape = list(self._graph.tensors[source].shape)
        self._set_kernel(window.node, mirrored, entry)
        if entry:
            source = self._mirrored(operator, source, mirrored)
            more, shape[3] = ENTRY_CHANNELS - shape[3], ENTRY_CHANNELS
            source = self._padded(operator, source, [(0, 0)] * 3 + [(0, more)], shape) if more else source
        elif window.pad is None and all(side.stride == 1 for side in window.sides):
            return  # SAME pads as wanted
        if window.pad is not None:
            self._dropped.add(id(self._operators[window.pad]))
        around = [(0, 0), *((side.wanted, side.wanted) for side in window.sides), (0, 0)]
        shape = [extent + sum(pads) for extent, pads in zip(shape, around, strict=True)]
        # Apart from the channels' PAD, since XNNPACK makes this one a part of the convolution.
        operator.inputs[0] = self._padded(operator, source, around, shape)
        operator.builtinOptions.padding = schema.Padding.VALID

    def _set_kernel(self, node: int, mirrored: tuple[bool, bool], entry: bool) -> None:
        """Mirror a kernel, and have an entry's read as many channels as it must.

        An entry's input is mirrored along both axes as one row of numbers, which is one copy
        instead of two; that mirrors the channels too, and so the kernel takes them in reverse.
        """
        weights = weights_of(self._graph, self._graph.nodes[node], self._producers)
        assert weights is not None  # or it would be no such layer
        tensor = self._graph.tensors[weights]
        axes = [1 + axis for axis in (0, 1) if mirrored[axis]] + ([3] if entry and all(mirrored) else [])
        kernel = np.flip(tensor.constant(), axes)
        if entry:
            kernel = np.pad(kernel, [(0, 0)] * 3 + [(0, ENTRY_CHANNELS - kernel.shape[3])])
        if axes or kernel.shape != tensor.shape:
            holder, slot = self._holder(node)
            holder.inputs[slot] = self._constant(kernel, tensor.dtype)

    def _padded(self, operator: Any, source: int, around: list[tuple[int, int]], shape: list[int]) -> int:
        inputs = [source, self._constant(np.array(around), DType.INT32)]
        return self._before_it(operator, "PAD", inputs, shape, schema.PadOptionsT())

    def encode(self, node: int, encoding: Encoded, dtype: DType, shape: tuple[int, ...]) -> None:
        """Keep the weights of a 1x1 convolution in the sparse encoding."""
        stored = self._constant(encoding.values, dtype, shape)
        self._main.tensors[stored].sparsity = encoding.parameters
        holder, slot = self._holder(node)
        options = schema.DensifyOptionsT()
        holder.inputs[slot] = self._before_it(holder, "DENSIFY", [stored], shape, options, dtype)

    def widen_scalars(self, node: int) -> None:
        """Give a single value that a layer adds or multiplies by four dimensions."""
        if self._graph.nodes[node].op not in {"ADD", "MUL"}:
            return
        for slot, index in enumerate(self._graph.nodes[node].inputs):
            tensor = self._graph.tensors[index]
            if is_scalar(tensor) and len(tensor.shape) != 4:
                self._operators[node].inputs[slot] = self._constant(tensor.constant(), tensor.dtype, (1, 1, 1, 1))

    def divide_after(self, end: int) -> None:
        """Put a RESHAPE to the same shape between a part and what follows.

        Without it XNNPACK counts a 1x1 convolution or a dense layer there as one more layer of
        the part, and then cannot run the model at all.
        """
        result = self._graph.nodes[end].outputs[0]
        readers = [operator for operator in self._main.operators if result in operator.inputs]
        shape = self._graph.tensors[result].shape
        divided = self._tensor(shape, DType.FLOAT32)
        inputs = [result, self._constant(np.array(shape), DType.INT32)]
        self._after[id(self._operators[end])].append(self._operator("RESHAPE", inputs, divided, None))
        for reader in readers:
            reader.inputs = [divided if index == result else index for index in reader.inputs]

    def content(self) -> bytes:
        """The file with all changes."""
        kept = [o for o in self._main.operators if id(o) not in self._dropped]
        self._main.operators = [x for o in kept for x in (*self._before[id(o)], o, *self._after[id(o)])]
        used = {int(i) for o in self._main.operators for vector in (o.inputs, o.outputs) for i in vector}
        for index in set(range(len(self._main.tensors))) - used - {int(i) for i in self._main.inputs}:
            self._main.tensors[index].buffer = 0
        self._drop_buffers()
        return packed(self._model, self._source.content)

    def _drop_buffers(self) -> None:
        """Empty the buffers that nothing refers to any more; their numbers stay, which metadata use too."""
        tensors = (tensor for subgraph in self._model.subgraphs for tensor in subgraph.tensors)
        used = {0, *(tensor.buffer for tensor in tensors), *(entry.buffer for entry in self._model.metadata or ())}
        for index in set(range(len(self._model.buffers))) - used:
            self._model.buffers[index] = schema.BufferT()

    def _mirrored(self, operator: Any, source: int, mirrored: tuple[bool, bool]) -> int:
        shape = self._graph.tensors[source].shape
        if not any(mirrored):
            return source
        options = schema.ReverseV2OptionsT()
        if not all(mirrored):
            axis = self._constant(np.array([1 + mirrored.index(True)]), DType.INT32)
            return self._before_it(operator, "REVERSE_V2", [source, axis], shape, options)
        row = (shape[0], shape[1] * shape[2] * shape[3])
        flat = self._before_it(
            operator, "RESHAPE", [source, self._constant(np.array(row), DType.INT32)], row, None
        )  # fmt: skip
        axis = self._constant(np.array([1]), DType.INT32)
        turned = self._before_it(operator, "REVERSE_V2", [flat, axis], row, options)
        return self._before_it(
            operator, "RESHAPE", [turned, self._constant(np.array(shape), DType.INT32)], shape, None
        )  # fmt: skip

    def _holder(self, node: int) -> tuple[Any, int]:
        """The operator that reads a layer's constant weights, and at which place: the layer, or what widens them."""
        maker = self._producers.get(self._graph.nodes[node].inputs[1])
        return (self._operators[node], 1) if maker is None else (self._operators[maker], 0)

    def _before_it(
        self, operator: Any, name: str, inputs: list[int], shape: Sequence[int], options: Any,
        dtype: DType = DType.FLOAT32,
    ) -> int:  # fmt: skip
        """Have a new operator run right before `operator`; its output."""
        result = self._tensor(shape, dtype)
        self._before[id(operator)].append(self._operator(name, inputs, result, options))
        return result

    def _operator(self, name: str, inputs: list[int], result: int, options: Any) -> Any:
        code = getattr(schema.BuiltinOperator, name)
        self._model.operatorCodes.append(
            schema.OperatorCodeT(deprecatedBuiltinCode=min(code, 127), version=1, builtinCode=code)
        )
        operator = schema.OperatorT(
            opcodeIndex=len(self._model.operatorCodes) - 1, inputs=inputs, outputs=[result], intermediates=None
        )
        if options is not None:
            kind = type(options).__name__.removesuffix("T")
            operator.builtinOptionsType = getattr(schema.BuiltinOptions, kind)
            operator.builtinOptions = options
        return operator

    def _constant(self, elements: Weights, dtype: DType, shape: Sequence[int] | None = None) -> int:
        raw = np.ascontiguousarray(elements, dtype.numpy.newbyteorder("<")).tobytes()
        self._model.buffers.append(schema.BufferT(data=np.frombuffer(raw, np.uint8)))
        index = self._tensor(elements.shape if shape is None else shape, dtype)
        self._main.tensors[index].buffer = len(self._model.buffers) - 1
        return index

    def _tensor(self, shape: Sequence[int], dtype: DType) -> int:
        name = f"edgeprune_{len(self._main.tensors)}".encode()
        kind = getattr(schema.TensorType, dtype.name)
        extents = [int(extent) for extent in shape]
        self._main.tensors.append(schema.TensorT(shape=extents, type=kind, buffer=0, name=name, hasRank=True))
        return len(self._main.tensors) - 1
