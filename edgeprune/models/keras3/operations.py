"""The functions of `keras.ops` and the TensorFlow functions that compute the same: one table for both directions.

A row serves both ways: a Keras 3 graph's operation becomes a call of the TensorFlow function,
and the `TFOpLambda` layer that tf-keras made of such a call becomes a call of `keras.ops`.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

import numpy as np

from edgeprune.models.keras3.activations import AS_OPERATIONS, compose
from edgeprune.models.tensorflow import tensorflow


@dataclass(frozen=True)
class Operation:
    """One function in both worlds.

    Attributes:
        name: Class of the operation in Keras 3's graph.
        function: Its function in `keras.ops`.
        symbol: Name of the TensorFlow function, as TFOpLambda keeps it (without `compat.v1.`).
        settings: What is no tensor: its name in Keras 3 and its name in TensorFlow.
        synonyms: Other TensorFlow functions that become this one on the way back.
    """

    name: str
    function: str
    symbol: str
    settings: tuple[tuple[str, str], ...] = ()
    synonyms: tuple[str, ...] = ()


_AXIS = (("axis", "axis"),)
_REDUCE = (("axis", "axis"), ("keepdims", "keepdims"))

TABLE = (
    Operation("Add", "add", "math.add", synonyms=("__operators__.add",)),
    Operation("Subtract", "subtract", "math.subtract"),
    Operation("Multiply", "multiply", "math.multiply"),
    Operation("Divide", "divide", "math.divide", synonyms=("math.truediv", "RealDiv")),
    Operation("TrueDivide", "true_divide", "math.truediv"),
    Operation("Power", "power", "math.pow"),
    Operation("Maximum", "maximum", "math.maximum"),
    Operation("Minimum", "minimum", "math.minimum"),
    Operation("Greater", "greater", "math.greater"),
    Operation("GreaterEqual", "greater_equal", "math.greater_equal"),
    Operation("Less", "less", "math.less"),
    Operation("LessEqual", "less_equal", "math.less_equal"),
    Operation("Equal", "equal", "math.equal", synonyms=("__operators__.eq",)),
    Operation("NotEqual", "not_equal", "math.not_equal", synonyms=("__operators__.ne",)),
    Operation("LogicalAnd", "logical_and", "math.logical_and"),
    Operation("LogicalOr", "logical_or", "math.logical_or"),
    Operation("LogicalNot", "logical_not", "math.logical_not"),
    Operation("Where", "where", "where"),
    Operation("Absolute", "absolute", "math.abs"),
    Operation("Abs", "abs", "math.abs"),
    Operation("Negative", "negative", "math.negative"),
    Operation("Exp", "exp", "math.exp"),
    Operation("Log", "log", "math.log"),
    Operation("Log1p", "log1p", "math.log1p"),
    Operation("Sqrt", "sqrt", "math.sqrt"),
    Operation("Rsqrt", "rsqrt", "math.rsqrt"),
    Operation("Square", "square", "math.square"),
    Operation("Reciprocal", "reciprocal", "math.reciprocal"),
    Operation("Sin", "sin", "math.sin"),
    Operation("Cos", "cos", "math.cos"),
    Operation("Floor", "floor", "math.floor"),
    Operation("Ceil", "ceil", "math.ceil"),
    Operation("Sign", "sign", "math.sign"),
    Operation("Erf", "erf", "math.erf"),
    Operation("Relu", "relu", "nn.relu"),
    Operation("Relu6", "relu6", "nn.relu6"),
    Operation("Sigmoid", "sigmoid", "math.sigmoid"),
    Operation("Tanh", "tanh", "math.tanh"),
    Operation("Silu", "silu", "nn.silu"),
    Operation("Selu", "selu", "nn.selu"),
    Operation("Softplus", "softplus", "math.softplus"),
    Operation("Softsign", "softsign", "nn.softsign"),
    Operation("LeakyRelu", "leaky_relu", "nn.leaky_relu", (("negative_slope", "alpha"),)),
    Operation("Gelu", "gelu", "nn.gelu", (("approximate", "approximate"),)),
    Operation("Softmax", "softmax", "nn.softmax", _AXIS),
    Operation("LogSoftmax", "log_softmax", "nn.log_softmax", _AXIS),
    Operation("Clip", "clip", "clip_by_value", (("x_min", "clip_value_min"), ("x_max", "clip_value_max"))),
    Operation("Mean", "mean", "math.reduce_mean", _REDUCE),
    Operation("Sum", "sum", "math.reduce_sum", _REDUCE),
    Operation("Max", "max", "math.reduce_max", _REDUCE),
    Operation("Min", "min", "math.reduce_min", _REDUCE),
    Operation("Prod", "prod", "math.reduce_prod", _REDUCE),
    Operation("Var", "var", "math.reduce_variance", _REDUCE),
    Operation("Std", "std", "math.reduce_std", _REDUCE),
    Operation("All", "all", "math.reduce_all", _REDUCE),
    Operation("Any", "any", "math.reduce_any", _REDUCE),
    Operation("Logsumexp", "logsumexp", "math.reduce_logsumexp", _REDUCE),
    Operation("Argmax", "argmax", "math.argmax", _AXIS),
    Operation("Concatenate", "concatenate", "concat", _AXIS),
    Operation("Stack", "stack", "stack", _AXIS),
    Operation("Split", "split", "split", (("indices_or_sections", "num_or_size_splits"), *_AXIS)),
    Operation("Reshape", "reshape", "reshape", (("newshape", "shape"),)),
    Operation("Transpose", "transpose", "transpose", (("axes", "perm"),)),
    Operation("ExpandDims", "expand_dims", "expand_dims", _AXIS),
    Operation("Squeeze", "squeeze", "squeeze", _AXIS),
    Operation("Pad", "pad", "pad", (("pad_width", "paddings"), ("mode", "mode"))),
    Operation("Tile", "tile", "tile", (("repeats", "multiples"),)),
    Operation("Repeat", "repeat", "repeat", (("repeats", "repeats"), *_AXIS)),
    Operation("Take", "take", "gather", _AXIS),
    Operation("Cast", "cast", "cast", (("dtype", "dtype"),)),
    Operation("Matmul", "matmul", "linalg.matmul"),
    Operation("Einsum", "einsum", "einsum", (("subscripts", "equation"),)),
    Operation("DepthToSpace", "depth_to_space", "nn.depth_to_space", (("block_size", "block_size"),)),
    Operation("SpaceToDepth", "space_to_depth", "nn.space_to_depth", (("block_size", "block_size"),)),
    Operation(
        "Resize", "image.resize", "image.resize",
        (("size", "size"), ("interpolation", "method"), ("antialias", "antialias")),
    ),
)  # fmt: skip

_BY_NAME = {row.name: row for row in TABLE}
_BY_SYMBOL = {symbol: row for row in reversed(TABLE) for symbol in (row.symbol, *row.synonyms)}

#: Arguments of TensorFlow functions that change nothing, or that Keras 3 does not need.
_IGNORED = {"name", "var", "output_type", "validate_indices", "conjugate", "num", "preserve_aspect_ratio"}


def to_tensorflow(operation: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Repeat a call of a `keras.ops` operation on tf-keras tensors.

    Raises:
        ValueError: The table has no such operation.
    """
    name = type(operation).__name__
    tensors = list(inspect.signature(operation.call).bind(*args, **kwargs).arguments.values())
    if name == "GetItem":
        return tensors[0][tensors[1]]
    if name in AS_OPERATIONS:
        return compose(AS_OPERATIONS[name], tensors[0], vars(operation))
    if name not in _BY_NAME:
        raise ValueError(f"keras.ops has {name}, for which there is no TensorFlow function here")
    row = _BY_NAME[name]
    settings = {theirs: getattr(operation, ours) for ours, theirs in row.settings}
    function = attrgetter(row.symbol)(tensorflow())
    if name == "Einsum":
        return function(settings["equation"], *tensors[0])
    if name == "Split" and not isinstance(settings["num_or_size_splits"], int):
        raise ValueError("it splits at given places, not into equal parts")
    return function(*(t for t in tensors if t is not None), **settings)


