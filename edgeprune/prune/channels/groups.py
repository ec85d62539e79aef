"""Dependency groups: which channels of a model can only be removed together, and which must stay."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from edgeprune.models.functional import Call, calls
from edgeprune.prune.channels.rules import rule_for
from edgeprune.prune.channels.site import Barrier, Channels, Passage, Site
from edgeprune.prune.channels.structure import (
    Group,
    LabelArray,
    Labels,
    LayerBarrier,
    LayerChannels,
    Structure,
)


def analyse(model: Any) -> Structure:
    """Find the dependency groups of a flat functional tf-keras model.

    Model inputs and outputs, and layers without a rule, are barriers: channels that
    touch them stay, and the group carries the reason.

    Raises:
        ModelError: The model has no layer graph.
    """
    labels = Labels()
    of_tensor: dict[int, Channels] = {}
    layers: dict[str, LayerChannels] = {}
    barriers: dict[str, LayerBarrier] = {}
    for call in calls(model):
        name, kind = call.layer.name, type(call.layer).__name__
        if call.is_input:
            of_tensor.update(_open(labels, call, "it is the model's input"))
            continue
        site = _site(call, labels, tuple(of_tensor[id(t)] for t in call.inputs), layers.get(name))
        found = _follow(site)
        if isinstance(found, str):
            barriers.setdefault(name, LayerBarrier(name, kind, found))
            layers[name] = LayerChannels(name)
            of_tensor.update(_open(labels, call, f"{name} ({kind}) makes it"))
            continue
        of_tensor.update({id(t): c for t, c in zip(call.outputs, found.outputs, strict=True)})
        earlier = layers[name].positions if name in layers else 0
        layers[name] = replace(found.layer, positions=found.layer.positions + earlier)
    for tensor in model.outputs:
        labels.pin(of_tensor[id(tensor)].labels, "it is the model's output")
    roots = labels.roots()
    groups = _groups(layers, of_tensor.values(), roots, labels.reasons(roots))
    return Structure(layers, groups, roots, tuple(barriers.values()))


def _site(call: Call, labels: Labels, inputs: tuple[Channels, ...], known: LayerChannels | None) -> Site:
    return Site(
        layer=call.layer,
        labels=labels,
        inputs=inputs,
        input_shapes=tuple(tuple(t.shape) for t in call.inputs),
        output_shapes=tuple(tuple(t.shape) for t in call.outputs),
        tensors=call.inputs,
        args=call.args,
        kwargs=call.kwargs,
        known=known,
    )


def _open(labels: Labels, call: Call, reason: str) -> dict[int, Channels]:
    """Pinned labels of its own for each output of a call."""
    opened = {}
    for tensor in call.outputs:
        rank = len(tensor.shape)
        found = Channels(labels.fresh(int(tensor.shape[-1] or 1) if rank > 1 else 1), max(rank - 1, 0))
        labels.pin(found.labels, reason)
        opened[id(tensor)] = found
    return opened


def _follow(site: Site) -> Passage | str:
    """Apply the layer's rule; where it cannot be followed, pin what it takes and return the reason."""
    try:
        if not site.inputs:
            raise Barrier("it takes no tensor")
        if site.known is not None and not site.known.weights and site.layer.weights:
            raise Barrier("an earlier call of this shared layer could not be followed")
        return rule_for(site.layer)(site)
    except Barrier as barrier:
        for found in site.inputs:
            site.pin(found.labels, str(barrier))
        if site.known is not None:  # a shared layer keeps its weights whole in every call
            site.pin(site.known.outputs, str(barrier))
            for weight in site.known.weights:
                for axis in weight.axes:
                    if axis is not None:
                        site.pin(axis, str(barrier))
        return str(barrier)


def _groups(
    layers: dict[str, LayerChannels], tensors: Iterable[Channels], roots: LabelArray, reasons: dict[int, list[str]]
) -> tuple[Group, ...]:
    """Sort the united labels by where they lie: labels that lie equally often in the same places form a group.

    Places are the axes of weights and of tensors, so that a part that is sliced off keeps
    channels of its own.  Each label's places are hashed into one number.
    """
    places = [labels for layer in layers.values() for w in layer.weights for labels in w.axes if labels is not None]
    places += [found.labels for found in tensors]
    keys = np.random.default_rng(0).integers(1, 2**63, (len(places), 2), np.uint64)
    signature = np.zeros((len(roots), 2), np.uint64)
    for (place, often), labels in zip(keys, places, strict=True):
        found, counts = np.unique(roots[labels], return_counts=True)
        signature[found] += place + often * counts.astype(np.uint64)[:, None]
    pinned = np.zeros(len(roots), np.bool_)
    pinned[list(reasons)] = True
    made = [layer for layer in layers.values() if layer.produces]
    channels = np.unique(np.concatenate([np.zeros(0, np.int64), *(roots[layer.outputs] for layer in made)]))
    by_place: dict[tuple[int, int, bool], list[int]] = {}
    for root, (one, two), kept in zip(channels.tolist(), signature[channels].tolist(), pinned[channels], strict=True):
        by_place.setdefault((one, two, bool(kept)), []).append(root)
    number = np.full(len(roots), -1)
    for index, members in enumerate(by_place.values()):
        number[members] = index
    producers: list[list[str]] = [[] for _ in by_place]
    for layer in made:
        for index in np.unique(number[roots[layer.outputs]]).tolist():
            producers[index].append(layer.name)
    groups = []
    for names, members in zip(producers, by_place.values(), strict=True):
        why = tuple(dict.fromkeys(reason for root in members for reason in reasons.get(root, ())))
        groups.append(Group(" + ".join(names), tuple(names), np.array(members, np.int64), why))
    return tuple(groups)
