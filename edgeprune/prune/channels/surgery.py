"""Physical removal: the same model with smaller layers."""

from __future__ import annotations

from typing import Any

from edgeprune.models.functional import clone, config_of, rebuild
from edgeprune.prune.channels.structure import Keep, LayerChannels, Structure, cut, mask


def shrink(model: Any, structure: Structure, keep: Keep) -> Any:
    """Build the model without the channels that `keep` gives up.

    Args:
        model: Flat functional tf-keras model that `structure` was found on; it is not changed.
        structure: Its channel structure.
        keep: Per label, whether it stays.

    Returns:
        A new tf-keras model whose weights are the kept parts of the original's.
    """

    def arguments(layer: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
        change = structure.layers[layer.name].arguments
        return change(tuple(args), dict(kwargs), keep) if change is not None else (args, kwargs)

    rebuilt = rebuild(model, lambda layer: _smaller(layer, structure.layers[layer.name], keep), arguments)
    for old, new in rebuilt.pairs:
        values = old.get_weights()
        axes = structure.layers[old.name].weights
        if axes:
            values = [cut(value, where, keep) for value, where in zip(values, axes, strict=True)]
        new.set_weights(values)
    return rebuilt.model


def _smaller(layer: Any, channels: LayerChannels, keep: Keep) -> Any:
    config = config_of(layer)
    if channels.resize is not None:
        config = channels.resize(config, keep)
    return layer.__class__.from_config(config)


def masked(model: Any, structure: Structure, keep: Keep) -> Any:
    """A copy of the model in which the channels that `keep` gives up reach nothing.

    In every weight that mixes channels their outputs and the consumers' input slices are zero;
    biases and normalisation keep their values.
    """
    copy = clone(model)
    for layer in copy.layers:
        known = structure.layers.get(layer.name)
        if known is not None and known.masked:
            values = layer.get_weights()
            for index in known.masked:
                values[index] = values[index] * mask(values[index].shape, known.weights[index], keep)
            layer.set_weights(values)
    return copy
