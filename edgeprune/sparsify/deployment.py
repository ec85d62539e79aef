"""From a .tflite file with zeros in its weights to one whose zeros make it faster on a phone, or the reason why not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgeprune import ops
from edgeprune.build import SparseEntry
from edgeprune.compact.interpreter import Array, Kernels, Runner
from edgeprune.compact.verify import probes
from edgeprune.errors import VerificationError
from edgeprune.graph import DType, Graph
from edgeprune.sparsify.encoding import encoded
from edgeprune.sparsify.part import Blocker, Part, parts_of
from edgeprune.sparsify.rewrite import rewritten
from edgeprune.targets import PhoneTarget, Target
from edgeprune.tflite import TfliteModel
from edgeprune.tflite.flatbuffer import unpacked
from edgeprune.tflite.sparse import is_sparse

#: XNNPACK runs a part sparsely where more than this share of its 1x1 weights is zero.
ZEROS = 2 / 3
_ALREADY = "it is in the sparse encoding already"
#: From this share of zeros on a layer counts as pruned by zeros.
_PATTERN = 0.1
#: Instructions of sparse kernels per value, relative to dense ones, by how many outputs share their
#: zeros: from counts of MobileNetV1 at 80 and 90 % on an emulated Cortex-A76.
_COST_OF_A_VALUE = {4: 1.8, 1: 3.3}
#: Sums of floats depend on their order; relative to the largest output.
_TOLERANCE = 1e-5
_INPUTS = 4


@dataclass(frozen=True)
class SparseLayer:
    """A 1x1 convolution in the sparse encoding.

    Attributes:
        name: Of the layer, as in the source's graph.
        zeros: Share of its weights.
        block: Outputs whose zeros come together: 4, which is fastest, or 1.
        bytes_before, bytes_after: Of its weights in the file.
    """

    name: str
    zeros: float
    block: int
    bytes_before: int
    bytes_after: int


@dataclass(frozen=True)
class Sparse:
    """A file for sparse inference.

    Attributes:
        model: The file; the source itself where nothing could be done.
        layers: What is in the sparse encoding; empty where nothing is.
        zeros: Share of the weights that layers multiply by.
        error: The largest difference of an output, relative to the largest output.
        blockers: Layers that keep other parts from it, where these have enough zeros.
        reason: Why nothing, or not everything, could be done; empty where everything was.
    """

    model: TfliteModel
    layers: tuple[SparseLayer, ...]
    zeros: float
    error: float
    blockers: tuple[Blocker, ...]
    reason: str


def sparse(source: TfliteModel) -> Sparse:
    """Bring what sparse inference can run into the form that it takes, where it pays.

    Raises:
        ModelError: LiteRT cannot run the file.
        VerificationError: outputs differ by more than sums of floats in another order do, which would be a bug.
    """
    share = _zeros(source.graph)
    reason = _ALREADY if is_sparse(unpacked(source.content)) else _size_only(source.graph, share)
    if reason:
        return Sparse(source, (), share, 0.0, (), reason)
    parts = parts_of(source.graph)
    ready = tuple(part for part in parts if not part.blockers and _runs(part) and _time(source.graph, part) < 1)
    blocked = tuple(blocker for part in parts for blocker in part.blockers)
    reason = _reason(parts, ready, share)
    if not ready:
        return Sparse(source, (), share, 0.0, blocked, reason)
    model, chosen = rewritten(source, ready)
    error = _difference(source, model, ready)
    layers = tuple(
        SparseLayer(
            name=source.graph.layer_name(layer.node),
            zeros=layer.zeros / layer.size,
            block=chosen[layer.node].block,
            bytes_before=source.graph.tensors[layer.weights].nbytes,
            bytes_after=chosen[layer.node].nbytes,
        )
        for part in ready
        for layer in part.pointwise
        if layer.node in chosen
    )
    return Sparse(model, layers, share, error, blocked, reason)


def deployable(source: TfliteModel, target: Target) -> tuple[TfliteModel, SparseEntry | None]:
    """The file to deploy to `target`: for a phone the one for sparse inference, where that pays.

    Raises:
        ModelError, VerificationError: as `sparse`.
    """
    if not isinstance(target, PhoneTarget):
        return source, None
    result = sparse(source)
    names = tuple(layer.name for layer in result.layers)
    return result.model, SparseEntry(zeros=result.zeros, layers=names, error=result.error, reason=result.reason)


def _zeros(graph: Graph) -> float:
    """Share of zeros among the constants that layers multiply by."""
    total = zeros = 0
    for node in graph.nodes:
        if not ops.layer_macs(graph, node) or len(node.inputs) < 2:
            continue
        tensor = graph.required(node, 1)
        if tensor.data is None:  # of fp16, which DEQUANTIZE widens
            maker = next((other for other in graph.nodes if node.inputs[1] in other.outputs), None)
            tensor = graph.required(maker, 0) if maker is not None else tensor
        if tensor.data is not None and len(tensor.shape) > 1:
            total += tensor.size
            zeros += tensor.size - int(np.count_nonzero(tensor.data))
    return zeros / total if total else 0.0


def _size_only(graph: Graph, share: float) -> str:
    """Why zeros cannot save time whatever their pattern; empty where they could."""
    if share < _PATTERN:
        return f"only {share:.1%} of the weights are zero, so there is no pattern to use"
    integers = {t.dtype.value for t in graph.input_tensors() + graph.output_tensors()} | {
        graph.output(node).dtype.value for node in graph.nodes if ops.layer_macs(graph, node)
    }
    if integers & {DType.INT8.value, DType.INT16.value}:
        return (
            f"{share:.1%} zeros, size only: XNNPACK has no sparse kernels for integers; convert to float16 to use them"
        )
    if graph.states:
        return f"{share:.1%} zeros, size only: the model keeps states, and sparse inference runs none that does"
    return ""


def _runs(part: Part) -> bool:
    """Whether XNNPACK finds enough zeros to run the part sparsely."""
    return part.zeros * 3 > part.weights * 2


def _time(graph: Graph, part: Part) -> float:
    """What the part's 1x1 convolutions take in sparse inference, relative to what they take without."""
    dense = taken = 0.0
    for layer in part.pointwise:
        macs = ops.layer_macs(graph, graph.nodes[layer.node])
        block = encoded(graph.tensors[layer.weights].constant()).block
        dense += macs
        taken += macs * (1 - layer.zeros / layer.size) * _COST_OF_A_VALUE[block]
    return taken / dense if dense else 1.0


