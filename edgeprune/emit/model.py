"""`ep_model.h`, `ep_model.c`, the kernels and runtime files that they need, and CMake's view of them."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import Any

import jinja2
import numpy as np
import numpy.typing as npt

from edgeprune import ops, runtime
from edgeprune.emit.tree import SourceTree
from edgeprune.graph import DType, Tensor
from edgeprune.ops.base import CArray, Kernel, c_float
from edgeprune.plan import LayerPlan, Plan

#: Version of the API in `ep_model.h`; the firmware's own sources compare it.
ABI_VERSION = 1
_CTYPES = {
    DType.BOOL: "uint8_t",
    DType.FLOAT32: "float",
    DType.INT8: "int8_t",
    DType.INT16: "int16_t",
    DType.INT32: "int32_t",
    DType.INT64: "int64_t",
    DType.UINT8: "uint8_t",
}
_INCLUDE = re.compile(r'#include "(ep_\w+)\.h"')
_ARRAY = re.compile(r"{array:(\w+)}")
_LINE_LENGTH = 100


@dataclass(frozen=True)
class _Table:
    """A constant array as the template prints it."""

    ctype: str
    name: str
    count: int
    body: str


@dataclass(frozen=True)
class _Layer:
    """A layer as the template prints it; pointers of a variadic kernel's operands and outputs go into tables."""

    index: int
    name: str
    symbol: str
    kernel: str | None
    tables: tuple[_Table, ...]
    fields: tuple[str, ...]
    operands: tuple[str, ...]
    outputs: tuple[str, ...]
    scratch: str
    variadic: bool
    description: str

    @property
    def arguments(self) -> tuple[str, ...]:
        """What the kernel is called with behind its parameters."""
        if self.variadic:
            return (f"{self.symbol}_inputs", f"{self.symbol}_outputs", self.scratch)
        return (*self.operands, *self.outputs, self.scratch)


@dataclass(frozen=True)
class _State:
    """A tensor that outlives an inference: filled with a byte at first, or copied from a table."""

    offset: int
    nbytes: int
    fill: int | None
    table: _Table


@dataclass(frozen=True)
class _Port:
    """A model input or output as the template prints it."""

    name: str
    dtype: str
    nbytes: int
    scale: str
    zero_point: int
    offset: int


def emit_model(plan: Plan, name: str, sha256: str) -> SourceTree:
    """Generate the model's C and gather the kernels it calls.

    Args:
        plan: What to generate.
        name: Model name that the firmware reports.
        sha256: Digest of the .tflite file, the firmware's proof of identity.
    """
    layers = tuple(_layer(plan, layer) for layer in plan.layers)
    ports = {
        "inputs": tuple(_port(plan, i) for i in plan.graph.inputs),
        "outputs": tuple(_port(plan, i) for i in plan.graph.outputs),
    }
    kernels = sorted({layer.kernel.name for layer in plan.layers if layer.kernel})
    texts = kernel_sources([layer.kernel for layer in plan.layers if layer.kernel])
    context: dict[str, Any] = {
        "abi_version": ABI_VERSION,
        "arena_bytes": max(plan.arena_bytes, 8),
        "kernels": kernels,
        "layers": layers,
        "model_name": _c_string(name),
        "sha256": sha256,
        "constants": _constant_operands(plan),
        "states": _states(plan),
        "state_bytes": sum(state.initial.nbytes for state in plan.graph.states),
        "definitions": _definitions(plan),
        "input_bytes_total": sum(port.nbytes for port in ports["inputs"]),
        "output_bytes_total": sum(port.nbytes for port in ports["outputs"]),
        **ports,
    }
    context["sources"] = sorted(["ep_model.c", *(file for file in texts if file.endswith(".c"))])
    for template in ("ep_model.h", "ep_model.c", "CMakeLists.txt"):
        texts[template] = _environment().get_template(f"{template}.j2").render(context)
    return SourceTree.of(texts)


def kernel_sources(kernels: list[Kernel]) -> dict[str, str]:
    """Text by file name of the kernels, and of every file that they include, directly or not."""
    available = dict(runtime.sources())
    for kernel in kernels:
        available.update({path.name: path.read_text(encoding="utf-8") for path in kernel.folder.glob("*.[ch]")})
    wanted = [f"{kernel.name}.h" for kernel in kernels] + ["ep_runtime.h"]
    found: dict[str, str] = {}
    while wanted:
        header = wanted.pop()
        for file in (header, header.removesuffix(".h") + ".c"):
            if file in available and file not in found:
                found[file] = available[file]
                wanted += [f"{stem}.h" for stem in _INCLUDE.findall(available[file])]
    return found


@functools.cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.PackageLoader("edgeprune.emit"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # the output is C
    )


