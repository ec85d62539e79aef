"""TRANSPOSE_CONV: the convolution that enlarges, taken output by output."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from edgeprune.graph import DType, Graph, Node
from edgeprune.ops import base, geometry
from edgeprune.ops.arithmetic import Multiplier, activation_range, channel_multipliers
from edgeprune.ops.base import CArray, CField, Cost, Kernel, KernelCode, Operator
from edgeprune.ops.enums import activation_name, padding_name
from edgeprune.ops.unary import FLOAT_RANGES, float_cycles
from edgeprune.ops.wide import multiplier_arrays
from edgeprune.targets import Cpu

_FOLDER = Path(__file__).parent
_WEIGHTS, _DATA, _BIAS = 1, 2, 3


@dataclass(frozen=True)
class TransposeConvOptions:
    """Options of TRANSPOSE_CONV; the stride is (height, width)."""

    padding: str
    activation: str
    stride: tuple[int, int]
    dilation: tuple[int, int] = (1, 1)


def _options(node: Node) -> TransposeConvOptions:
    return cast(TransposeConvOptions, node.options)


def data_and_output(graph: Graph, node: Node) -> str | None:
    """Input 2 and the output are both float32, or both int8, or both int16 with the zero point 0; one scale each."""
    source, output = graph.required(node, _DATA), graph.output(node)
    if source.dtype is not output.dtype:
        return f"{source.dtype.value} and {output.dtype.value}"
    return base.not_arithmetic(source) or base.not_arithmetic(output)


def matching_weights(graph: Graph, node: Node) -> str | None:
    """Weights are constant, float32 or int8 with zero point 0 as the data ask for, and fit the channels."""
    weights, source, output = graph.required(node, _WEIGHTS), graph.required(node, _DATA), graph.output(node)
    wanted = DType.FLOAT32 if source.dtype is DType.FLOAT32 else DType.INT8
    if not weights.is_constant or weights.dtype is not wanted:
        return f"they are {'constant' if weights.is_constant else 'computed'} {weights.dtype.value}"
    if wanted is DType.INT8 and (weights.quantization is None or any(weights.quantization.zero_points)):
        return "their zero point is not 0"
    shapes = source.shape, weights.shape, output.shape
    if {len(shape) for shape in shapes} != {4} or weights.shape[::3] != (output.shape[3], source.shape[3]):
        return f"{shapes[1]} for {shapes[0]} to {shapes[2]}"
    return None


def constant_bias(graph: Graph, node: Node) -> str | None:
    """The bias, where there is one, is constant: float32, int32 with int8 and int64 with int16."""
    bias = graph.operand(node, _BIAS)
    kinds = {DType.FLOAT32: DType.FLOAT32, DType.INT8: DType.INT32, DType.INT16: DType.INT64}
    if bias is None or (bias.is_constant and bias.dtype is kinds[graph.required(node, _DATA).dtype]):
        return None
    return f"it is {'constant' if bias.is_constant else 'computed'} {bias.dtype.value}"


def known_output_shape(graph: Graph, node: Node) -> str | None:
    """Input 0 is constant and holds the output's shape."""
    shape = graph.required(node, 0)
    if not shape.is_constant:
        return f"{shape.name!r} is computed at run time"
    return None if shape.size == 4 else f"it has {shape.size} values"


def _window(graph: Graph, node: Node) -> CField:
    """Of the convolution that this one transposes, whose input is this one's output."""
    options, taps = _options(node), graph.required(node, _WEIGHTS).shape
    source, output = graph.required(node, _DATA).shape, graph.output(node).shape
    return geometry.window_field(output, source, (taps[1], taps[2]), options.stride, (1, 1), options.padding)


def _bias(graph: Graph, node: Node) -> npt.NDArray[np.generic]:
    bias = graph.operand(node, _BIAS)
    return np.zeros(graph.output(node).shape[3], np.int64) if bias is None else bias.constant().reshape(-1)


def _multipliers(graph: Graph, node: Node) -> tuple[Multiplier, ...]:
    source, weights, output = graph.required(node, _DATA), graph.required(node, _WEIGHTS), graph.output(node)
    return channel_multipliers(source, weights, output, output.shape[3])


