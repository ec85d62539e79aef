"""Decides which groups of channels can go without a change of any output.

All groups that nothing pins are assumed to go; then each layer that reads channels
refuses those it cannot do without, until no layer refuses any.  A layer can do without

* a channel of known values, whose share of the sums goes into the bias: at every position
  where an output still varies the share must be the same, and where an output is known
  anyway it must stay what it is;
* a channel that only outputs which go themselves, or which are known, have weights for.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgeprune.optimize.constant_channels.bounds import Bounds, Values
from edgeprune.optimize.constant_channels.groups import Mask, Survey
from edgeprune.optimize.constant_channels.linear import LinearLayer

_INT32_MAX = (1 << 31) - 1


@dataclass(frozen=True, eq=False)
class Folding:
    """What becomes of a layer whose input channels go in part.

    Attributes:
        refused: Per input channel whether the layer cannot do without it.
        shares: int64 [output channels], to be added to the bias.
        settled: Per output channel whether it is known wherever it is, so that it needs no inputs at all.
    """

    refused: Mask
    shares: Values
    settled: Mask


def gone_channels(survey: Survey, multiple: int = 1) -> tuple[Mask, ...]:
    """Per tensor the channels (indices of the last axis) that can go, all of them together.

    Args:
        survey: What is known of the graph.
        multiple: Of how many channels layers with weights shall have a multiple left, where they
            had so many; kernels may be faster then.
    """
    goes = ~survey.pinned
    while _refuse(survey, goes) or _keep_one(survey, goes) or _round_up(survey, goes, multiple):
        pass
    return tuple(goes[group] for group in survey.group)


def _refuse(survey: Survey, goes: Mask) -> bool:
    """Take from `goes` what some layer cannot do without; returns whether there was anything.

    The last layer is asked first: which outputs go decides what a layer needs.
    """
    before = int(goes.sum())
    for index, layer in reversed(survey.layers.items()):
        if layer.mixes:
            refused = fold(survey, index, layer, goes).refused
            goes[survey.group[survey.graph.nodes[index].inputs[0]][refused]] = False
    return int(goes.sum()) < before


def _keep_one(survey: Survey, goes: Mask) -> bool:
    """Leave a channel to the last tensor that would lose all; returns whether there is one."""
    for tensor in reversed(range(len(survey.group))):
        group = survey.group[tensor]
        if len(group) and goes[group].all():
            _keep(survey, goes, tensor, 1)
            return True
    return False


def _round_up(survey: Survey, goes: Mask, multiple: int) -> bool:
    """Leave each layer with weights a multiple of channels; returns whether some had fewer."""
    before = int(goes.sum())
    for index in survey.layers:
        output = survey.graph.nodes[index].outputs[0]
        group = survey.group[output]
        left = int((~goes[group]).sum())
        _keep(survey, goes, output, min(-(-left // multiple) * multiple, len(group)) - left)
    return int(goes.sum()) < before


def _keep(survey: Survey, goes: Mask, tensor: int, count: int) -> None:
    """Keep so many channels more of a tensor: known ones first, which need no inputs."""
    group = survey.group[tensor]
    known = survey.bounds_of(tensor).uniform
    candidates = [np.flatnonzero(goes[group] & chosen) for chosen in (known, ~known)]
    goes[group[np.concatenate(candidates)[:count]]] = False


def fold(survey: Survey, index: int, layer: LinearLayer, goes: Mask) -> Folding:
    """What becomes of layer `index` when the groups in `goes` go."""
    node = survey.graph.nodes[index]
    source, output = survey.bounds_of(node.inputs[0]), survey.bounds_of(node.outputs[0])
    leaving = goes[survey.group[node.inputs[0]]]
    settled = output.uniform
    reads = (layer.weights != 0).any(axis=1) & ~(settled | goes[survey.group[node.outputs[0]]])[:, np.newaxis]
    needed = leaving & reads.any(axis=0)
    refused = needed & ~source.constant
    candidates = np.flatnonzero(needed & source.constant)
    open_ = np.flatnonzero(reads.any(axis=1))
    shares = np.zeros(len(layer.weights), np.int64)
    if len(candidates) and len(open_):
        fits, total = _fold_known(layer, source, candidates, open_)
        refused[candidates[~fits]] = True
        shares[open_] = total
    return Folding(refused, shares, settled)


def _fold_known(layer: LinearLayer, source: Bounds, candidates: Values, outputs: Values) -> tuple[Mask, Values]:
    """Which input channels of known values can be folded, and what they add to the outputs' sums."""
    sums = layer.sums(source)
    found = layer.outputs(sums)
    varies = (found.low != found.high)[:, outputs]
    at = _representative(varies, layer.output_shape)
    shares = [layer.share(source.low[..., c], c)[:, outputs] for c in candidates]
    folded = np.stack([np.broadcast_to(s, varies.shape)[at, np.arange(len(outputs))] for s in shares])
    fits = np.array([not ((s != f) & varies).any() for s, f in zip(shares, folded, strict=True)])
    while True:
        total = folded[fits].sum(axis=0)
        change = np.zeros(varies.shape, np.int64) + total
        for index in np.flatnonzero(fits):
            change -= shares[index]
        # Where a sum moves, the output must be what it was for all that lies between old and new.
        low, high = sums.low.copy(), sums.high.copy()
        low[:, outputs] += np.minimum(change, 0)
        high[:, outputs] += np.maximum(change, 0)
        moved = layer.outputs(Bounds(low, high))
        wrong = ((change != 0) & (moved.low != moved.high)[:, outputs]).any(axis=0)
        wrong |= (total != 0) & (np.abs(layer.bias[outputs] + total) > _INT32_MAX)
        if not wrong.any():
            return fits, total
        fits &= np.array([not s[:, wrong].any() for s in shares])


def _representative(varies: Mask, output_shape: tuple[int, ...]) -> Values:
    """Per output a position where it varies, else the middle one."""
    extents = output_shape[:-1]
    middle = int(np.ravel_multi_index([extent // 2 for extent in extents], extents)) if extents else 0
    return np.where(varies.any(axis=0), varies.argmax(axis=0), middle)
