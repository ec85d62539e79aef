"""UNIDIRECTIONAL_SEQUENCE_LSTM: a whole LSTM layer over a sequence, with its state kept in between."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from edgeprune.graph import DType, Graph, Node, Tensor
from edgeprune.ops import base
from edgeprune.ops.arithmetic import Multiplier, quantize_multiplier
from edgeprune.ops.base import CArray, CField, Cost, Kernel, KernelCode, Operator
from edgeprune.ops.enums import activation_name
from edgeprune.targets import Cpu

#: Positions of the operands, as TFLite numbers them.
_PEEPHOLES, _PROJECTION, _NORMALISATION = (9, 10, 11), (16, 17), (20, 21, 22, 23)
_STATE, _CELL_STATE = 18, 19
#: Scale of a gate's sums before the activation, without layer normalisation.
_GATE_SCALE = np.float32(2.0**-12)
#: The intermediate tensor that holds the scale of the hidden value.
_HIDDEN = 4


@dataclass(frozen=True)
class LstmOptions:
    """Options: a clip of 0 is none; `time_major` inputs are [steps, batches, inputs]."""

    activation: str
    cell_clip: float
    projection_clip: float
    time_major: bool


@dataclass(frozen=True)
class _Gate:
    """Positions of a gate's operands: weights of the input, of the state, bias."""

    name: str
    of_input: int
    of_state: int
    bias: int


_INPUT_GATE = _Gate("input", 1, 5, 12)
_GATES = (_Gate("forget", 2, 6, 13), _Gate("cell", 3, 7, 14), _Gate("output", 4, 8, 15))


def _options(node: Node) -> LstmOptions:
    return cast(LstmOptions, node.options)


def tanh_activation(graph: Graph, node: Node) -> str | None:
    """The activation is tanh."""
    return None if _options(node).activation == "TANH" else f"it is {_options(node).activation}"


def plain_cell(graph: Graph, node: Node) -> str | None:
    """There are no peepholes, no projection and no layer normalisation."""
    kinds = {"peepholes": _PEEPHOLES, "a projection": _PROJECTION, "layer normalisation": _NORMALISATION}
    found = [name for name, places in kinds.items() if any(graph.operand(node, i) for i in places)]
    return f"it has {' and '.join(found)}" if found else None


def int8_weights(graph: Graph, node: Node) -> str | None:
    """All weights are constant int8 with zero point 0."""
    for gate in (*_present(graph, node),):
        for place in (gate.of_input, gate.of_state):
            weights = graph.required(node, place)
            if not weights.is_constant or weights.dtype is not DType.INT8 or weights.quantized().per_channel:
                return f"{weights.name!r} is {weights.dtype.value}"
    return None


def states_of_the_graph(graph: Graph, node: Node) -> str | None:
    """The state is int8, the cell state int16 with a power of two from 2^-15 to 2^-9 as scale."""
    state, cell = graph.required(node, _STATE), graph.required(node, _CELL_STATE)
    if state.dtype is not DType.INT8 or cell.dtype is not DType.INT16:
        return f"they are {state.dtype.value} and {cell.dtype.value}"
    bits = math.log2(cell.quantized().scale) if cell.quantized().scale > 0 else 0.5
    return None if bits in range(-15, -8) else f"it is {cell.quantized().scale:g}"


def hidden_scale(graph: Graph, node: Node) -> str | None:
    """The file tells the scale of the hidden value."""
    return None if len(node.intermediates) > _HIDDEN else f"it has {len(node.intermediates)} intermediate tensors"


def _present(graph: Graph, node: Node) -> tuple[_Gate, ...]:
    """The gates; the input gate may be left out (coupled to the forget gate)."""
    return ((_INPUT_GATE,) if graph.operand(node, _INPUT_GATE.of_input) else ()) + _GATES


@dataclass(frozen=True)
class _Shape:
    batches: int
    steps: int
    inputs: int
    cells: int


def _shape(graph: Graph, node: Node) -> _Shape:
    *outer, inputs = graph.required(node, 0).shape
    if _options(node).time_major:
        outer = outer[::-1]
    return _Shape(outer[0], outer[1], inputs, graph.required(node, _GATES[0].of_input).shape[0])


