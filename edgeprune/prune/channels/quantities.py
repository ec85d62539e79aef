"""What a budget can limit, as functions of how many channels each group keeps.

Multiply-accumulates, parameters and channels are counted.  Flash and SRAM are what the compiler's
int8 firmware needs for weights and activations, and cycles are the planner's own prices; these
three are estimates, which building and measuring the model replaces.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from edgeprune.errors import TargetError, UserError
from edgeprune.models.functional import Call, calls
from edgeprune.plan.price import Kind, LayerShape, price
from edgeprune.prune.channels.cost import Cost
from edgeprune.prune.channels.extents import Extents, ExtentsBuilder, Sizes
from edgeprune.prune.channels.structure import LabelArray, Structure
from edgeprune.targets import McuTarget, load_target

#: int32 bias, multiplier and shift of one output channel.
_CHANNEL_BYTES = 12
#: Of layers whose kernels have no price by shape, cycles per multiply-accumulate.
_OTHER_CYCLES = 4.0
#: Layers whose output takes the place of their input, or that the converter folds into the layer before.
_IN_PLACE = frozenset(
    {
        "BatchNormalization",
        "Activation",
        "ReLU",
        "LeakyReLU",
        "ELU",
        "Softmax",
        "Dropout",
        "SpatialDropout2D",
        "Flatten",
        "Reshape",
        "GaussianNoise",
        "ActivityRegularization",
        "TFOpLambda",
    }
)
_POOLS = {
    "GlobalAveragePooling1D": Kind.MEAN,
    "GlobalAveragePooling2D": Kind.MEAN,
    "MaxPooling1D": Kind.LARGEST,
    "MaxPooling2D": Kind.LARGEST,
    "AveragePooling1D": Kind.AVERAGE,
    "AveragePooling2D": Kind.AVERAGE,
}
_PRICED = frozenset({"Conv1D", "Conv2D", "DepthwiseConv2D", "Dense", "SeparableConv2D"})


class Quantity(enum.Enum):
    """What is limited."""

    MACS = "macs"
    PARAMETERS = "parameters"
    CHANNELS = "channels"
    FLASH = "flash"
    SRAM = "sram"
    CYCLES = "cycles"

    @property
    def unit(self) -> str:
        """For messages."""
        return {
            Quantity.MACS: "multiply-accumulates",
            Quantity.FLASH: "B of flash",
            Quantity.SRAM: "B of SRAM",
        }.get(self, self.value)


#: The amount of a quantity at given sizes.
Measure = Callable[[Sizes], float]


def measure(quantity: Quantity, model: Any, structure: Structure, target: str | None) -> Measure:
    """How much of a quantity a flat functional tf-keras model needs at given sizes of its removable groups.

    Raises:
        UserError: Cycles are asked for without a target, or with one that is no microcontroller.
        TargetError: The target does not exist, or cannot run the model's kinds of layers.
    """
    if quantity is Quantity.CHANNELS:
        return lambda sizes: float(np.sum(sizes))
    if quantity is Quantity.SRAM:
        return _sram(model, structure)
    if quantity is Quantity.CYCLES:
        return _cycles(model, structure, _microcontroller(target))
    weights = _Weights.of(model, structure)
    return {
        Quantity.MACS: lambda sizes: float(weights.elements(sizes) @ weights.uses),
        Quantity.PARAMETERS: lambda sizes: float(weights.elements(sizes).sum()),
        Quantity.FLASH: lambda sizes: float(
            weights.elements(sizes) @ weights.kernel + _CHANNEL_BYTES * (weights.outputs(sizes) @ weights.kernel)
        ),
    }[quantity]


def _microcontroller(name: str | None) -> McuTarget:
    if name is None:
        raise UserError("a budget or an allocation by cycles needs a target; give one, such as target = 'cortex-m4'")
    target = load_target(name)
    if not isinstance(target, McuTarget):
        raise TargetError(f"{target.name} has no cycle estimates; choose a microcontroller, such as cortex-m4")
    return target


@dataclass(frozen=True, eq=False)
class _Weights:
    """All weights of a model.

    Attributes:
        extents: Lengths of all their axes.
        axes: Numbers of the axes per weight, padded with that of an axis of length 1, int64 [weights, most axes].
        uses: How often an inference multiplies by all of a weight; 0 for what is no kernel, float64 [weights].
        kernel: 1 for the weights that the quantized model stores, which is kernels and tables; float64 [weights].
        last: Number of the axis that counts a weight's output channels, int64 [weights].
    """

    extents: Extents
    axes: npt.NDArray[np.int64]
    uses: npt.NDArray[np.float64]
    kernel: npt.NDArray[np.float64]
    last: npt.NDArray[np.int64]

    def elements(self, sizes: Sizes) -> npt.NDArray[np.float64]:
        """Values per weight."""
        product: npt.NDArray[np.float64] = self.extents.lengths(sizes)[self.axes].prod(axis=1)
        return product

    def outputs(self, sizes: Sizes) -> npt.NDArray[np.float64]:
        """Output channels per weight."""
        return self.extents.lengths(sizes)[self.last]

    @staticmethod
    def of(model: Any, structure: Structure) -> _Weights:
        builder = ExtentsBuilder(structure)
        one = builder.axis(None, 1)
        counted = Cost.of(model, structure).weights
        rows = [[builder.axis(ls, full) for ls, full in zip(w.axes, w.shape, strict=True)] for w in counted]
        most = max((len(row) for row in rows), default=1)
        padded = np.array([row + [one] * (most - len(row)) for row in rows], np.int64).reshape(-1, most)
        last = np.array([row[-1] if row else one for row in rows], np.int64)
        uses = np.array([w.uses for w in counted], np.float64)
        kernel = np.array([len(w.shape) > 1 for w in counted], np.float64)
        return _Weights(builder.build(), padded, uses, kernel, last)


def _sram(model: Any, structure: Structure) -> Measure:
    """Bytes of all int8 tensors alive at the busiest moment; what is computed in place counts once."""
    builder = ExtentsBuilder(structure)
    own: dict[int, int] = {}  # tensor of Keras -> number of its buffer
    axes: list[int] = []
    positions: list[float] = []
    spans: list[list[int]] = []
    order = list(calls(model))
    for moment, call in enumerate(order):
        for tensor in call.inputs:
            spans[own[id(tensor)]][1] = moment
        known = structure.layers.get(call.layer.name)
        for tensor in call.outputs:
            if type(call.layer).__name__ in _IN_PLACE and call.inputs:
                own[id(tensor)] = own[id(call.inputs[0])]
                spans[own[id(tensor)]][1] = moment
                continue
            own[id(tensor)] = len(axes)
            axes.append(builder.axis(known.outputs if known is not None else None, int(tensor.shape[-1] or 1)))
            positions.append(float(math.prod(n or 1 for n in tensor.shape[1:-1])))
            spans.append([moment, moment])
    for tensor in model.outputs:
        spans[own[id(tensor)]][1] = len(order)
    moments = np.arange(len(order) + 1)[:, None]
    first, last = np.array(spans).T
    alive = ((first <= moments) & (moments <= last)).astype(np.float64) * np.array(positions)
    extents, numbers = builder.build(), np.array(axes, np.int64)
    return lambda sizes: float((alive @ extents.lengths(sizes)[numbers]).max())


@dataclass(frozen=True)
class _Priced:
    """A layer whose price follows from its input and output channels.

    Attributes:
        shape: The layer; its channel counts are those of the whole model.
        source, result: Numbers of the axes that count its channels.
    """

    shape: LayerShape
    source: int
    result: int

    def at(self, lengths: npt.NDArray[np.float64]) -> LayerShape:
        """The layer with these lengths of axes."""
        given, made = max(1, round(float(lengths[self.source]))), max(1, round(float(lengths[self.result])))
        shape = self.shape
        return LayerShape(
            shape.kind, (*shape.source[:2], given), (*shape.result[:2], made),
            shape.window, shape.stride, shape.dilation, shape.same,
        )  # fmt: skip


def _cycles(model: Any, structure: Structure, target: McuTarget) -> Measure:
    """The planner's cycles of all layers that it has prices for, and an average for the other multiplications."""
    builder = ExtentsBuilder(structure)
    priced: list[_Priced] = []
    covered: set[str] = set()
    for call in calls(model):
        found = _priced(call, structure, builder)
        priced += found
        if found:
            covered.add(call.layer.name)
    extents, weights = builder.build(), _Weights.of(model, structure)
    unpriced = np.array([weight.layer not in covered for weight in Cost.of(model, structure).weights])
    others = unpriced * weights.uses * _OTHER_CYCLES

    def cycles(sizes: Sizes) -> float:
        lengths = extents.lengths(sizes)
        return sum(price(layer.at(lengths), target) for layer in priced) + float(weights.elements(sizes) @ others)

    return cycles


