"""Layers that only move elements: Flatten, Reshape, Permute."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgeprune.prune.channels.site import Barrier, Channels, Passage, Rule, Shape, Site, along, locate
from edgeprune.prune.channels.structure import Keep, LabelArray, kept_size


def spread(channels: Channels, shape: Shape) -> LabelArray:
    """The label of every element of one example, int64 [1, ...]."""
    if None in shape[1:]:
        raise Barrier("it reshapes a tensor of open size")
    whole = (1, *(int(n or 1) for n in shape[1:]))
    return np.array(np.broadcast_to(along(channels.labels, channels.axis, len(whole)), whole))


def reshaped(site: Site) -> Channels:
    """Where the channels of the first input lie after its elements were laid out in the output's shape.

    Where no single axis holds them, the channels that share a position of the new last axis
    are tied: then a position goes from all rows at once, as a Dense layer's units do that
    become a feature map, or the groups of a channel shuffle.
    """
    elements = spread(site.inputs[0], site.input_shapes[0])
    target = site.output_shapes[0]
    if None in target[1:]:
        raise Barrier("it reshapes to an open size")
    found = elements.reshape((1, *(int(n or 1) for n in target[1:])))
    place = locate(found)
    if place is None:
        rows = found.reshape(-1, found.shape[-1])
        distinct = np.unique(rows, axis=0)
        for row in distinct[1:]:
            site.labels.unite(distinct[0], row)
        place = Channels(np.array(distinct[0]), found.ndim - 1)
    if site.known is not None:
        site.labels.unite(place.labels, site.known.outputs)
    return place


def flatten(site: Site) -> Passage:
    """Flatten: each position keeps its channel's label."""
    return site.passes(reshaped(site).labels)


def reshape(site: Site) -> Passage:
    """Reshape: the new shape follows the channels that stay."""
    place = reshaped(site)
    target = [int(n or 1) for n in site.output_shapes[0][1:]]

    def resize(config: dict[str, Any], keep: Keep) -> dict[str, Any]:
        shape = [*target]
        shape[place.axis - 1] = kept_size(place.labels, len(place.labels), keep)
        return {**config, "target_shape": tuple(shape)}

    return site.passes(place.labels, axis=place.axis, resize=resize)


def permute(site: Site) -> Passage:
    """Permute: the channels move to another axis."""
    axis = [0, *site.layer.dims].index(site.inputs[0].axis)
    return site.passes(site.inputs[0].labels, axis=axis)


RULES: dict[str, Rule] = {"Flatten": flatten, "Reshape": reshape, "Permute": permute}
