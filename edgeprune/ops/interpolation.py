"""int16 functions for which the reference interpolates in 512 pieces over the whole range."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from edgeprune import runtime
from edgeprune.graph import Graph, Node, Tensor
from edgeprune.ops.base import CArray, CField, Cost, Kernel, KernelCode
from edgeprune.ops.lookup import Floats, rounded
from edgeprune.targets import McuCpu

_PIECES = 512


def table(source: Tensor, output: Tensor, function: Callable[[Floats], Floats]) -> npt.NDArray[np.int16]:
    """Outputs at the ends of all pieces, each moved to halve the error in the piece's middle.

    Args:
        source: The int16 input with zero point 0.
        output: The int16 output with zero point 0.
        function: Of real float32 values.

    Returns:
        int16 [513].
    """
    f32 = np.float32
    scale_in, scale_out = f32(source.quantized().scale), f32(output.quantized().scale)
    low, high = scale_in * f32(-32768), scale_in * f32(32767)
    step = (high - low) / f32(_PIECES)
    inverse = f32(65536) / (scale_out * f32(32767) - scale_out * f32(-32768))
    with np.errstate(over="ignore", invalid="ignore"):
        ends = low + np.arange(_PIECES + 1, dtype=np.float32) * step
        values = function(ends) * inverse
        middles = rounded(function(ends[:-1] + step / f32(2)) * inverse)
        samples = rounded(values)
        bias = rounded((rounded((values[1:] + samples[:-1]) / f32(2)) - middles) / f32(2))
        last = rounded(function(np.array([high], np.float32)) * inverse)
        found = np.concatenate([samples[:-1] - bias, last])
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

    def cost(self, graph: Graph, node: Node, cpu: McuCpu) -> Cost:
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