def _priced(call: Call, structure: Structure, builder: ExtentsBuilder) -> list[_Priced]:
    """The priced layers that a call of a Keras layer becomes; none where its kind has no price."""
    kind, known = type(call.layer).__name__, structure.layers.get(call.layer.name)
    if known is None or not call.inputs:
        return []
    source, result = _plane(call.inputs[0].shape), _plane(call.outputs[0].shape)
    made = builder.axis(known.outputs, result[2])
    if kind == "Add":
        return [_Priced(LayerShape(Kind.SUM, source, result), made, made)] * (len(call.inputs) - 1)
    if kind in _POOLS:
        return [_Priced(_pool(call.layer, _POOLS[kind], source, result), made, made)]
    if kind not in _PRICED or not call.layer.weights:
        return []
    kernel = call.layer.weights[0].shape
    labels = known.weights[0].axes[-2] if known.weights else None
    taken = builder.axis(labels, int(kernel[-2]))
    if kind == "Dense":
        one_row = len(call.inputs[0].shape) == 2
        return [_Priced(LayerShape(Kind.DENSE if one_row else Kind.CONVOLUTION, source, result), taken, made)]
    return _convolutions(call, labels, taken, made, builder)


def _pool(layer: Any, kind: Kind, source: tuple[int, int, int], result: tuple[int, int, int]) -> LayerShape:
    if kind is Kind.MEAN:
        return LayerShape(kind, source, (1, 1, result[2]))
    return LayerShape(kind, source, result, _pair(layer.pool_size), _pair(layer.strides), same=layer.padding == "same")


