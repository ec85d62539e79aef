"""Normalisation and layers with one weight per channel."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgeprune.prune.channels.site import Barrier, Passage, Rule, Site, sized, trailing
from edgeprune.prune.channels.structure import Keep, LabelArray


def _axes(site: Site) -> list[int]:
    """The layer's `axis`, as a list counted from the batch axis."""
    rank = len(site.input_shapes[0])
    axis = site.layer.axis
    return [int(a) % rank for a in (axis if isinstance(axis, (list, tuple)) or hasattr(axis, "__len__") else [axis])]


def _weighted(site: Site, labels: LabelArray) -> Passage:
    """One entry per channel on the last axis of each weight."""
    if any(int(w.shape[-1]) != len(labels) for w in site.layer.weights):
        raise Barrier("its weights have another size than its channels")
    for index, weight in enumerate(site.layer.weights):
        site.tie(labels, index, len(weight.shape) - 1)
    return site.passes(labels, tuple(trailing(len(w.shape), labels) for w in site.layer.weights))


def per_channel_weights(site: Site) -> Passage:
    """BatchNormalization and PReLU."""
    labels = site.last()
    if hasattr(site.layer, "axis") and _axes(site) != [len(site.input_shapes[0]) - 1]:
        raise Barrier(f"it normalises axis {site.layer.axis}, not the channels")
    return _weighted(site, labels)


def layer_scale(site: Site) -> Passage:
    """ConvNeXt's LayerScale: a factor per channel, its size in the configuration."""
    labels = site.consumed(0, 0)
    return site.passes(labels, (trailing(1, labels),), resize=sized("projection_dim", labels))


def layer_normalization(site: Site) -> Passage:
    """LayerNormalization: exact only where it normalises other axes than the channels."""
    channels = site.inputs[0]
    if channels.axis in _axes(site):
        raise Barrier("it normalises over all its channels, so each depends on all others")
    return site.passes(channels.labels, axis=channels.axis)


def group_normalization(site: Site) -> Passage:
    """GroupNormalization: whole groups can go, and with one channel per group each by itself."""
    labels = site.last()
    if _axes(site) != [len(site.input_shapes[0]) - 1]:
        raise Barrier(f"it normalises axis {site.layer.axis}, not the channels")
    groups = len(labels) if site.layer.groups == -1 else int(site.layer.groups)
    if groups == 1:
        raise Barrier("it normalises over all its channels, so each depends on all others")
    by_group = labels.reshape(groups, -1)
    first = np.array(by_group[:, 0])
    for column in range(1, by_group.shape[1]):
        site.labels.unite(first, np.array(by_group[:, column]))
    passage = _weighted(site, labels)

    def resize(config: dict[str, Any], keep: Keep) -> dict[str, Any]:
        return {**config, "groups": int(np.count_nonzero(keep[first]))}

    weights = passage.layer.weights
    return site.passes(labels, weights, resize=resize)


RULES: dict[str, Rule] = {
    "BatchNormalization": per_channel_weights,
    "SyncBatchNormalization": per_channel_weights,
    "PReLU": per_channel_weights,
    "LayerScale": layer_scale,
    "LayerNormalization": layer_normalization,
    "UnitNormalization": layer_normalization,
    "GroupNormalization": group_normalization,
}
