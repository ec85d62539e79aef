"""From a .tflite flatbuffer to the graph IR, by the generated schema bindings.

The bindings do not verify a file: a flipped byte can send them anywhere.  Python
bounds every access, so damage shows as an exception while unpacking or as a graph
that contradicts itself; both end here as one `ModelError`.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from ai_edge_litert import schema_py_generated as schema

from edgeprune import ops
from edgeprune.errors import ModelError
from edgeprune.graph import DType, Graph, Node, Quantization, State, Tensor
from edgeprune.tflite.sparse import dense_values, without_densify
from edgeprune.tflite.variables import CallOnceOptions, HandleOptions, with_states

_DTYPES = {
    schema.TensorType.FLOAT32: DType.FLOAT32,
    schema.TensorType.FLOAT16: DType.FLOAT16,
    schema.TensorType.INT4: DType.INT4,
    schema.TensorType.INT8: DType.INT8,
    schema.TensorType.INT16: DType.INT16,
    schema.TensorType.INT32: DType.INT32,
    schema.TensorType.INT64: DType.INT64,
    schema.TensorType.UINT8: DType.UINT8,
    schema.TensorType.UINT16: DType.UINT16,
    schema.TensorType.UINT32: DType.UINT32,
    schema.TensorType.BOOL: DType.BOOL,
}
_OPERATOR_NAMES = {code: name for name, code in vars(schema.BuiltinOperator).items() if isinstance(code, int)}
_IDENTIFIER = b"TFL3"
#: What unpacking damaged bytes is known to raise.
DAMAGE = (struct.error, ValueError, IndexError, TypeError, AttributeError, OverflowError, MemoryError, KeyError)


@dataclass(frozen=True)
class TfliteModel:
    """A .tflite file and what it says.

    Attributes:
        graph: The checked graph of the first subgraph.
        sha256: Digest of the file's bytes, the model's identity from here on.
        content: The file's bytes.
    """

    graph: Graph
    sha256: str
    content: bytes


def read(path: Path) -> TfliteModel:
    """Read and check a .tflite file.

    Raises:
        ModelError: the file is missing, is not a .tflite, is damaged, or holds
            NaN or infinite weights.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelError(f"cannot read the model {path}: {error.strerror or error}") from None
    return read_bytes(content, str(path))


def read_bytes(content: bytes, name: str) -> TfliteModel:
    """As `read`, for bytes already in memory; `name` stands in messages and names the graph."""
    if content[4:8] != _IDENTIFIER:
        raise ModelError(f"{name} is not a .tflite file: it lacks the identifier {_IDENTIFIER.decode()}")
    try:
        model = schema.ModelT.InitFromPackedBuf(content, 0)
        graph = with_states(*_graphs(model, Path(name).stem))
    except DAMAGE as error:
        raise ModelError(f"{name} is a damaged .tflite file ({type(error).__name__}: {error}); copy it again") from None
    return TfliteModel(graph.check(), hashlib.sha256(content).hexdigest(), content)


def _graphs(model: Any, name: str) -> tuple[Graph, list[Graph]]:
    """The subgraph that runs, and all of them; the others only set variables."""
    if not model.subgraphs:
        raise ModelError(f"{name} holds no graph")
    graphs = [_graph(model, subgraph, name) for subgraph in model.subgraphs]
    return graphs[0], graphs


def _graph(model: Any, subgraph: Any, name: str) -> Graph:
    tensors = tuple(_tensor(model, tensor) for tensor in subgraph.tensors)
    nodes = tuple(_node(model, operator) for operator in _items(subgraph.operators))
    states = tuple(State(i, _reset_value(tensors[i])) for i, tensor in enumerate(subgraph.tensors) if tensor.isVariable)
    return without_densify(Graph(name, tensors, nodes, _ints(subgraph.inputs), _ints(subgraph.outputs), states))


def _reset_value(tensor: Tensor) -> npt.NDArray[np.generic]:
    """What a variable tensor holds at first: the zero point where it is int8, else zero."""
    fill = tensor.quantization.zero_point if tensor.dtype is DType.INT8 and tensor.quantization else 0
    return np.full(tensor.shape, fill, tensor.dtype.numpy)


def _items(vector: Any) -> list[Any]:
    """A flatbuffer vector as list; the bindings give None for an absent one."""
    return [] if vector is None else list(vector)


def _ints(vector: Any) -> tuple[int, ...]:
    return tuple(int(value) for value in _items(vector))


def _text(value: Any) -> str:
    return value.decode("utf-8", errors="replace") if isinstance(value, bytes) else str(value or "")


def _tensor(model: Any, tensor: Any) -> Tensor:
    name = _text(tensor.name)
    dtype = _DTYPES.get(tensor.type, DType.OTHER)
    shape = _ints(tensor.shape)
    data = None if dtype is DType.OTHER else _constant(model, tensor, name, shape, dtype)
    return Tensor(name, shape, dtype, _quantization(tensor.quantization), data)


def _constant(
    model: Any, tensor: Any, name: str, shape: tuple[int, ...], dtype: DType
) -> npt.NDArray[np.generic] | None:
    """The tensor's constant value, or None where its buffer is empty (buffer 0 always is)."""
    raw = model.buffers[tensor.buffer].data
    if tensor.buffer == 0 or raw is None or len(raw) == 0:
        return None
    packed = np.asarray(raw, dtype=np.uint8)
    if dtype is DType.INT4:  # two to a byte, the low nibble first
        nibbles = np.stack([packed & 15, packed >> 4], axis=-1).reshape(-1)[: int(np.prod(shape))]
        values: npt.NDArray[np.generic] = ((nibbles.astype(np.int8) ^ 8) - 8).astype(np.int8).reshape(shape)
    else:
        stored = np.frombuffer(packed.tobytes(), dtype=dtype.numpy.newbyteorder("<"))
        values = stored.reshape(shape) if tensor.sparsity is None else dense_values(stored, shape, tensor.sparsity)
    if np.issubdtype(values.dtype, np.floating) and not np.isfinite(values.astype(np.float64)).all():
        raise ModelError(f"the weights {name!r} hold NaN or infinite values; train or export the model again")
    values.setflags(write=False)
    return values


def _quantization(parameters: Any) -> Quantization | None:
    if parameters is None or parameters.scale is None or len(parameters.scale) == 0:
        return None
    scales = tuple(float(scale) for scale in parameters.scale)
    zero_points = _ints(parameters.zeroPoint) or (0,) * len(scales)
    return Quantization(scales, zero_points, int(parameters.quantizedDimension))


def _node(model: Any, operator: Any) -> Node:
    code = model.operatorCodes[operator.opcodeIndex]
    # Old files keep the operator in the byte field, new ones in the wide field; the larger is right.
    number = max(code.deprecatedBuiltinCode, code.builtinCode)
    name = _OPERATOR_NAMES[number]
    if name == "CUSTOM":
        name = f"CUSTOM:{_text(code.customCode)}"
    options = _options(name, operator.builtinOptions)
    return Node(name, _ints(operator.inputs), _ints(operator.outputs), options, _ints(operator.intermediates))


def _options(name: str, options: Any) -> object | None:
    """The operator's options, typed; None where it has none or is unknown."""
    if name == "VAR_HANDLE":
        return HandleOptions(f"{_text(options.container)}/{_text(options.sharedName)}".lstrip("/"))
    if name == "CALL_ONCE":
        return CallOnceOptions(int(options.initSubgraphIndex))
    known = ops.find(name)
    return None if known is None else known.decode(options)
