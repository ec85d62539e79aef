"""Layers of several inputs: Add and its like tie channels, Concatenate lines them up."""

from __future__ import annotations

import numpy as np

from edgeprune.prune.channels.site import Barrier, Channels, Passage, Rule, Site
from edgeprune.prune.channels.structure import Arguments


def merged(site: Site) -> Channels:
    """Tie the channels of inputs that are broadcast against each other; give those of the output.

    Axes are counted from the right, as broadcasting does.  An input with a single channel is
    spread over all others, so that channel stays.
    """
    rank = len(site.output_shapes[0])
    places = [len(shape) - found.axis for shape, found in zip(site.input_shapes, site.inputs, strict=True)]
    widest = max(range(len(places)), key=lambda index: len(site.inputs[index].labels))
    from_right, labels = places[widest], site.inputs[widest].labels
    for shape, place, found in zip(site.input_shapes, places, site.inputs, strict=True):
        size = 1 if from_right > len(shape) else shape[-from_right]
        if place == from_right and len(found.labels) == len(labels):
            site.labels.unite(labels, found.labels)
        elif size == 1 and (place == from_right or len(found.labels) == 1):
            site.pin(found.labels, "it spreads this one channel over all others")
        else:
            raise Barrier("its inputs have their channels on different axes or in different numbers")
    return Channels(labels, rank - from_right)


def merge(site: Site) -> Passage:
    """Add, Multiply and the like."""
    found = merged(site)
    return site.passes(found.labels, axis=found.axis)


def concatenated(site: Site, axis: int, arguments: Arguments | None = None) -> Passage:
    """Channels of all inputs one after the other, or tied where another axis is joined."""
    if len({found.axis for found in site.inputs}) != 1:
        raise Barrier("its inputs have their channels on different axes")
    where = site.inputs[0].axis
    if axis % len(site.output_shapes[0]) == where:
        return site.passes(np.concatenate([found.labels for found in site.inputs]), axis=where, arguments=arguments)
    labels = site.inputs[0].labels
    for found in site.inputs[1:]:
        if len(found.labels) != len(labels):
            raise Barrier("its inputs have unequal channels")
        site.labels.unite(labels, found.labels)
    return site.passes(labels, axis=where, arguments=arguments)


def concatenate(site: Site) -> Passage:
    """Concatenate."""
    return concatenated(site, int(site.layer.axis))


RULES: dict[str, Rule] = {
    **dict.fromkeys(("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum"), merge),
    "CustomScaleLayer": merge,  # of InceptionResNetV2: the first input plus a fraction of the second
    "Concatenate": concatenate,
}
