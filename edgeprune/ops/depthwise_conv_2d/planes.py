"""Planes of int16 columns, and the kernel that goes over them with 3x3 filters."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edgeprune.graph import Graph, Node
from edgeprune.ops import geometry, requantize
from edgeprune.ops.arithmetic import Multiplier, activation_range
from edgeprune.ops.arithmetic import requantize as reference
from edgeprune.ops.base import CArray, CField, Cost, Kernel, KernelCode
from edgeprune.ops.window import slide
from edgeprune.targets import Extension, McuCpu

_FOLDER = Path(__file__).parent
#: Bytes of two columns of four channels.
_WORD = 16
#: What an offset of a load or store, and what MOVW, can reach.
_OFFSET, _MOVW = 4095, 65535
#: Weights are int16 numbers.
_LARGEST_TAP = 32767
#: SSAT shifts by this where it may, so that layers of one shape share their code.
_USUAL_SHIFT = 10
#: Above this shift the zero point times 2^shift does not fit.
_LARGEST_SHIFT = 22


@dataclass(frozen=True)
class Layout:
    """An `ep_planes_layout`: how rows of the input become rows of planes.

    Attributes:
        words: Pairs of columns in a row of planes.
        before: Columns of padding at the left.
        columns: Columns of the input that the windows see.
    """

    words: int
    before: int
    columns: int

    @property
    def pitch(self) -> int:
        """Bytes of a row of planes."""
        return self.words * _WORD

    def field(self, source: tuple[int, ...], zero_point: int) -> CField:
        """The initialiser, for an NHWC input."""
        lead = self.before % 2
        pairs, tail = divmod(self.columns - lead, 2)
        members = {
            "pixel_bytes": source[3],
            "row_bytes": source[2] * source[3],
            "pitch": self.pitch,
            "lead": lead,
            "blocks": pairs // 2,
            "pairs": pairs % 2,
            "tail": tail,
            "zeros": int(np.array([zero_point, zero_point], np.int16).view(np.int32)[0]),
            "skip": self.before // 2 * _WORD,
        }
        return CField("layout", "{" + ", ".join(f".{name} = {value}" for name, value in members.items()) + "}")


def layout_of(source: tuple[int, ...], output: tuple[int, ...], stride: int, padding: str) -> Layout:
    """Planes over which 3x3 windows move."""
    before = slide(source[2], 3, stride, 1, padding).before
    words = -(-output[2] // 2) + 1 if stride == 1 else output[2] + 1
    return Layout(words, before, min(source[2], (output[2] - 1) * stride + 3 - before))


@dataclass(frozen=True, eq=False)
class _Stage:
    """How sums become outputs: words of the table behind the taps, int64 [channels, 3 or 4].

    Attributes:
        shift: Of the SSAT, 0 for the way of `ep_requantize_fast`.
        scale: int64 [channels], powers of two by which taps and biases are multiplied.
        words: Bias first; what else see `ep_depthwise_3x3.h`.
    """

    shift: int
    scale: npt.NDArray[np.int64]
    words: npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class _Sums:
    """What the output stage has to deal with, per output channel."""

    multipliers: tuple[Multiplier, ...]
    bias: npt.NDArray[np.int64]
    low: npt.NDArray[np.int64]
    high: npt.NDArray[np.int64]
    largest_tap: npt.NDArray[np.int64]
    zero_point: int
    clamps_negative: bool


def _sums(graph: Graph, node: Node) -> _Sums:
    weights = graph.required(node, 1)
    rows = weights.constant().astype(np.int64).reshape(-1, weights.shape[3]).T
    output = graph.output(node)
    zero_point = output.quantized().zero_point
    low_clamp = activation_range(geometry.convolution_options(node).activation, output)[0]
    return _Sums(
        geometry.convolution_multipliers(graph, node, weights.shape[3]),
        *requantize.accumulator_bounds(graph, node, rows),
        np.abs(rows).max(axis=1),
        zero_point,
        low_clamp >= zero_point,
    )


def _stage(sums: _Sums) -> _Stage | None:
    """The output stage; None where neither way is exact."""
    if sums.low.min() < -(1 << 30) or sums.high.max() >= 1 << 30:
        return None
    return (_shifting_stage(sums) if sums.clamps_negative else None) or _rounding_stage(sums)


def _rounding_stage(sums: _Sums) -> _Stage | None:
    if not requantize.has_fast_requantization(sums.multipliers):
        return None
    factors = requantize.fast_requantization(sums.multipliers)
    zero_points = np.full(len(sums.bias), sums.zero_point)
    words = np.stack([sums.bias, factors.factor, factors.scale, zero_points], axis=1).astype(np.int64)
    return _Stage(0, np.ones(len(words), np.int64), words)


def _shifting_stage(sums: _Sums) -> _Stage | None:
    """The stage for layers whose outputs below the zero point are clamped to it or above.

    out = (offset + acc * 2^k * mantissa / 2^32) >> shift.  With the right shift s of a channel and
    k = shift + 1 - s >= 2 this is, by nested floors, what the reference's two roundings are when ties
    go up: ((acc * mantissa + 2^30) / 2^31 + 2^(s-1)) / 2^s.  A channel that can only have one value
    needs no k.
    """
    mantissas = np.array([m.mantissa for m in sums.multipliers], np.int64)
    shifts = np.array([m.shift for m in sums.multipliers], np.int64)
    if (shifts > 0).any():
        return None
    least, greatest = (
        np.maximum(reference(bound, mantissas, shifts) + sums.zero_point, sums.zero_point).clip(-128, 127)
        for bound in (sums.low, sums.high)
    )
    varies = least != greatest
    extent = np.maximum(np.maximum(abs(sums.low), abs(sums.high)), 1)
    room = np.minimum(_powers(_LARGEST_TAP, sums.largest_tap), _powers((1 << 31) - 1, extent))
    smallest = int(np.max(1 - shifts, where=varies, initial=1))
    largest = int(np.min(room - shifts - 1, where=varies, initial=_LARGEST_SHIFT))
    if smallest > largest:
        return None
    shift = min(max(_USUAL_SHIFT, smallest), largest)
    k = np.where(varies, shift + 1 + shifts, 2)
    offset = (
        (np.where(varies, sums.zero_point, least) << shift) + (1 << (shift - 1)) + np.where(varies, 1 << (k - 2), 0)
    )
    scale = np.where(varies, np.int64(1) << k, 0)
    words = np.stack([sums.bias * scale, np.where(varies, mantissas, 0), offset], axis=1)
    return _Stage(shift, scale, words)


def _powers(limit: int, values: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The greatest k for each value so that value * 2^k <= limit, at most 30."""
    k = np.arange(31, dtype=np.int64)
    fits = (values[:, None] << k) <= limit
    powers: npt.NDArray[np.int64] = fits.sum(axis=1) - 1
    return powers