class _Int8(Kernel):
    name = "ep_unidirectional_sequence_lstm_s8"
    folder = Path(__file__).parent
    code_bytes = 1600

    def cost(self, graph: Graph, node: Node, cpu: Cpu) -> Cost:
        shape = _shape(graph, node)
        values = shape.batches * shape.steps * shape.cells
        return Cost(7.0 * OPERATOR.macs(graph, node) + 1500.0 * values, table_bytes=OPERATOR.macs(graph, node))

    def scratch_bytes(self, graph: Graph, node: Node) -> int:
        return 4 * 2 * _shape(graph, node).cells

    def emit(self, graph: Graph, node: Node) -> KernelCode:
        shape, options = _shape(graph, node), _options(node)
        arrays: list[CArray] = []
        gates = {gate.name: self._gate(graph, node, gate, arrays) for gate in _present(graph, node)}
        cell_scale = np.float32(graph.required(node, _CELL_STATE).quantized().scale)
        hidden = graph.tensors[node.intermediates[_HIDDEN]].quantized()
        multiplier = quantize_multiplier(float(np.float32(2.0**-15 / float(np.float32(hidden.scale)) * 2.0**-15)))
        clip = int(np.clip(np.float32(options.cell_clip) / cell_scale, -32768, 32767)) if options.cell_clip > 0 else 0
        steps = (shape.batches, 1) if options.time_major else (1, shape.steps)
        numbers = {
            "batches": shape.batches, "steps": shape.steps, "inputs": shape.inputs, "cells": shape.cells,
            "batch_stride": steps[1], "step_stride": steps[0],
            "cell_integer_bits": 15 + int(math.log2(cell_scale)), "cell_clip": clip,
            "hidden_mantissa": multiplier.mantissa, "hidden_shift": multiplier.shift,
            "hidden_zero_point": hidden.zero_point,
        }  # fmt: skip
        fields = [CField(name, str(value)) for name, value in numbers.items()]
        fields += [CField(f"{name}_gate", text) for name, text in gates.items() if name != "input"]
        coupled = "input" not in gates
        fields.append(CField("input_gate", "NULL" if coupled else f"&(const ep_lstm_gate){gates['input']}"))
        return KernelCode(tuple(arrays), tuple(fields))

    def _gate(self, graph: Graph, node: Node, gate: _Gate, arrays: list[CArray]) -> str:
        """The gate's initialiser; its tables are appended to `arrays`."""
        source, state = graph.required(node, 0), graph.required(node, _STATE)
        bias = graph.operand(node, gate.bias)
        of_input = self._sum(f"{gate.name}_input", source, graph.required(node, gate.of_input), bias, arrays)
        of_state = self._sum(f"{gate.name}_state", state, graph.required(node, gate.of_state), None, arrays)
        return f"{{.of_input = {of_input}, .of_state = {of_state}}}"

    def _sum(self, name: str, source: Tensor, weights: Tensor, bias: Tensor | None, arrays: list[CArray]) -> str:
        values = weights.constant().astype(np.int64)
        folded: npt.NDArray[np.int64] = -source.quantized().zero_point * values.sum(axis=1)
        if bias is not None:
            folded = folded + bias.constant().astype(np.int64)
        multiplier = _gate_multiplier(source, weights)
        arrays.append(CArray("int8_t", f"{name}_weights", values.astype(np.int8)))
        arrays.append(CArray("int32_t", f"{name}_bias", folded.astype(np.int32)))
        tables = f".weights = {{array:{name}_weights}}, .bias = {{array:{name}_bias}}"
        return f"{{{tables}, .mantissa = {multiplier.mantissa}, .shift = {multiplier.shift}}}"


def _gate_multiplier(source: Tensor, weights: Tensor) -> Multiplier:
    """From the products' scale to that of the gates' sums, in float32 as the reference prepares it."""
    product = np.float32(weights.quantized().scale) * np.float32(source.quantized().scale)
    return quantize_multiplier(float(product / _GATE_SCALE))


class UnidirectionalSequenceLstm(Operator):
    """UNIDIRECTIONAL_SEQUENCE_LSTM, whose operands 18 and 19 are states of the graph."""

    name = "UNIDIRECTIONAL_SEQUENCE_LSTM"
    summary = "An LSTM layer over a sequence; its state lasts from one inference to the next."
    constraints = (
        base.int8_input_and_output,
        tanh_activation,
        plain_cell,
        int8_weights,
        states_of_the_graph,
        hidden_scale,
    )
    kernels = (_Int8(),)

    def decode(self, options: Any) -> LstmOptions:
        """Translate `UnidirectionalSequenceLSTMOptionsT`."""
        return LstmOptions(
            activation_name(options.fusedActivationFunction),
            float(options.cellClip),
            float(options.projClip),
            bool(options.timeMajor),
        )

    def output_shape(self, graph: Graph, node: Node) -> tuple[int, ...]:
        """The input's, with as many values as there are cells."""
        return (*graph.required(node, 0).shape[:-1], _shape(graph, node).cells)

    def macs(self, graph: Graph, node: Node) -> int:
        """Of all gates, at every step."""
        shape = _shape(graph, node)
        gates = len(_present(graph, node))
        return shape.batches * shape.steps * gates * shape.cells * (shape.inputs + shape.cells)

    def results(self, graph: Graph, node: Node) -> tuple[int, ...]:
        """The output, the state and the cell state."""
        return (node.outputs[0], node.inputs[_STATE], node.inputs[_CELL_STATE])


OPERATOR = UnidirectionalSequenceLstm()