def _convolutions(
    call: Call, labels: LabelArray | None, taken: int, made: int, builder: ExtentsBuilder
) -> list[_Priced]:
    """A plain, depthwise or separable convolution with the axes of its input and output channels."""
    layer = call.layer
    source, result = _plane(call.inputs[0].shape), _plane(call.outputs[0].shape)
    form = (_pair(layer.kernel_size), _pair(layer.strides), _pair(layer.dilation_rate), layer.padding == "same")
    if type(layer).__name__ in ("Conv1D", "Conv2D"):
        return [_Priced(LayerShape(Kind.CONVOLUTION, source, result, *form), taken, made)]
    times = layer.depth_multiplier
    middle = (*result[:2], source[2] * times)
    widened = builder.axis(None if labels is None else np.repeat(labels, times), middle[2])
    own = _Priced(LayerShape(Kind.DEPTHWISE, source, middle, *form), taken, widened)
    if type(layer).__name__ == "DepthwiseConv2D":
        return [own]
    return [own, _Priced(LayerShape(Kind.CONVOLUTION, middle, result), widened, made)]


def _plane(shape: Sequence[int | None]) -> tuple[int, int, int]:
    """A tensor's [height, width, channels] without the batch; a sequence has the height 1."""
    inner = [n or 1 for n in shape[1:]]
    height, width = (inner[0], inner[1]) if len(inner) > 2 else (1, inner[0] if len(inner) > 1 else 1)
    return height, width, inner[-1]


def _pair(value: Sequence[int]) -> tuple[int, int]:
    """(vertical, horizontal) of a setting that one-dimensional layers have once."""
    return (1, int(value[0])) if len(value) == 1 else (int(value[0]), int(value[1]))