def _pair(low: npt.NDArray[np.int64], high: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Two int16 numbers in a word."""
    return (low & 0xFFFF) | ((high & 0xFFFF) << 16)


def _tap_words(taps: npt.NDArray[np.int64], stride: int) -> npt.NDArray[np.int64]:
    """Words [channels, 6] of the table, from taps [channels, 3, 3]."""
    first, second, third = taps[:, :, 0], taps[:, :, 1], taps[:, :, 2]
    if stride == 1:
        return np.stack([_pair(first, second), _pair(second, third)], axis=2).reshape(len(taps), 6)
    none = np.zeros(len(taps), np.int64)
    last = [_pair(third[:, 0], third[:, 1]), _pair(third[:, 2], none), none]
    return np.concatenate([_pair(first, second), np.stack(last, axis=1)], axis=1)


class Depthwise3x3(Kernel):
    """3x3 filters over planes of bands of rows."""

    name = "ep_depthwise_conv_2d_s8_3x3"
    folder = _FOLDER
    needs = frozenset({Extension.DSP, Extension.FPU})
    code_bytes = 1900

    def __init__(self, band: int) -> None:
        """Make the kernel for bands of that many (even) rows, or for all rows at once (0)."""
        self._band = band

    @property
    def label(self) -> str:
        """Name, and height of the bands."""
        return f"{self.name}:{self._band} rows" if self._band else self.name

    def supports(self, graph: Graph, node: Node) -> bool:
        """3x3, stride 1 or 2, within what instructions can reach, and with an exact output stage."""
        options, output = geometry.convolution_options(node), graph.output(node).shape
        stride = options.stride[0]
        if graph.required(node, 1).shape[1:3] != (3, 3) or options.dilation != (1, 1):
            return False
        if options.stride not in {(1, 1), (2, 2)} or self._band >= output[1]:
            return False
        layout = self._layout(graph, node)
        reach = (stride + 2) * layout.pitch + stride * _WORD
        if reach > _OFFSET or 2 * output[3] > _OFFSET or 2 * output[2] * output[3] > _MOVW:
            return False
        return _stage(_sums(graph, node)) is not None

    def _layout(self, graph: Graph, node: Node) -> Layout:
        options = geometry.convolution_options(node)
        return layout_of(graph.required(node, 0).shape, graph.output(node).shape, options.stride[0], options.padding)

    def _rows(self, graph: Graph, node: Node) -> tuple[int, int]:
        """(rows of a band, rows of the planes)."""
        band = self._band or graph.output(node).shape[1]
        return band, (band - 1) * geometry.convolution_options(node).stride[0] + 3

    def scratch_bytes(self, graph: Graph, node: Node) -> int:
        """The planes."""
        return self._rows(graph, node)[1] * self._layout(graph, node).pitch

    def in_place(self, graph: Graph, node: Node) -> tuple[int, ...]:
        """Over the input where pixel lies upon pixel."""
        return (0,) if graph.required(node, 0).shape == graph.output(node).shape else ()

    def cost(self, graph: Graph, node: Node, cpu: McuCpu) -> Cost:
        """Per tap and per element that is expanded, and what each group of channels costs beside."""
        size = graph.output(node).size
        expanded = graph.required(node, 0).size
        bands = -(-graph.output(node).shape[1] // self._rows(graph, node)[0])
        groups = -(-graph.required(node, 0).shape[3] // 4)
        return Cost(15.0 * size + 2.6 * expanded + 250.0 * groups * bands, 36 * graph.output(node).shape[3], 700)

    def emit(self, graph: Graph, node: Node) -> KernelCode:
        """The table and a function for the shape."""
        source, output, options = graph.required(node, 0), graph.output(node), geometry.convolution_options(node)
        sums = _sums(graph, node)
        stage = _stage(sums)
        if stage is None:
            raise AssertionError("no output stage")
        stride, layout = options.stride[0], self._layout(graph, node)
        weights = graph.required(node, 1).constant().astype(np.int64).reshape(3, 3, -1).transpose(2, 0, 1)
        taps = _tap_words(weights * stage.scale[:, None, None], stride)
        table = np.concatenate([taps, stage.words], axis=1).astype(np.uint32).view(np.int32)
        channels, width = output.shape[3], output.shape[2]
        shape = (stride, layout.pitch, channels, width, _unrolled(width // 2), stage.shift)
        function = "depthwise_3x3_" + "_".join(str(number) for number in shape)
        low, high = activation_range(options.activation, output)
        band, plane_rows = self._rows(graph, node)
        fields = (
            layout.field(source.shape, source.quantized().zero_point),
            CField("convolve", function),
            CField("table", "{array:table}"),
            *_numbers(
                table_words=table.shape[1],
                stride=stride,
                batches=source.shape[0],
                in_h=source.shape[1],
                in_c=source.shape[3],
                in_bytes=source.size // source.shape[0],
                out_h=output.shape[1],
                out_row_bytes=width * channels,
                out_bytes=output.size // output.shape[0],
                multiplier=channels // source.shape[3],
                pad_top=slide(source.shape[1], 3, stride, 1, options.padding).before,
                band=band,
                plane_rows=plane_rows,
                low=low,
                high=high,
            ),
        )
        definition = f"EP_DEPTHWISE_3X3({function}, {', '.join(str(number) for number in shape)})"
        return KernelCode((CArray("int32_t", "table", table),), fields, (definition,))


def _numbers(**values: int) -> tuple[CField, ...]:
    return tuple(CField(name, str(value)) for name, value in values.items())


def _unrolled(tiles: int) -> int:
    """Tiles of a row that stand one after another in the code; their number divides that of all."""
    return tiles if tiles <= 3 else next(n for n in (2, 3, 1) if tiles % n == 0)


KERNELS = (Depthwise3x3(0), Depthwise3x3(8), Depthwise3x3(4))