def _layer(plan: Plan, layer: LayerPlan) -> _Layer:
    shapes = " ".join(_describe(plan.graph.tensors[i]) for i in (layer.node.inputs[0], layer.node.outputs[0]))
    symbol = f"layer_{layer.name}"
    if layer.choice is None:
        return _Layer(layer.index, layer.name, symbol, None, (), (), (), (), "", False, f"{layer.node.op} {shapes}")
    kernel, code = layer.choice.option.kernel, layer.choice.option.code
    names = {array.suffix: f"{symbol}_{array.suffix}" for array in code.arrays}
    fields = tuple(
        f".{field.name} = " + _ARRAY.sub(lambda match: names[match.group(1)], field.text) for field in code.fields
    )
    return _Layer(
        layer.index,
        layer.name,
        symbol,
        kernel.name,
        tuple(_table(array, names[array.suffix]) for array in code.arrays),
        fields,
        _operands(plan, layer),
        _outputs(plan, layer),
        "NULL" if layer.scratch_offset is None else f"arena + {layer.scratch_offset}",
        kernel.variadic,
        f"{layer.node.op} {shapes}, {layer.macs:,} MAC",
    )


def _operands(plan: Plan, layer: LayerPlan) -> tuple[str, ...]:
    """Pointers to what the kernel reads."""
    operator = ops.find(layer.node.op)
    pointers = []
    for index in operator.operands(plan.graph, layer.node) if operator else ():
        tensor = plan.graph.tensors[index]
        if tensor.is_constant:
            pointers.append(_constant_name(index))
        else:
            pointers.append(f"(const {_CTYPES[tensor.dtype]} *)(arena + {plan.offsets[index]})")
    return tuple(pointers)


def _outputs(plan: Plan, layer: LayerPlan) -> tuple[str, ...]:
    """Pointers to what the kernel writes."""
    operator = ops.find(layer.node.op)
    return tuple(
        f"({_CTYPES[plan.graph.tensors[output].dtype]} *)(arena + {plan.offsets[output]})"
        for output in (operator.results(plan.graph, layer.node) if operator else ())
    )


def _constant_operands(plan: Plan) -> tuple[_Table, ...]:
    """Tables of the constants that kernels read like any operand, for example one side of an ADD."""
    used: set[int] = set()
    for layer in plan.layers:
        operator = ops.find(layer.node.op)
        if operator and layer.kernel:
            used.update(i for i in operator.operands(plan.graph, layer.node) if plan.graph.tensors[i].is_constant)
    tables = []
    for index in sorted(used):
        tensor = plan.graph.tensors[index]
        array = CArray(_CTYPES[tensor.dtype], "", tensor.constant())
        tables.append(_table(array, _constant_name(index)))
    return tuple(tables)


def _states(plan: Plan) -> tuple[_State, ...]:
    states = []
    for index, state in enumerate(plan.graph.states):
        raw = np.frombuffer(np.ascontiguousarray(state.initial).tobytes(), np.uint8)
        offset = plan.offsets[state.tensor]
        if offset is None:
            raise AssertionError(f"{plan.graph.tensors[state.tensor].name} has no place in the arena")
        fill = int(raw[0]) if len(np.unique(raw)) == 1 else None
        states.append(_State(offset, raw.size, fill, _table(CArray("uint8_t", "", raw), f"state_{index}")))
    return tuple(states)


def _definitions(plan: Plan) -> tuple[str, ...]:
    """What the layers want defined before them, each once."""
    choices = (layer.choice for layer in plan.layers if layer.choice)
    return tuple(sorted({text for choice in choices for text in choice.option.code.definitions}))


def _constant_name(index: int) -> str:
    return f"tensor_{index}"


def _table(array: CArray, name: str) -> _Table:
    return _Table(array.ctype, name, array.values.size, _wrapped(array.values))


def _wrapped(values: npt.NDArray[np.generic]) -> str:
    """Comma-separated numbers in lines of limited length.

    INT32_MIN is printed as an expression: C has no negative constants, and 2147483648 is no int.
    """
    numbers = values.astype(np.uint8) if values.dtype == np.bool_ else values
    lines, line = [], "   "
    for value in numbers.reshape(-1).tolist():
        text = " -2147483647 - 1," if value == -(1 << 31) else f" {value},"
        if len(line) + len(text) > _LINE_LENGTH:
            lines.append(line)
            line = "   "
        line += text
    return "\n".join([*lines, line])


def _port(plan: Plan, index: int) -> _Port:
    tensor = plan.graph.tensors[index]
    scale = 0.0 if tensor.quantization is None else tensor.quantization.scale
    zero_point = 0 if tensor.quantization is None else tensor.quantization.zero_point
    offset = plan.offsets[index]
    if offset is None:
        raise AssertionError(f"{tensor.name} has no place in the arena")
    return _Port(_c_string(tensor.name), tensor.dtype.value, tensor.nbytes, c_float(scale), zero_point, offset)


def _describe(tensor: Tensor) -> str:
    return "x".join(str(extent) for extent in tensor.shape) + f" {tensor.dtype.value}"


def _c_string(text: str) -> str:
    """The text as a C string literal of printable ASCII, commas and percent signs replaced.

    The names travel over a line protocol whose separators those are.
    """
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "._-/;:()") else "_" for c in text)
    return f'"{plain}"'
