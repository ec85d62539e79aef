"""What every operator's folder provides: options, constraints, shape rule, cost, kernels.

An operator lives in one folder `ops/<name>/` whose `__init__.py` has one `Operator`
object named `OPERATOR`; its C kernels lie beside it.  Adding one edits nothing else.
"""

from __future__ import annotations

import abc
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from edgeprune.graph import DType, Graph, Node, Tensor
from edgeprune.targets import Cpu, Extension

#: A rule that a node must follow: None when it does, else what is at fault.  Its
#: docstring is the sentence that users and the documentation read.
Constraint = Callable[[Graph, Node], str | None]


@dataclass(frozen=True, eq=False)
class CArray:
    """A constant table in flash: `ctype name[] = {values}`."""

    ctype: str
    suffix: str
    values: npt.NDArray[np.generic]


@dataclass(frozen=True)
class CField:
    """One member of a kernel's parameter structure: `.name = text`."""

    name: str
    text: str


@dataclass(frozen=True)
class KernelCode:
    """What one layer contributes to the generated model.

    Attributes:
        arrays: Tables; a parameter field refers to one as `{array:SUFFIX}`.
        fields: Members of the parameter structure, in order.
        definitions: C that must stand before the layer, for example a macro that makes a function
            for one shape; equal texts of several layers are written once.
        definition_bytes: About how much flash the definitions take, once per image.
    """

    arrays: tuple[CArray, ...]
    fields: tuple[CField, ...]
    definitions: tuple[str, ...] = ()
    definition_bytes: int = 0

    @property
    def table_bytes(self) -> int:
        """Flash that the tables take."""
        return sum(array.values.nbytes for array in self.arrays)


@dataclass(frozen=True)
class Cost:
    """What one execution of a kernel costs; `plan.cost` makes cycles of a target from it.

    Attributes:
        cycles: Of the core, with memory that answers at once.
        table_bytes: Bytes of tables read from flash, counted again each time they are read.
        loop_bytes: Code of the loop that most of the time goes to, which a cache may hold.
    """

    cycles: float
    table_bytes: float = 0.0
    loop_bytes: int = 256


class Kernel(abc.ABC):
    """One implementation of an operator.

    The C function is `void NAME(const NAME_params *p, <operands>, <outputs>, void *scratch)`,
    declared in `NAME.h` and defined in `NAME.c`, both beside the operator's module.  A variadic
    kernel takes any number of operands and outputs, as arrays of pointers: `void NAME(const
    NAME_params *p, const void *const *inputs, void *const *outputs, void *scratch)`.
    """

    name: ClassVar[str]
    folder: ClassVar[Path]
    #: Types of the typed input (mostly input 0) that it takes: int8, int16 (activations of int16x8), float32, ...
    types: ClassVar[tuple[str, ...]] = ("int8",)
    #: What the core must have.
    needs: ClassVar[frozenset[Extension]] = frozenset()
    #: Whether operands and outputs are passed as two arrays of pointers.
    variadic: ClassVar[bool] = False
    #: About how much flash its code takes, once per image.
    code_bytes: ClassVar[int] = 600

    @property
    def label(self) -> str:
        """Tells kernels apart that are the same C function with other parameters."""
        return self.name

    def supports(self, graph: Graph, node: Node) -> bool:
        """Whether this kernel can run the node (the operator's constraints hold already)."""
        return True

    @abc.abstractmethod
    def cost(self, graph: Graph, node: Node, cpu: Cpu) -> Cost:
        """Expected cost of one execution, for choosing between kernels."""

    @abc.abstractmethod
    def emit(self, graph: Graph, node: Node) -> KernelCode:
        """Tables and parameters for the node."""

    def scratch_bytes(self, graph: Graph, node: Node) -> int:
        """Bytes of working memory that the kernel needs while it runs."""
        return 0

    def in_place(self, graph: Graph, node: Node) -> tuple[int, ...]:
        """Positions among the operands over which output 0 may be written, from the same address on."""
        return ()


class Operator(abc.ABC):
    """One TFLite operator."""

    #: TFLite's name, for example CONV_2D.
    name: ClassVar[str]
    #: One line for the documentation.
    summary: ClassVar[str]
    constraints: ClassVar[tuple[Constraint, ...]]
    kernels: ClassVar[tuple[Kernel, ...]]
    #: True when the output is the input's bytes under another shape: no code, no copy.
    is_view: ClassVar[bool] = False
    #: Position of the input whose type decides which kernels can run.
    typed_input: ClassVar[int] = 0
    #: True when the outputs follow from the inputs' shapes alone, whatever their values.
    needs_shapes_only: ClassVar[bool] = False

    @property
    def types(self) -> tuple[str, ...]:
        """Types of the typed input that some kernel takes; empty where the bytes do not matter."""
        return tuple(sorted({name for kernel in self.kernels for name in kernel.types}))

    def candidates(self, graph: Graph, node: Node, cpu: Cpu) -> tuple[Kernel, ...]:
        """The kernels that can run a node without fault on a core."""
        dtype = graph.required(node, self.typed_input).dtype.value
        fitting = (k for k in self.kernels if dtype in k.types and k.needs <= cpu.extensions)
        return tuple(kernel for kernel in fitting if kernel.supports(graph, node))

    def decode(self, options: Any) -> object | None:
        """Translate the flatbuffer's option object into the operator's own frozen dataclass."""
        return None

    @abc.abstractmethod
    def output_shape(self, graph: Graph, node: Node) -> tuple[int, ...]:
        """Shape that output 0 must have."""

    def macs(self, graph: Graph, node: Node) -> int:
        """Multiply-accumulates of one execution."""
        return 0

    def operands(self, graph: Graph, node: Node) -> tuple[int, ...]:
        """Tensors that the kernel is passed as pointers, in order, before its outputs; the others are in its tables."""
        return node.inputs[:1]

    def evaluate(self, graph: Graph, node: Node) -> tuple[npt.NDArray[np.generic], ...] | None:
        """Values of the outputs, where they are known when the code is generated.

        Called for a node that keeps its rules, and whose inputs are all constant or
        `needs_shapes_only`; None where the operator has no such implementation.
        """
        return None

    def results(self, graph: Graph, node: Node) -> tuple[int, ...]:
        """Tensors that the kernel writes through pointers, in order, after its operands; states may be among them."""
        return node.outputs

    def fault(self, graph: Graph, node: Node) -> str | None:
        """The first rule that the node breaks, in words; None when it can be built.

        Rules stand in an order in which each may rely on those before it.
        """
        place = self.typed_input
        if self.types and node.inputs and (dtype := graph.required(node, place).dtype.value) not in self.types:
            return f"Input {place} must be {' or '.join(self.types)}. (it is {dtype})"
        for rule in self.constraints:
            if found := rule(graph, node):
                return f"{rule.__doc__} ({found})"
        want, has = self.output_shape(graph, node), graph.output(node).shape
        return None if want == has else f"The output's shape must follow from the inputs. (it is {has}, not {want})"


