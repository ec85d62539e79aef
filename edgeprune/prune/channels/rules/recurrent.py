"""Recurrent layers, and the wrappers Bidirectional and TimeDistributed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from edgeprune.prune.channels.rules.activations import pin_activated
from edgeprune.prune.channels.site import Barrier, Channels, Passage, Rule, Site, inner, sized, trailing
from edgeprune.prune.channels.structure import Keep, LabelArray, Resize, WeightAxes

_SIZE_KEYS = {"SimpleRNN": "units", "GRU": "units", "LSTM": "units", "ConvLSTM1D": "filters", "ConvLSTM2D": "filters"}


def _check_state(site: Site) -> None:
    if getattr(site.layer, "return_state", False):
        raise Barrier("it returns its state, which channel pruning does not follow")
    if len(site.inputs) != 1:
        raise Barrier("it takes its state from another layer, which channel pruning does not follow")
    if getattr(site.layer, "time_major", False):
        raise Barrier("it takes time before the batch (time_major)")


def _gated(layer: Any, consumed: LabelArray, produced: LabelArray) -> tuple[WeightAxes, ...]:
    """Labels on kernel, recurrent kernel and bias: the units repeat on the last axis, once per gate."""
    kernel = layer.weights[0].shape
    gates = np.tile(produced, int(kernel[-1]) // len(produced))
    rank = len(kernel)
    biases = (trailing(len(w.shape), gates) for w in layer.weights[2:])
    return (trailing(rank, gates, consumed), trailing(rank, gates, produced), *biases)


def _steps(site: Site) -> int:
    """Applications of the kernels: time steps, and the positions of the output at each for ConvLSTM."""
    steps = site.input_shapes[0][1] or 1
    shape = site.output_shapes[0]
    spatial = shape[2:-1] if len(shape) == len(site.input_shapes[0]) else shape[1:-1]
    return int(np.prod([steps, *(n or 1 for n in spatial)]))


def recurrent(site: Site) -> Passage:
    """SimpleRNN, GRU, LSTM and ConvLSTM."""
    _check_state(site)
    layer, key = site.layer, _SIZE_KEYS[site.kind]
    consumed = site.consumed(0, len(layer.weights[0].shape) - 2)
    produced = site.produced(int(getattr(layer, key)))
    pin_activated(site, produced, "activation", "recurrent_activation")
    weights = _gated(layer, consumed, produced)
    return site.passes(produced, weights, produces=True, positions=_steps(site), resize=sized(key, produced))


def bidirectional(site: Site) -> Passage:
    """Bidirectional: a unit goes from both directions at once."""
    wrapper = site.layer
    forward, backward = wrapper.forward_layer, wrapper.backward_layer
    kind = type(forward).__name__
    if kind not in ("SimpleRNN", "GRU", "LSTM") or type(backward).__name__ != kind or forward.units != backward.units:
        raise Barrier("its two directions are not recurrent layers of one kind and size")
    if wrapper.merge_mode is None:
        raise Barrier("it returns its two directions apart (merge_mode)")
    for layer in (forward, backward):
        _check_state(replace(site, layer=layer))
    consumed, units = site.consumed(0, 0), int(forward.units)
    both = wrapper.merge_mode == "concat"
    produced = site.produced(2 * units if both else units)
    ahead, back = (produced[:units], produced[units:]) if both else (produced, produced)
    site.labels.unite(ahead, back)
    for layer in (forward, backward):
        pin_activated(replace(site, layer=layer), produced, "activation", "recurrent_activation")
    weights = (*_gated(forward, consumed, ahead), *_gated(backward, consumed, back))
    resize = _inside(sized("units", ahead), "layer", "backward_layer")
    return site.passes(produced, weights, produces=True, positions=_steps(site), resize=resize)


def _inside(resize: Resize, *keys: str) -> Resize:
    """A `resize` for the layers that a wrapper's configuration holds."""

    def outer(config: dict[str, Any], keep: Keep) -> dict[str, Any]:
        changed = {}
        for key in keys:
            held = config.get(key)
            if held is not None:
                built = {} if "build_config" not in held else {"build_config": None}
                changed[key] = {**held, **built, "config": resize(held["config"], keep)}
        return {**config, **changed}

    return outer


def time_distributed(site: Site) -> Passage:
    """TimeDistributed: the wrapped layer's own rule, at each step."""
    from edgeprune.prune.channels.rules import rule_for

    layer = site.layer.layer
    if hasattr(layer, "layers"):
        raise Barrier("it wraps a whole model; put its layers into TimeDistributed one by one")
    if any(found.axis < 2 for found in site.inputs):
        raise Barrier("its input has the channels on the axis of time")
    found = rule_for(layer)(inner(site, layer))
    if found.layer.arguments is not None:
        raise Barrier("it wraps a layer whose arguments would change")
    steps = site.input_shapes[0][1] or 1
    resize = _inside(found.layer.resize, "layer") if found.layer.resize is not None else None
    outputs = tuple(Channels(c.labels, c.axis + 1) for c in found.outputs)
    changed = replace(found.layer, name=site.layer.name, positions=found.layer.positions * steps, resize=resize)
    return Passage(changed, outputs)


RULES: dict[str, Rule] = {
    **dict.fromkeys(_SIZE_KEYS, recurrent),
    "Bidirectional": bidirectional,
    "TimeDistributed": time_distributed,
}
