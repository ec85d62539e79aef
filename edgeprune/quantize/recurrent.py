"""Recurrent layers in a form that the converter can quantize."""

from __future__ import annotations

from typing import Any

from edgeprune.models.functional import rebuild, same

#: A layer with more time steps stays a loop: each step becomes some 15 operators of their own.
MOST_STEPS = 128
_KINDS = ("GRU", "SimpleRNN", "LSTM", "RNN")
_FUSED = "LSTM"  # becomes one operator as it is


def unrolled(model: Any, fused_too: bool = False) -> Any | None:
    """A copy of a tf-keras model whose loops over time are written out, or None where nothing has to change.

    The converter quantizes no loop (an int8 GRU with one ends its process).  Left alone are layers
    that it fuses, unless `fused_too`, and those without a fixed number of at most `MOST_STEPS` steps.
    """
    if not any(_is_loop(layer, fused_too) for layer in model.layers):
        return None
    rebuilt = rebuild(model, lambda layer: _unrolled(layer) if _is_loop(layer, fused_too) else same(layer))
    for old, new in rebuilt.pairs:
        new.set_weights(old.get_weights())
    return rebuilt.model


def _cores(layer: Any) -> tuple[Any, ...]:
    """The recurrent layers that a layer is or wraps."""
    inner = [getattr(layer, name, None) for name in ("forward_layer", "backward_layer", "layer")]
    return tuple(core for core in (layer, *inner) if core is not None and type(core).__name__ in _KINDS)


def _is_loop(layer: Any, fused_too: bool) -> bool:
    cores = [core for core in _cores(layer) if not core.unroll and (fused_too or type(core).__name__ != _FUSED)]
    if not cores:
        return False
    shape = layer.input_shape[0] if isinstance(layer.input_shape, list) else layer.input_shape
    steps = shape[-2]
    return steps is not None and steps <= MOST_STEPS


def _unrolled(layer: Any) -> Any:
    config = layer.get_config()
    for part in (config, *(config[key]["config"] for key in ("layer", "backward_layer") if key in config)):
        if "unroll" in part:
            part["unroll"] = True
    return type(layer).from_config(config)
