"""Layers with kernels: convolutions of all kinds, Dense, Embedding."""

from __future__ import annotations

import numpy as np

from edgeprune.prune.channels.rules.activations import pin_activated
from edgeprune.prune.channels.site import Passage, Rule, Site, positions, sized, trailing
from edgeprune.prune.channels.structure import LabelArray, WeightAxes


def _kernel(site: Site, key: str, kernel: WeightAxes, produced: LabelArray, count: int) -> Passage:
    """A layer whose first weight is a kernel, with an optional bias; `count` applications per inference."""
    pin_activated(site, produced)
    weights = (kernel, *(WeightAxes((produced,)) for _ in site.layer.weights[1:]))
    return site.passes(produced, weights, produces=True, positions=count, resize=sized(key, produced))


def convolution(site: Site) -> Passage:
    """Conv1D, Conv2D and Conv3D.

    In a convolution in groups the same channels go from every group, so that the groups stay equal.
    """
    shape = site.layer.weights[0].shape
    rank, groups = len(shape), int(site.layer.groups)
    produced = site.produced(int(shape[-1]))
    consumed = site.last()
    if groups > 1:
        consumed = _equal_groups(site, consumed, groups)
        _equal_groups(site, produced, groups)
    site.tie(consumed, 0, rank - 2)
    return _kernel(site, "filters", trailing(rank, produced, consumed), produced, site.positions)


def _equal_groups(site: Site, labels: LabelArray, groups: int) -> LabelArray:
    """Tie the channels at equal places of all groups; give those of the first."""
    by_group = labels.reshape(groups, -1)
    for group in by_group[1:]:
        site.labels.unite(by_group[0], group)
    return np.array(by_group[0])


def transposed_convolution(site: Site) -> Passage:
    """Conv2DTranspose and its like: their kernels hold the output channels before the input channels."""
    shape = site.layer.weights[0].shape
    consumed, produced = site.consumed(0, len(shape) - 1), site.produced(int(shape[-2]))
    kernel = trailing(len(shape), consumed, produced)
    return _kernel(site, "filters", kernel, produced, positions(site.input_shapes[0]))


def dense(site: Site) -> Passage:
    """Dense."""
    consumed, produced = site.consumed(0, 0), site.produced(int(site.layer.weights[0].shape[1]))
    return _kernel(site, "units", WeightAxes((consumed, produced)), produced, site.positions)


def depthwise(site: Site) -> Passage:
    """DepthwiseConv1D and 2D: an input channel goes with all the outputs its multiplier makes of it."""
    rank = len(site.layer.weights[0].shape)
    labels = site.consumed(0, rank - 2)
    outputs = np.repeat(labels, site.layer.depth_multiplier)
    pin_activated(site, outputs)
    weights = (trailing(rank, None, labels), *(WeightAxes((outputs,)) for _ in site.layer.weights[1:]))
    return site.passes(outputs, weights)


def separable(site: Site) -> Passage:
    """SeparableConv1D and 2D: a depthwise kernel, a pointwise kernel and an optional bias."""
    rank = len(site.layer.weights[0].shape)
    consumed, produced = site.consumed(0, rank - 2), site.produced(int(site.layer.weights[1].shape[-1]))
    pin_activated(site, produced)
    weights = (
        trailing(rank, None, consumed),
        trailing(rank, produced, np.repeat(consumed, site.layer.depth_multiplier)),
        *(WeightAxes((produced,)) for _ in site.layer.weights[2:]),
    )
    return site.passes(produced, weights, produces=True, resize=sized("filters", produced))


def embedding(site: Site) -> Passage:
    """Embedding: each column of its table is a channel."""
    produced = site.produced(int(site.layer.output_dim))
    weights = (WeightAxes((None, produced)),)
    return site.passes(produced, weights, produces=True, positions=0, resize=sized("output_dim", produced))


RULES: dict[str, Rule] = {
    **dict.fromkeys(("Conv1D", "Conv2D", "Conv3D"), convolution),
    **dict.fromkeys(("Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose"), transposed_convolution),
    "Dense": dense,
    **dict.fromkeys(("DepthwiseConv1D", "DepthwiseConv2D"), depthwise),
    **dict.fromkeys(("SeparableConv1D", "SeparableConv2D"), separable),
    "Embedding": embedding,
}
