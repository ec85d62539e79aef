"""RESIZE_BILINEAR: each pixel of the output is mixed from four of the input."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from edgeprune.graph import Graph, Node
from edgeprune.ops import base, moves, resizing
from edgeprune.ops.base import CArray, CField, Cost, Kernel, KernelCode, Operator
from edgeprune.ops.resizing import ResizeOptions
from edgeprune.targets import Cpu, Extension

_FOLDER = Path(__file__).parent
#: Weights of the integer kernels have this many bits behind the point.
_BITS = 10
Places = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.generic]]


def fixed_places(extent: int, wanted: int, options: ResizeOptions) -> Places:
    """Lower and upper pixel and the upper one's share in 1/1024 along an axis, as the reference rounds them."""
    one = 1 << _BITS
    scale = (one * extent + wanted // 2) // wanted
    if options.align_corners and wanted > 1:
        scale = (one * (extent - 1) + (wanted - 1) // 2) // (wanted - 1)
    place = np.arange(wanted, dtype=np.int64) * scale
    if options.half_pixel_centers:
        place += scale // 2 - one // 2
    lower = np.maximum(place // one, 0)
    upper = np.minimum(np.maximum(-(-place // one), 0), extent - 1)
    return lower, upper, np.where(lower == upper, 0, place - one * lower)


def float_places(extent: int, wanted: int, options: ResizeOptions) -> Places:
    """Lower and upper pixel and the upper one's share along an axis, in float32."""
    scale = np.float32(extent) / np.float32(wanted)
    if options.align_corners and wanted > 1:
        scale = np.float32(extent - 1) / np.float32(wanted - 1)
    place = np.arange(wanted, dtype=np.float32)
    place = (place + np.float32(0.5)) * scale - np.float32(0.5) if options.half_pixel_centers else place * scale
    lower = np.maximum(np.floor(place).astype(np.int64), 0)
    upper = np.minimum(np.ceil(place).astype(np.int64), extent - 1)
    return lower, upper, np.where(lower == upper, np.float32(0), place - lower.astype(np.float32)).astype(np.float32)


def pixels_of_the_input(graph: Graph, node: Node) -> str | None:
    """Rounded scales stay within the input: far larger images than the input may not."""
    options, shape = resizing.resize_options(node), graph.required(node, 0).shape
    places = float_places if graph.required(node, 0).dtype.value == "float32" else fixed_places
    for extent, wanted in zip(shape[1:3], resizing.size(graph, node), strict=True):
        if int(places(extent, wanted, options)[0].max()) >= extent:
            return f"{wanted} pixels from {extent}"
    return None


class _Bilinear(Kernel):
    folder = _FOLDER
    code_bytes = 400
    #: Type of weights in C, and cycles per value and per pixel beside.
    weight: ClassVar[str]
    cycles: ClassVar[float]
    pixel_cycles: ClassVar[float] = 45.0

    def _places(self, extent: int, wanted: int, options: ResizeOptions) -> Places:
        return fixed_places(extent, wanted, options)

    def cost(self, graph: Graph, node: Node, cpu: Cpu) -> Cost:
        output = graph.output(node)
        slower = 10.0 if self.weight == "float" and Extension.FPU not in cpu.extensions else 1.0
        pixels = output.size // output.shape[3]
        return Cost(50.0 + slower * (self.pixel_cycles * pixels + self.cycles * output.size))

    def emit(self, graph: Graph, node: Node) -> KernelCode:
        options, source = resizing.resize_options(node), graph.required(node, 0).shape
        height, width = resizing.size(graph, node)
        depth = source[3]
        arrays: list[CArray] = []
        for name, extent, wanted, step in (
            ("row", source[1], height, source[2] * depth), ("column", source[2], width, depth)
        ):  # fmt: skip
            lower, upper, share = self._places(extent, wanted, options)
            pairs = np.stack([lower, upper], axis=1) * step
            arrays += [
                CArray("int32_t", f"{name}s", pairs.astype(np.int32)),
                CArray(self.weight, f"{name}_shares", share),
            ]
        fields = (
            *(CField(array.suffix, f"{{array:{array.suffix}}}") for array in arrays),
            CField("batches", str(source[0])),
            CField("input_size", str(source[1] * source[2] * depth)),
            CField("height", str(height)),
            CField("width", str(width)),
            CField("depth", str(depth)),
        )
        return KernelCode(tuple(arrays), fields)


class _Int8(_Bilinear):
    name = "ep_resize_bilinear_s8"
    weight = "int32_t"
    cycles = 17.0
    pixel_cycles = 78.0


class _Int16(_Bilinear):
    name = "ep_resize_bilinear_s16"
    types = ("int16",)
    weight = "int32_t"
    cycles = 31.0


class _Float(_Bilinear):
    name = "ep_resize_bilinear_f32"
    types = ("float32",)
    weight = "float"
    cycles = 21.5

    def _places(self, extent: int, wanted: int, options: ResizeOptions) -> Places:
        return float_places(extent, wanted, options)


class ResizeBilinear(Operator):
    """RESIZE_BILINEAR to a constant size."""

    name = "RESIZE_BILINEAR"
    summary = "An image in another size, each pixel mixed from the four around its place."
    constraints = (
        moves.same_type,
        base.four_dimensions,
        moves.constant((1,), "The size is"),
        resizing.two_positive_extents,
        pixels_of_the_input,
    )
    kernels = (_Int8(), _Int16(), _Float())

    def decode(self, options: Any) -> ResizeOptions:
        """Translate `ResizeBilinearOptionsT`."""
        return resizing.decode(options)

    def output_shape(self, graph: Graph, node: Node) -> tuple[int, ...]:
        """Height and width as the size says."""
        return resizing.output_shape(graph, node)


OPERATOR = ResizeBilinear()
