"""int16 functions for which the reference interpolates in 512 pieces over the whole range."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from edgeprune import runtime
from edgeprune.graph import Graph, Node, Tensor
from edgeprune.ops.base import CArray, CField, Cost, Kernel, KernelCode
from edgeprune.ops.lookup import Floats, rounded
from edgeprune.targets import Cpu

_PIECES = 512


def table(source: Tensor, output: Tensor, function: Callable[[Floats], Floats]) -> npt.NDArray[np.int16]:
    """Outputs at the ends of all pieces for an int16 input and output, both with zero point 0: int16 [513].

    `function` is of real float32 values.
    """
    return samples(source.quantized().scale, 0, output.quantized().scale, function, np.float32)


def samples(
    input_scale: float,
    input_zero_point: int,
    output_scale: float,
    function: Callable[[Any], Any],
    real: type[np.floating[Any]],
) -> npt.NDArray[np.int16]:
    """As `table`, for any scales and in any precision; each end is moved to halve the error in its piece's middle."""
    scale_in, scale_out = real(input_scale), real(output_scale)
    low, high = scale_in * real(-32768 - input_zero_point), scale_in * real(32767 - input_zero_point)
    step = (high - low) / real(_PIECES)
    inverse = real(65536) / (scale_out * real(32767) - scale_out * real(-32768))
    with np.errstate(over="ignore", invalid="ignore"):
        ends = low + np.arange(_PIECES + 1, dtype=real) * step
        values = function(ends) * inverse
        middles = rounded(function(ends[:-1] + step / real(2)) * inverse)
        sampled = rounded(values)
        bias = rounded((rounded((values[1:] + sampled[:-1]) / real(2)) - middles) / real(2))
        last = rounded(function(np.array([high], real)) * inverse)
        found = np.concatenate([sampled[:-1] - bias, last])
    outputs: npt.NDArray[np.int16] = np.clip(np.nan_to_num(found, nan=0.0), -32768, 32767).astype(np.int16)
    return outputs


class InterpolationKernel(Kernel):
    """int16 to int16 by such a table.

    Args:
        function: Of real float32 values, given the node's output tensor.
    """

    name = "ep_interpolate_s16"
    types = ("int16",)
    folder = runtime.FOLDER
    code_bytes = 100

    def __init__(self, function: Callable[[Floats, Tensor], Floats]) -> None:
        self._function = function

    def cost(self, graph: Graph, node: Node, cpu: Cpu) -> Cost:
        """By the number of values."""
        return Cost(20 + 20.5 * graph.output(node).size)

    def emit(self, graph: Graph, node: Node) -> KernelCode:
        """The table."""
        output = graph.output(node)
        values = table(graph.required(node, 0), output, lambda real: self._function(real, output))
        fields = CField("table", "{array:table}"), CField("count", str(output.size))
        return KernelCode((CArray("int16_t", "table", values),), fields)

    def in_place(self, graph: Graph, node: Node) -> tuple[int, ...]:
        """Each value is read before it is replaced."""
        return (0,)
