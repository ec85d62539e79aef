"""A .tflite file without the channels that are constant for every input, or that nothing reads."""

from __future__ import annotations

from dataclasses import dataclass

from edgeprune.compact.verify import assert_same_outputs, macs
from edgeprune.graph import DType, Graph
from edgeprune.optimize import Removal, remove_constant_channels
from edgeprune.optimize.dead import remove_dead_nodes
from edgeprune.tflite import TfliteModel, rewritten


@dataclass(frozen=True)
class Lossless:
    """A file whose outputs are those of its source for every input.

    Attributes:
        model: The smaller file; the source itself where nothing could go.
        removals: What each layer lost, and what is constant in it but had to stay.
        macs_before, macs_after: Multiply-accumulates of one inference.
        bytes_before, bytes_after: Of the files.
        inputs_compared: On how many inputs both were run side by side, with each kind of kernels.
        reason: Why nothing went; empty where something did.
    """

    model: TfliteModel
    removals: tuple[Removal, ...]
    macs_before: int
    macs_after: int
    bytes_before: int
    bytes_after: int
    inputs_compared: int
    reason: str


def lossless(source: TfliteModel) -> Lossless:
    """Remove what no output depends on, for the shapes that the file states.

    Bounds are proved for all kernels that run .tflite files, so that it holds on a phone too.

    Raises:
        ModelError: LiteRT cannot run the file.
        VerificationError: outputs differ, which would be a bug.
    """
    alive = remove_dead_nodes(source.graph)
    reduced, removals = remove_constant_channels(alive, any_kernel=True)
    result = source
    if reduced is not alive or len(alive.nodes) < len(source.graph.nodes):
        smaller = rewritten(source, reduced)
        result = smaller if len(smaller.content) < len(source.content) else source
    compared = 0 if result is source else assert_same_outputs(source, result)
    return Lossless(
        model=result,
        removals=removals,
        macs_before=macs(source.graph),
        macs_after=macs(result.graph),
        bytes_before=len(source.content),
        bytes_after=len(result.content),
        inputs_compared=compared,
        reason=_reason(source.graph, removals) if result is source else "",
    )


def _reason(graph: Graph, removals: tuple[Removal, ...]) -> str:
    """Why all had to stay."""
    computed = [graph.tensors[index] for node in graph.nodes for index in node.outputs if index >= 0]
    quantized = sum(tensor.dtype is DType.INT8 for tensor in computed)
    if not quantized:
        return (
            "no layer computes int8; sums of floats depend on their order, so no channel can go without a change "
            "of some last bit"
        )
    constant = sum(removal.constant for removal in removals)
    if constant:
        return (
            f"{constant} channels are constant, but each is read where its share is not the same everywhere, "
            "or is the last of its layer"
        )
    return f"each channel of the {quantized} int8 tensors depends on the input, as far as bounds can tell"
