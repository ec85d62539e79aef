"""Physical removal: the same model with smaller layers."""

from __future__ import annotations

from typing import Any

from edgeprune.models.functional import rebuild
from edgeprune.prune.channels.structure import Keep, LayerChannels, Structure, cut, kept_size


def shrink(model: Any, structure: Structure, keep: Keep) -> Any:
    """Build the model without the channels that `keep` gives up.

    Args:
        model: Flat functional tf-keras model that `structure` was found on; it is not changed.
        structure: Its channel structure.
        keep: Per label, whether it stays.

    Returns:
        A new tf-keras model whose weights are the kept parts of the original's.
    """
    rebuilt = rebuild(model, lambda layer: _smaller(layer, structure.layers[layer.name], keep))
    for old, new in rebuilt.pairs:
        values = old.get_weights()
        axes = structure.layers[old.name].weights
        if axes:
            values = [cut(value, where, keep) for value, where in zip(values, axes, strict=True)]
        new.set_weights(values)
    return rebuilt.model


def _smaller(layer: Any, channels: LayerChannels, keep: Keep) -> Any:
    config = layer.get_config()
    if channels.size_key is not None:
        config[channels.size_key] = kept_size(channels.outputs, len(channels.outputs), keep)
    if channels.reshape:
        last = kept_size(channels.outputs, len(channels.outputs), keep)
        config["target_shape"] = (*(int(n) for n in layer.output_shape[1:-1]), last)
    return layer.__class__.from_config(config)