def _reason(parts: tuple[Part, ...], ready: tuple[Part, ...], share: float) -> str:
    """Why not everything is sparse."""
    if not parts:
        return f"{share:.1%} zeros, size only: sparse inference ends with a mean over height and width; there is none"
    blockers = [part.blockers[0] for part in sorted(parts, key=lambda part: -part.weights) if part.blockers]
    if blockers:
        blocked = blockers[0]
        return f"{blocked.layer} keeps a part of the network from sparse inference: {blocked.reason}"
    if not any(part.weights for part in parts):
        return f"{share:.1%} zeros, size only: they are in no 1x1 convolution before a mean"
    slow = [part for part in parts if part not in ready and part.weights]
    few = [part for part in slow if not _runs(part)]
    if few:
        found = sum(p.zeros for p in few) / sum(p.weights for p in few)
        return f"{found:.1%} of the 1x1 weights are zero, size only: XNNPACK uses zeros from more than {ZEROS:.1%} on"
    if slow:
        return (
            f"{share:.1%} zeros, size only: they do not lie where most is multiplied, or not in blocks of four "
            "outputs, so sparse kernels would take longer than dense ones"
        )
    return ""


def _difference(source: TfliteModel, model: TfliteModel, parts: tuple[Part, ...]) -> float:
    """The largest relative difference of outputs with XNNPACK, and of them and the ends of parts without.

    The ends count too since a network may say the same whatever they are.
    """
    largest = 0.0
    ends = [source.graph.nodes[part.end].outputs[0] for part in parts]  # numbers of tensors stay
    for kernels, inside in ((Kernels.DEFAULT, ()), (Kernels.OPTIMIZED, ends)):
        before, after = (Runner(file, kernels, keep_all=bool(inside)) for file in (source, model))
        for arrays in probes(source.graph.input_tensors(), _INPUTS):
            pairs = [*zip(before.run(arrays), after.run(arrays), strict=True)]
            pairs += [(before.value(tensor), after.value(tensor)) for tensor in inside]
            largest = max(largest, *(_relative(wanted, found) for wanted, found in pairs))
    if not largest <= _TOLERANCE:
        raise VerificationError(
            f"the file for sparse inference computes outputs that differ by {largest:.1e} of the largest, more than "
            f"{_TOLERANCE:.0e}; nothing was written, please report the model"
        )
    return largest


def _relative(wanted: Array, found: Array) -> float:
    first, second = wanted.astype(np.float64), found.astype(np.float64)
    scale = max(float(np.abs(first).max(initial=0.0)), float(np.finfo(np.float32).tiny))
    return float(np.abs(first - second).max(initial=0.0)) / scale
