"""What XNNPACK's sparse inference makes of each kind of layer.

It computes whole parts of a network channel by channel instead of pixel by pixel.  Such a part
begins with one kind of convolution that changes the layout, ends with a MEAN, and holds only
layers that exist for the other layout; one layer that does not keeps all of it from running.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgeprune.graph import OMITTED, DType, Graph, Node, Tensor
from edgeprune.ops import geometry
from edgeprune.ops.geometry import ConvolutionOptions
from edgeprune.ops.padding import padding_value, paddings
from edgeprune.ops.reduction import reduced_axes
from edgeprune.ops.window import slide

#: Layers that work on each element alone.
_ELEMENTWISE = {
    "ABS", "CEIL", "ELU", "EXP", "FLOOR", "HARD_SWISH", "LEAKY_RELU", "LOGISTIC", "NEG", "RELU", "RELU6",
    "RELU_N1_TO_1", "ROUND", "RSQRT", "SQRT", "SQUARE", "TANH",
}  # fmt: skip
_EDGES = {3, 5}
_STRIDES = {1, 2}
#: Of what an entry reads; fewer are filled up with zeros.
ENTRY_CHANNELS = 3


class Kind(enum.Enum):
    """The part that a layer can play."""

    ENTRY = "entry"
    INSIDE = "inside"
    MEAN = "mean"


@dataclass(frozen=True)
class Side:
    """One spatial axis of a sliding window.

    Attributes:
        size, output: Elements that it slides over, and positions that it takes.
        edge, stride: Of the window.
        before: Zeros before the first element.
    """

    size: int
    output: int
    edge: int
    stride: int
    before: int

    @property
    def after(self) -> int:
        """Zeros that the last position reads behind the last element; less than 0 where it stops before."""
        return (self.output - 1) * self.stride + self.edge - self.before - self.size

    @property
    def wanted(self) -> int:
        """Zeros that sparse inference puts on both sides."""
        return (self.edge - 1) // 2

    def fits(self, mirrored: bool) -> bool:
        """Whether these zeros give the same outputs, where all runs from the last element to the first or not."""
        positions = (self.size + 2 * self.wanted - self.edge) // self.stride + 1
        return positions == self.output and self.wanted == (self.after if mirrored else self.before)


@dataclass(frozen=True)
class Window:
    """A convolution with a window larger than 1x1.

    Attributes:
        node: Its number.
        pad: Number of the PAD before it that belongs to it; None without.
        source: The tensor before both.
        sides: Height and width.
    """

    node: int
    pad: int | None
    source: int
    sides: tuple[Side, Side]


@dataclass(frozen=True)
class Layer:
    """A layer that can be part of it.

    Attributes:
        kind: Which part.
        sources: Tensors that it reads and that are computed.
        window: Of a convolution that has one.
    """

    kind: Kind
    sources: tuple[int, ...]
    window: Window | None = None


def layer_of(graph: Graph, index: int, producers: dict[int, int]) -> Layer | str:
    """The node as such a layer, or a sentence that says why it is none."""
    node = graph.nodes[index]
    rule = {"CONV_2D": _sliding, "DEPTHWISE_CONV_2D": _sliding, "ADD": _arithmetic, "MUL": _arithmetic}.get(node.op)
    if len(node.outputs) != 1 or OMITTED in node.inputs[:1] or not node.inputs:
        return f"sparse inference has no {node.op}"
    if graph.output(node).dtype is not DType.FLOAT32 or graph.required(node, 0).dtype is not DType.FLOAT32:
        return f"it computes {graph.output(node).dtype.value}, and sparse inference computes floats"
    return _other(graph, node) if rule is None else rule(graph, index, producers)


def _other(graph: Graph, node: Node) -> Layer | str:
    if len(graph.required(node, 0).shape) != 4:
        return f"{node.op} has {len(graph.required(node, 0).shape)} dimensions instead of 4"
    if node.op in _ELEMENTWISE:
        return Layer(Kind.INSIDE, node.inputs[:1])
    if node.op == "MEAN" and graph.required(node, 1).is_constant and reduced_axes(graph, node) == (1, 2):
        return Layer(Kind.MEAN, node.inputs[:1])
    return f"sparse inference has no {node.op}"


def weights_of(graph: Graph, node: Node, producers: dict[int, int]) -> int | None:
    """The constant that holds a layer's weights: its operand, or the fp16 one that it is widened from."""
    index = node.inputs[1]
    if graph.tensors[index].is_constant:
        return index
    maker = graph.nodes[producers[index]] if index in producers else None
    if maker is not None and maker.op == "DEQUANTIZE" and graph.tensors[maker.inputs[0]].is_constant:
        return maker.inputs[0] if graph.tensors[maker.inputs[0]].dtype is DType.FLOAT16 else None
    return None


