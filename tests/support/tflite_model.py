"""Builds .tflite files operator by operator, through the generated schema bindings."""

from __future__ import annotations

from collections.abc import Sequence

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

TYPES = {
    "bool": schema.TensorType.BOOL,
    "float32": schema.TensorType.FLOAT32,
    "int8": schema.TensorType.INT8,
    "int16": schema.TensorType.INT16,
    "int32": schema.TensorType.INT32,
    "int64": schema.TensorType.INT64,
    "uint8": schema.TensorType.UINT8,
    "resource": schema.TensorType.RESOURCE,
}
ACTIVATIONS = {"NONE": 0, "RELU": 1, "RELU_N1_TO_1": 2, "RELU6": 3}
#: Of operators whose kernels do not know version 2, or need a later one for int8.
_VERSIONS = {
    "ASSIGN_VARIABLE": 1, "CALL_ONCE": 1, "CONV_2D": 5, "DEPTHWISE_CONV_2D": 6, "DEPTH_TO_SPACE": 1, "DIV": 1,
    "EXPAND_DIMS": 1, "FULLY_CONNECTED": 4, "HARD_SWISH": 1, "NEG": 1, "PRELU": 1, "READ_VARIABLE": 1,
    "RELU_N1_TO_1": 1, "RESHAPE": 1, "SHAPE": 1, "SPACE_TO_DEPTH": 1, "SPLIT_V": 1, "SQRT": 1,
    "SQUARED_DIFFERENCE": 1, "SQUEEZE": 1, "UNIDIRECTIONAL_SEQUENCE_LSTM": 1, "TRANSPOSE_CONV": 4, "VAR_HANDLE": 1,
}  # fmt: skip
PADDINGS = {"SAME": 0, "VALID": 1}


class ModelBuilder:
    """Collects tensors and operators of one subgraph."""

    def __init__(self) -> None:
        self.model = schema.ModelT()
        self.model.version = 3
        self.model.description = b"made by a test"
        self.model.operatorCodes = []
        self.model.buffers = [schema.BufferT()]
        self.graph = schema.SubGraphT()
        self.graph.tensors, self.graph.operators = [], []
        self.graph.inputs, self.graph.outputs = [], []
        self.model.subgraphs = [self.graph]
        self._variables: list[tuple[str, int]] = []

    def tensor(
        self,
        shape: Sequence[int],
        dtype: str = "int8",
        scale: float | Sequence[float] | None = None,
        zero_point: int = 0,
        axis: int = 0,
        data: np.ndarray | None = None,
    ) -> int:
        """Add a tensor, constant where `data` is given; returns its number."""
        tensor = schema.TensorT()
        tensor.name = f"tensor_{len(self.graph.tensors)}".encode()
        tensor.shape, tensor.type, tensor.buffer = list(shape), TYPES[dtype], 0
        if scale is not None:
            scales = np.atleast_1d(np.asarray(scale, np.float32))
            quantization = schema.QuantizationParametersT()
            quantization.scale = scales
            quantization.zeroPoint = np.full(len(scales), zero_point, np.int64)
            quantization.quantizedDimension = axis
            tensor.quantization = quantization
        if data is not None:
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(np.ascontiguousarray(data, dtype).tobytes(), np.uint8)
            tensor.buffer = len(self.model.buffers)
            self.model.buffers.append(buffer)
        self.graph.tensors.append(tensor)
        return len(self.graph.tensors) - 1

    def input(self, shape: Sequence[int], dtype: str = "int8", **quantization: float) -> int:
        """Add a model input."""
        index = self.tensor(shape, dtype, **quantization)
        self.graph.inputs.append(index)
        return index

    def operator(
        self, name: str, inputs: Sequence[int], outputs: Sequence[int], options: object = None,
        intermediates: Sequence[int] = (),
    ) -> None:  # fmt: skip
        """Append an operator; `options` is an object of the bindings such as `AddOptionsT`."""
        code = schema.OperatorCodeT()
        code.builtinCode = getattr(schema.BuiltinOperator, name)
        code.deprecatedBuiltinCode = min(code.builtinCode, 127)
        code.version = _VERSIONS.get(name, 2)
        self.model.operatorCodes.append(code)
        operator = schema.OperatorT()
        operator.opcodeIndex = len(self.model.operatorCodes) - 1
        operator.inputs, operator.outputs, operator.intermediates = list(inputs), list(outputs), list(intermediates)
        if options is not None:
            kind = type(options).__name__.removesuffix("T")
            operator.builtinOptionsType = getattr(schema.BuiltinOptions, kind)
            operator.builtinOptions = options
        self.graph.operators.append(operator)

    def variable(self, initial: int) -> int:
        """Add a resource variable whose first value is the constant tensor `initial`; returns its handle."""
        name = f"variable_{len(self._variables)}"
        self._variables.append((name, initial))
        handle = self.tensor((), "resource")
        self.operator("VAR_HANDLE", (), (handle,), self._handle(name))
        return handle

    @staticmethod
    def _handle(name: str) -> schema.VarHandleOptionsT:
        options = schema.VarHandleOptionsT()
        options.container, options.sharedName = b"", name.encode()
        return options

    def _set_variables(self) -> None:
        """The subgraph that gives the variables their first values, and the call of it."""
        main, self.graph = self.graph, schema.SubGraphT()
        self.graph.tensors, self.graph.operators, self.graph.inputs, self.graph.outputs = [], [], [], []
        for name, initial in self._variables:
            self.graph.tensors.append(main.tensors[initial])
            value, handle = len(self.graph.tensors) - 1, self.tensor((), "resource")
            self.operator("VAR_HANDLE", (), (handle,), self._handle(name))
            self.operator("ASSIGN_VARIABLE", (handle, value), (), schema.AssignVariableOptionsT())
        self.model.subgraphs.append(self.graph)
        self.graph = main
        options = schema.CallOnceOptionsT()
        options.initSubgraphIndex = 1
        self.operator("CALL_ONCE", (), (), options)
        main.operators.insert(0, main.operators.pop())

    def output(self, index: int) -> None:
        """Declare a tensor to be a model output."""
        self.graph.outputs.append(index)

    def build(self) -> bytes:
        """The file's bytes."""
        if self._variables and len(self.model.subgraphs) == 1:
            self._set_variables()
        builder = flatbuffers.Builder(1024)
        builder.Finish(self.model.Pack(builder), b"TFL3")
        return bytes(builder.Output())
