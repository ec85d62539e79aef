"""The arguments of a TensorFlow function in a functional model: tensors among constants."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgeprune.prune.channels.site import Barrier, Channels, Site
from edgeprune.prune.channels.structure import Arguments, Keep


@dataclass(frozen=True, eq=False)
class Given:
    """Arguments of one call of a TFOpLambda layer."""

    layer: Any
    args: tuple[Any, ...]
    kwargs: dict[str, Any]

    def value(self, place: int, key: str, default: Any) -> Any:
        """A constant by its place or its name."""
        return self.args[place] if len(self.args) > place else self.kwargs.get(key, default)

    def run(self, tensor: Any) -> Any:
        """The function's result with `tensor` in the place of its first argument."""
        return self.layer.call(tensor, *self.args[1:], **self.kwargs)

    def replacing(self, place: int, key: str, value: Callable[[Keep], Any]) -> Arguments:
        """An `arguments` that puts another constant into one place."""

        def arguments(
            args: tuple[Any, ...], kwargs: dict[str, Any], keep: Keep
        ) -> tuple[tuple[Any, ...], dict[str, Any]]:
            if len(args) > place:
                return (*args[:place], value(keep), *args[place + 1 :]), kwargs
            return args, {**kwargs, key: value(keep)}

        return arguments


def given(site: Site) -> Given:
    """The arguments of this call; a barrier where its first argument is no single tensor of the model."""
    first = site.args[0] if site.args else None
    listed = isinstance(first, (list, tuple))
    if not listed and not any(first is tensor for tensor in site.tensors):
        raise Barrier("its first argument is not a tensor of the model")
    return Given(site.layer, site.args, site.kwargs)


def cut_constants(site: Site, channels: Channels) -> Arguments | None:
    """An `arguments` that cuts constants with one value per channel; None where there are none."""
    from_right = len(site.output_shapes[0]) - channels.axis

    def per_channel(value: Any) -> bool:
        """Whether the argument is an array with an entry for each channel on the channels' axis."""
        if any(value is tensor for tensor in site.tensors) or (not hasattr(value, "__array__") and not _numbers(value)):
            return False
        shape = np.shape(value)
        size = shape[-from_right] if len(shape) >= from_right else 1
        if size not in (1, len(channels.labels)):
            raise Barrier("it has a constant of another size than its channels")
        return size > 1

    if not any(per_channel(value) for value in (*site.args, *site.kwargs.values())):
        return None

    def smaller(value: Any, keep: Keep) -> Any:
        if not per_channel(value):
            return value
        array = np.asarray(value)
        return np.compress(keep[channels.labels], array, axis=array.ndim - from_right)

    def arguments(args: tuple[Any, ...], kwargs: dict[str, Any], keep: Keep) -> tuple[tuple[Any, ...], dict[str, Any]]:
        return (
            tuple(new if _symbolic(new) else smaller(new, keep) for new in args),
            {key: new if _symbolic(new) else smaller(new, keep) for key, new in kwargs.items()},
        )

    return arguments


def _numbers(value: Any) -> bool:
    """Whether the value is a list of numbers, as a constant becomes when a model is saved."""
    return (
        isinstance(value, (list, tuple))
        and bool(value)
        and all(isinstance(v, (int, float)) or _numbers(v) for v in value)
    )


def _symbolic(value: Any) -> bool:
    """Whether the value is a tensor of a functional model."""
    return type(value).__name__ == "KerasTensor" or hasattr(value, "_keras_history")
