"""LEAKY_RELU: negative values are multiplied by a constant."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from edgeprune.graph import Graph, Node
from edgeprune.ops import base, lookup
from edgeprune.ops.arithmetic import Multiplier, quantize_multiplier
from edgeprune.ops.base import CField, KernelCode
from edgeprune.ops.unary import FloatKernel, SlopesInt16, Unary

_FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class LeakyReluOptions:
    """Options of LEAKY_RELU; `alpha` multiplies negative values and may itself be negative."""

    alpha: float


def _alpha(node: Node) -> float:
    return cast(LeakyReluOptions, node.options).alpha


def _multipliers(graph: Graph, node: Node) -> tuple[Multiplier, Multiplier]:
    """For values >= 0 and for those below."""
    source, output = graph.required(node, 0).quantized(), graph.output(node).quantized()
    alpha = np.float32(source.scale) * np.float32(_alpha(node)) / np.float32(output.scale)
    size = quantize_multiplier(abs(float(alpha)))
    sloped = Multiplier(size.mantissa if alpha >= 0 else -size.mantissa, size.shift)
    return lookup.float_multiplier(source.scale, output.scale), sloped


def _table(graph: Graph, node: Node) -> npt.NDArray[np.int8]:
    values = lookup.inputs(graph.required(node, 0))
    identity, sloped = _multipliers(graph, node)
    outputs = np.where(values >= 0, lookup.rescaled(values, identity), lookup.rescaled(values, sloped))
    return lookup.saturated(outputs + graph.output(node).quantized().zero_point)


def _slopes(graph: Graph, node: Node) -> tuple[Multiplier, Multiplier, tuple[int, int]]:
    return *_multipliers(graph, node), (-(1 << 15), (1 << 15) - 1)


class _Float(FloatKernel):
    name = "ep_leaky_relu_f32"
    folder = _FOLDER
    cycles = 20.0

    def emit(self, graph: Graph, node: Node) -> KernelCode:
        fields = super().emit(graph, node).fields
        return KernelCode((), (*fields, CField("alpha", base.c_float(_alpha(node)))))


class LeakyRelu(Unary):
    """LEAKY_RELU of int8, int16 or float32."""

    name = "LEAKY_RELU"
    summary = "Rescales, and multiplies negative values by a constant."
    kernels = (
        lookup.LookupKernel(_table),
        SlopesInt16(_slopes),
        _Float(),
    )

    def decode(self, options: Any) -> LeakyReluOptions:
        """Translate `LeakyReluOptionsT`."""
        return LeakyReluOptions(float(options.alpha))


OPERATOR = LeakyRelu()
