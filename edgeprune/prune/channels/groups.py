"""Dependency groups: which channels of a model can only be removed together, and which must stay."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from edgeprune.models.functional import Call, calls
from edgeprune.prune.channels.rules import Barrier, Site, rule_for
from edgeprune.prune.channels.structure import Group, LabelArray, Labels, LayerChannels, Structure


def analyse(model: Any) -> Structure:
    """Find the dependency groups of a flat functional tf-keras model.

    Model inputs and outputs, and layers without a rule, are barriers: channels that
    touch them stay, and the group carries the reason.

    Raises:
        ModelError: The model has no layer graph.
    """
    labels = Labels()
    of_tensor: dict[int, LabelArray] = {}
    layers: dict[str, LayerChannels] = {}
    for call in calls(model):
        if call.is_input:
            _open(labels, of_tensor, call, "it is the model's input")
            continue
        inputs = tuple(of_tensor[id(t)] for t in call.inputs)
        found = _follow(Site(call, labels, inputs, layers.get(call.layer.name)))
        if found is None:
            layers[call.layer.name] = LayerChannels(call.layer.name)
            _open(labels, of_tensor, call, f"{call.layer.name} ({type(call.layer).__name__}) makes it")
            continue
        of_tensor[id(call.outputs[0])] = found.outputs
        earlier = layers.get(call.layer.name)
        total = found.positions + (earlier.positions if earlier is not None else 0)
        layers[call.layer.name] = replace(found, positions=total)
    for tensor in model.outputs:
        labels.pin(of_tensor[id(tensor)], "it is the model's output")
    roots = labels.roots()
    return Structure(layers, _groups(layers, roots, labels.reasons(roots)), roots)


def _open(labels: Labels, of_tensor: dict[int, LabelArray], call: Call, reason: str) -> None:
    """Give each output of a call pinned labels of its own."""
    for tensor in call.outputs:
        of_tensor[id(tensor)] = labels.fresh(int(tensor.shape[-1] or 1) if len(tensor.shape) > 1 else 1)
        labels.pin(of_tensor[id(tensor)], reason)


def _follow(site: Site) -> LayerChannels | None:
    """Apply the layer's rule; where it cannot be followed, pin the inputs and return None."""
    name, kind = site.layer.name, type(site.layer).__name__
    rule = rule_for(site.layer)
    try:
        if rule is None:
            raise Barrier("a kind of layer that channel pruning does not know")
        if not site.inputs:
            raise Barrier("it takes no tensor")
        if site.known is not None and not site.known.weights and site.layer.weights:
            raise Barrier("an earlier call of this shared layer could not be followed")
        return rule(site)
    except Barrier as barrier:
        for labels in site.inputs:
            site.labels.pin(labels, f"{name} ({kind}): {barrier}")
        if site.known is not None:  # a shared layer keeps its weights whole in every call
            for weight in site.known.weights:
                for axis in weight.axes:
                    if axis is not None:
                        site.labels.pin(axis, f"{name} ({kind}): {barrier}")
        return None


def _groups(layers: dict[str, LayerChannels], roots: LabelArray, reasons: dict[int, list[str]]) -> tuple[Group, ...]:
    """Sort the united labels by the weight axes they lie on: labels on the same axes form a group."""
    places: dict[int, set[tuple[str, int, int]]] = {}
    makers: dict[int, list[str]] = {}
    for layer in layers.values():
        for index, weight in enumerate(layer.weights):
            for axis, labels in enumerate(weight.axes):
                if labels is not None:
                    for root in np.unique(roots[labels]).tolist():
                        places.setdefault(root, set()).add((layer.name, index, axis))
        if layer.produces:
            for root in np.unique(roots[layer.outputs]).tolist():
                makers.setdefault(root, []).append(layer.name)
    members: dict[frozenset[tuple[str, int, int]], list[int]] = {}
    for root in sorted(makers):
        members.setdefault(frozenset(places[root]), []).append(root)
    groups = []
    for channels in members.values():
        producers = tuple(makers[channels[0]])
        why = tuple(dict.fromkeys(reason for root in channels for reason in reasons.get(root, ())))
        groups.append(Group(" + ".join(producers), producers, np.array(channels, np.int64), why))
    return tuple(groups)