class _Kernel(Kernel):
    folder = _FOLDER
    code_bytes = 700
    #: Per multiplication, with an FPU where the type is float32.
    cycles = 7.0

    def cost(self, graph: Graph, node: Node, cpu: Cpu) -> Cost:
        cycles = self.cycles * OPERATOR.macs(graph, node) + 80.0 * graph.output(node).size
        weights = graph.required(node, _WEIGHTS)
        return Cost(float_cycles(cycles, cpu) if weights.dtype is DType.FLOAT32 else cycles, weights.nbytes)


class _Int8(_Kernel):
    name = "ep_transpose_conv_s8"

    def emit(self, graph: Graph, node: Node) -> KernelCode:
        multipliers, output = _multipliers(graph, node), graph.output(node)
        arrays = (
            CArray("int8_t", "weights", graph.required(node, _WEIGHTS).constant()),
            CArray("int32_t", "bias", _bias(graph, node).astype(np.int32)),
            CArray("int32_t", "mantissa", np.array([m.mantissa for m in multipliers], np.int32)),
            CArray("int32_t", "shift", np.array([m.shift for m in multipliers], np.int32)),
        )
        tables = ", ".join(f".{name} = {{array:{name}}}" for name in ("bias", "mantissa", "shift"))
        stage = f"{{{tables}, {geometry.int8_output_fields(output, _options(node).activation)}}}"
        fields = (
            _window(graph, node),
            CField("weights", "{array:weights}"),
            CField("stage", stage),
            CField("input_zero_point", str(graph.required(node, _DATA).quantized().zero_point)),
        )
        return KernelCode(arrays, fields)


class _Int16(_Kernel):
    name = "ep_transpose_conv_s16"
    types = ("int16",)
    cycles = 8.0

    def emit(self, graph: Graph, node: Node) -> KernelCode:
        low, high = activation_range(_options(node).activation, graph.output(node))
        arrays = (
            CArray("int8_t", "weights", graph.required(node, _WEIGHTS).constant()),
            CArray("int64_t", "bias", _bias(graph, node).astype(np.int64)),
            *multiplier_arrays(_multipliers(graph, node)),
        )
        fields = (_window(graph, node), *(CField(a.suffix, f"{{array:{a.suffix}}}") for a in arrays))
        return KernelCode(arrays, (*fields, CField("low", str(low)), CField("high", str(high))))


class _Float(_Kernel):
    name = "ep_transpose_conv_f32"
    types = ("float32",)

    def emit(self, graph: Graph, node: Node) -> KernelCode:
        low, high = FLOAT_RANGES[_options(node).activation]
        arrays = (
            CArray("float", "weights", graph.required(node, _WEIGHTS).constant()),
            CArray("float", "bias", _bias(graph, node).astype(np.float32)),
        )
        fields = (_window(graph, node), *(CField(a.suffix, f"{{array:{a.suffix}}}") for a in arrays))
        return KernelCode(arrays, (*fields, CField("low", base.c_float(low)), CField("high", base.c_float(high))))


class TransposeConv(Operator):
    """TRANSPOSE_CONV of int8, int16x8 or float32."""

    name = "TRANSPOSE_CONV"
    summary = "Transposed 2D convolution with bias and fused activation."
    typed_input = _DATA
    constraints = (
        data_and_output,
        matching_weights,
        constant_bias,
        known_output_shape,
        geometry.positive_steps,
        base.fused_activation,
    )
    kernels = (_Int8(), _Int16(), _Float())

    def decode(self, options: Any) -> TransposeConvOptions:
        """Translate `TransposeConvOptionsT`."""
        return TransposeConvOptions(
            padding_name(options.padding),
            activation_name(options.fusedActivationFunction),
            (options.strideH, options.strideW),
        )

    def output_shape(self, graph: Graph, node: Node) -> tuple[int, ...]:
        """What input 0 holds."""
        return tuple(int(extent) for extent in graph.required(node, 0).constant().reshape(-1))

    def macs(self, graph: Graph, node: Node) -> int:
        """Taps per input pixel times channels."""
        source, weights = graph.required(node, _DATA).shape, graph.required(node, _WEIGHTS).shape
        return math.prod(source[:3]) * math.prod(weights)

    def operands(self, graph: Graph, node: Node) -> tuple[int, ...]:
        """The data."""
        return (node.inputs[_DATA],)


OPERATOR = TransposeConv()