def values(graph: Graph, tensor: int) -> npt.NDArray[np.generic]:
    """A constant's elements."""
    return graph.tensors[tensor].constant()


def _options(node: Node) -> ConvolutionOptions | None:
    return node.options if isinstance(node.options, ConvolutionOptions) else None


def _sliding(graph: Graph, index: int, producers: dict[int, int]) -> Layer | str:
    """Either convolution: what both must be, then the rule of each."""
    node, options = graph.nodes[index], _options(graph.nodes[index])
    if options is None or weights_of(graph, node, producers) is None:
        return "its weights are no constants of type float32 or float16"
    if options.dilation != (1, 1):
        return "it is dilated"
    depthwise = node.op == "DEPTHWISE_CONV_2D"
    if not geometry.channels_match(graph, node):
        return "it makes several channels of each" if depthwise else "its channels are in groups"
    window = _window(graph, index, options, producers)
    return _depthwise(window, options) if depthwise else _convolution(graph, window, options)


def _convolution(graph: Graph, window: Window, options: ConvolutionOptions) -> Layer | str:
    node = graph.nodes[window.node]
    _, height, width, channels = graph.required(node, 1).shape
    if (height, width) == (1, 1):
        if options.stride != (1, 1):
            return f"it is a 1x1 convolution with stride {options.stride[0]}, and only stride 1 fits"
        return Layer(Kind.INSIDE, node.inputs[:1])
    if (height, width, *options.stride) != (3, 3, 2, 2) or channels > ENTRY_CHANNELS:
        return (
            f"it is a {height}x{width} convolution with stride {options.stride[0]} on {channels} channels; only 1x1 "
            "convolutions fit, and a first one of 3x3 with stride 2 on up to 3 channels"
        )
    return Layer(Kind.ENTRY, (), window)


def _depthwise(window: Window, options: ConvolutionOptions) -> Layer | str:
    (height, width), stride = (side.edge for side in window.sides), options.stride[0]
    if height != width or height not in _EDGES or stride != options.stride[1] or stride not in _STRIDES:
        return f"it is a depthwise {height}x{width} convolution with stride {stride}; 3x3 and 5x5 fit, with 1 or 2"
    return Layer(Kind.INSIDE, (window.source,), window)


def _window(graph: Graph, index: int, options: ConvolutionOptions, producers: dict[int, int]) -> Window:
    node = graph.nodes[index]
    edges = graph.required(node, 1).shape[1:3]
    pad = _pad_before(graph, node, producers) if options.padding == "VALID" else None
    source = node.inputs[0] if pad is None else graph.nodes[pad].inputs[0]
    around = ((0, 0),) * 4 if pad is None else paddings(graph, graph.nodes[pad])
    sides = []
    for axis in (0, 1):
        size, stride = graph.tensors[source].shape[1 + axis], options.stride[axis]
        slid = slide(graph.required(node, 0).shape[1 + axis], edges[axis], stride, 1, options.padding)
        output = graph.output(node).shape[1 + axis]
        sides.append(Side(size, output, edges[axis], stride, slid.before + around[1 + axis][0]))
    return Window(index, pad, source, (sides[0], sides[1]))


def _pad_before(graph: Graph, node: Node, producers: dict[int, int]) -> int | None:
    """The PAD that only this node reads, with zeros around height and width alone."""
    index = producers.get(node.inputs[0])
    if index is None or graph.nodes[index].op not in {"PAD", "PADV2"}:
        return None
    pad = graph.nodes[index]
    readers = sum(other.inputs.count(pad.outputs[0]) for other in graph.nodes) + graph.outputs.count(pad.outputs[0])
    if readers != 1 or not graph.required(pad, 1).is_constant or len(graph.output(pad).shape) != 4:
        return None
    around = paddings(graph, pad)
    alone = around[0] == around[3] == (0, 0) and not padding_value(graph, pad).any()
    return index if alone else None


def is_scalar(tensor: Tensor) -> bool:
    """Whether a constant is one value for all elements; sparse inference wants four dimensions of it."""
    return tensor.is_constant and tensor.size == 1


def _arithmetic(graph: Graph, index: int, producers: dict[int, int]) -> Layer | str:
    """ADD or MUL of two layers, or of a layer and one value for all or for each channel."""
    node, sources = graph.nodes[index], []
    for operand in node.inputs:
        tensor = graph.tensors[operand]
        if is_scalar(tensor):
            continue
        if len(tensor.shape) != 4:
            return f"{node.op} has an operand with {len(tensor.shape)} dimensions instead of 4"
        if not tensor.is_constant:
            sources.append(operand)
        elif tensor.size != tensor.shape[3]:
            return f"{node.op} has a constant of shape {tensor.shape}, which is not one value for each channel"
    return Layer(Kind.INSIDE, tuple(sources))