def c_float(value: float) -> str:
    """A float32 as C99 hexadecimal constant, which loses nothing."""
    return f"{float(np.float32(value)).hex()}f"


# ---- constraints that many operators share


def not_int8(tensor: Tensor) -> str | None:
    """Why a tensor is not int8 with one scale and zero point; None when it is."""
    if tensor.dtype is not DType.INT8:
        return f"{tensor.name!r} is {tensor.dtype.value}"
    if tensor.quantization is None or tensor.quantization.per_channel or tensor.quantization.scale <= 0:
        return f"{tensor.name!r} has no per-tensor scale"
    return None


def int8_input_and_output(graph: Graph, node: Node) -> str | None:
    """Input 0 and output 0 are int8 with one scale and zero point each."""
    return not_int8(graph.required(node, 0)) or not_int8(graph.output(node))


def not_arithmetic(tensor: Tensor) -> str | None:
    """Why a tensor is neither float32 nor int8 or int16 with one scale and zero point; int16 has the zero point 0."""
    if tensor.dtype is DType.FLOAT32:
        return None
    if tensor.dtype is not DType.INT16:
        return not_int8(tensor)
    if tensor.quantization is None or tensor.quantization.per_channel or tensor.quantization.scale <= 0:
        return f"{tensor.name!r} has no per-tensor scale"
    zero_point = tensor.quantization.zero_point
    return f"{tensor.name!r} has the zero point {zero_point}" if zero_point else None


def arithmetic_input_and_output(graph: Graph, node: Node) -> str | None:
    """Input 0 and output 0 are both float32, or both int8, or both int16 with the zero point 0; one scale each."""
    source, output = graph.required(node, 0), graph.output(node)
    if source.dtype is not output.dtype:
        return f"{source.dtype.value} and {output.dtype.value}"
    return not_arithmetic(source) or not_arithmetic(output)


def same_quantization(graph: Graph, node: Node) -> str | None:
    """Input 0 and output 0 have the same scale and zero point, unless they are float32."""
    if graph.required(node, 0).dtype is DType.FLOAT32:
        return None
    source, output = graph.required(node, 0).quantized(), graph.output(node).quantized()
    if (source.scale, source.zero_point) != (output.scale, output.zero_point):
        return f"{source.scale:g}, {source.zero_point} against {output.scale:g}, {output.zero_point}"
    return None


def four_dimensions(graph: Graph, node: Node) -> str | None:
    """Input 0 has the four dimensions batch, height, width, channels."""
    shape = graph.required(node, 0).shape
    return None if len(shape) == 4 else f"it has the shape {shape}"


def constant_weights(graph: Graph, node: Node) -> str | None:
    """Weights are constant: float32 where the input is, else int8 with zero point 0."""
    weights, source = graph.required(node, 1), graph.required(node, 0)
    wanted = DType.FLOAT32 if source.dtype is DType.FLOAT32 else DType.INT8
    if not weights.is_constant or weights.dtype is not wanted:
        return f"they are {'constant' if weights.is_constant else 'computed'} {weights.dtype.value}"
    if wanted is DType.INT8 and (weights.quantization is None or any(weights.quantization.zero_points)):
        return "their zero point is not 0"
    return None


def constant_bias(graph: Graph, node: Node) -> str | None:
    """The bias, where there is one, is constant: int32 for int8, int64 for int16, float32 for float32 inputs."""
    bias, source = graph.operand(node, 2), graph.required(node, 0)
    wanted = {DType.INT8: DType.INT32, DType.INT16: DType.INT64}.get(source.dtype, source.dtype)
    if bias is None or (bias.is_constant and bias.dtype is wanted):
        return None
    return f"it is {'constant' if bias.is_constant else 'computed'} {bias.dtype.value}"


def fused_activation(graph: Graph, node: Node) -> str | None:
    """The fused activation is none, ReLU, ReLU6 or ReLU clipped to [-1, 1]."""
    activation = getattr(node.options, "activation", "NONE")
    return None if activation in {"NONE", "RELU", "RELU6", "RELU_N1_TO_1"} else f"it is {activation}"