def to_keras3(layer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Repeat a call of a TFOpLambda or SlicingOpLambda layer on Keras 3 tensors.

    Raises:
        ValueError: The table has no such TensorFlow function, or it is called in a way that Keras 3 does not know.
    """
    import keras as keras3

    symbol = str(layer.symbol)
    function = layer.function if symbol.startswith("__operators__") else attrgetter(symbol)(tensorflow())
    symbol = symbol.removeprefix("compat.v1.")
    if symbol == "__operators__.getitem":
        return args[0][_key(args[1])]
    row = _BY_SYMBOL.get(symbol)
    if row is None:
        raise ValueError(f"keras.ops has no function for tf.{symbol} here")
    target = attrgetter(row.function)(keras3.ops)
    if row.name == "Einsum":
        return target(*args)
    signature = inspect.signature(function)
    bound = signature.bind(*args, **kwargs).arguments
    renamed = {theirs: ours for ours, theirs in row.settings}
    settings = {renamed[name]: _plain(value) for name, value in bound.items() if name in renamed}
    extra = {
        name: value
        for name, value in bound.items()
        if name in _keywords(signature) and name not in renamed and name not in _IGNORED
    }
    tensors = [_plain(value) for name, value in bound.items() if name not in renamed and name not in extra]
    tensors = tensors[: len(tensors) - sum(name in _IGNORED for name in bound)]
    if row.name == "Matmul":
        return target(*_turned(keras3, tensors, extra))
    if row.name == "Pad":
        settings["mode"] = str(settings.get("mode", "constant")).lower()
        settings["constant_values"] = extra.pop("constant_values", None) or None
    unknown = [name for name, value in extra.items() if not _is_default(signature, name, value)]
    if unknown:
        raise ValueError(f"tf.{symbol} is called with {unknown[0]}={extra[unknown[0]]!r}, unknown to keras.ops")
    return target(*tensors, **settings)


def _keywords(signature: inspect.Signature) -> set[str]:
    """Names of the parameters that may be left out."""
    tensors = {"y", "x"}  # tf.where's values may be left out too
    return {n for n, p in signature.parameters.items() if p.default is not p.empty and n not in tensors}


def _is_default(signature: inspect.Signature, name: str, value: Any) -> bool:
    default = signature.parameters[name].default
    return value is None or bool(np.all(value == default))


def _turned(keras3: Any, tensors: list[Any], extra: dict[str, Any]) -> list[Any]:
    """The operands of a matrix product, with the transpositions that TensorFlow writes as flags."""
    flags = (extra.get("transpose_a"), extra.get("transpose_b"))
    return [keras3.ops.swapaxes(t, -1, -2) if flag else t for t, flag in zip(tensors, flags, strict=True)]


def _key(written: Any) -> Any:
    """What stands between the brackets of an indexing; tf-keras keeps slices as mappings."""
    if isinstance(written, (list, tuple)):
        return tuple(_key(part) for part in written)
    if isinstance(written, dict):
        return slice(*(_plain(written[end]) for end in ("start", "stop", "step")))
    return _plain(written)


def _plain(value: Any) -> Any:
    """Constants as what Keras 3 can write to a file: numbers, lists, numpy arrays, names of types."""
    tf = tensorflow()
    if isinstance(value, tf.DType):
        return value.name
    if isinstance(value, (tf.Tensor, np.ndarray)):
        value = np.asarray(value)
        return value.item() if value.ndim == 0 else value
    if isinstance(value, (list, tuple)):
        return type(value)(_plain(v) for v in value)
    return value
