"""TensorFlow functions in functional models: TFOpLambda and SlicingOpLambda layers."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgeprune.prune.channels.arguments import cut_constants, given
from edgeprune.prune.channels.rules.activations import ELEMENTWISE
from edgeprune.prune.channels.rules.merging import concatenated, merged
from edgeprune.prune.channels.rules.reshaping import reshaped, spread
from edgeprune.prune.channels.site import Barrier, Channels, Passage, Rule, Site, locate
from edgeprune.prune.channels.structure import Keep, kept_size

_BROADCASTING = """
    add add_n sub subtract mul multiply div divide truediv floordiv mod pow maximum minimum squared_difference where
    atan2 equal not_equal greater greater_equal less less_equal logical_and logical_or div_no_nan multiply_no_nan
"""
_MOVING = "transpose expand_dims squeeze tile gather reverse roll unstack strided_slice"
_OVER_AXES = """
    reduce_mean reduce_sum reduce_max reduce_min reduce_prod reduce_std reduce_variance
    softmax log_softmax l2_normalize cumsum
"""
_PER_CHANNEL = "max_pool max_pool2d max_pool1d avg_pool avg_pool2d avg_pool1d resize"


def operator(site: Site) -> Passage:
    """A function by its name; unknown ones are barriers."""
    symbol = str(site.layer.symbol)
    name = symbol.rsplit(".", 1)[-1]
    rule = _BY_NAME.get(name)
    if rule is None:
        raise Barrier(f"tf.{symbol} is not known to keep its channels apart")
    return rule(site)


def _broadcasting(site: Site) -> Passage:
    """Functions of one element, or of several at the same place; constants lose the removed channels too."""
    found = merged(site)
    arguments = cut_constants(site, found)
    return site.passes(found.labels, axis=found.axis, arguments=arguments)


def _moving(site: Site) -> Passage:
    """Functions that move whole vectors of channels: run on the labels themselves to see where they go."""
    tf = _tensorflow()
    channels = site.inputs[0]
    shape = tuple(n or 5 for n in site.input_shapes[0])
    elements = tf.constant(spread(channels, (1, *shape[1:])), tf.int64)
    if len(site.inputs) != 1:
        raise Barrier("its arguments are computed")
    results = tf.nest.flatten(given(site).run(elements))
    outputs = [locate(np.asarray(result)) for result in results]
    if any(found is None or not np.array_equal(found.labels, channels.labels) for found in outputs):
        raise Barrier("it takes channels apart")
    kept = tuple(found for found in outputs if found is not None)
    return site.passes(channels.labels, outputs=kept)


def _slicing(site: Site) -> Passage:
    """Indexing such as `x[:, -1]` or `x[..., :8]`: a slice of the channels follows those that stay."""
    call = given(site)
    items = call.args[1] if isinstance(call.args[1], (tuple, list)) else (call.args[1],)
    rank, axis = len(site.input_shapes[0]), site.inputs[0].axis
    fixed = sum(1 for item in items if item is not Ellipsis and item is not None)
    if any(item is None for item in items):
        raise Barrier("it adds an axis while it takes channels apart")
    whole: list[Any] = []
    for item in items:
        whole.extend([{"start": None, "stop": None, "step": None}] * (rank - fixed) if item is Ellipsis else [item])
    whole.extend([{"start": None, "stop": None, "step": None}] * (rank - len(whole)))
    chosen = whole[axis]
    if not isinstance(chosen, dict) or chosen["step"] not in (None, 1):
        raise Barrier("it takes single channels out")
    labels = site.inputs[0].labels
    start, stop, _ = slice(chosen["start"], chosen["stop"]).indices(len(labels))
    removed_axes = sum(1 for item in whole[:axis] if not isinstance(item, dict))

    def arguments(args: tuple[Any, ...], kwargs: dict[str, Any], keep: Keep) -> tuple[tuple[Any, ...], dict[str, Any]]:
        first, last = int(np.count_nonzero(keep[labels[:start]])), int(np.count_nonzero(keep[labels[:stop]]))
        follow = [*whole]
        follow[axis] = {"start": first, "stop": last, "step": None}
        return (args[0], tuple(follow), *args[2:]), kwargs

    return site.passes(labels[start:stop], axis=axis - removed_axes, arguments=arguments)


def _getitem(site: Site) -> Passage:
    try:
        return _moving(site)
    except Barrier:
        return _slicing(site)


def _split(site: Site) -> Passage:
    """`tf.split`: along the channels its sizes follow those that stay."""
    call, channels = given(site), site.inputs[0]
    rank, axis = len(site.input_shapes[0]), call.value(2, "axis", 0)
    if axis % rank != channels.axis:
        return _moving(site)
    sizes = [int(shape[channels.axis] or 0) for shape in site.output_shapes]
    if sum(sizes) != len(channels.labels):
        raise Barrier("it splits a tensor of open size")
    parts = np.split(channels.labels, np.cumsum(sizes)[:-1])
    arguments = call.replacing(1, "num_or_size_splits", lambda keep: [kept_size(p, len(p), keep) for p in parts])
    outputs = tuple(Channels(np.array(part), channels.axis) for part in parts)
    return site.passes(channels.labels, outputs=outputs, arguments=arguments)


def _concat(site: Site) -> Passage:
    return concatenated(site, int(given(site).value(1, "axis", None)))


def _reshape(site: Site) -> Passage:
    """`tf.reshape` to constant sizes."""
    call = given(site)
    target = call.value(1, "shape", None)
    if len(site.inputs) != 1 or not all(isinstance(n, (int, np.integer)) for n in np.ravel(target).tolist()):
        raise Barrier("its new shape is computed")
    place = reshaped(site)

    def shape(keep: Keep) -> list[int]:
        sizes = [int(n) for n in np.ravel(target)]
        if sizes[place.axis] != -1:
            sizes[place.axis] = kept_size(place.labels, len(place.labels), keep)
        return sizes

    return site.passes(place.labels, axis=place.axis, arguments=call.replacing(1, "shape", shape))


def _over_axes(site: Site) -> list[int]:
    """The axes that a function reduces or normalises, counted from the batch axis."""
    rank = len(site.input_shapes[0])
    last = -1 if str(site.layer.symbol).endswith("softmax") else None
    axes = given(site).value(1, "axis", last)
    if axes is None:
        return list(range(rank))
    return [int(axis) % rank for axis in np.ravel(axes)]


def _reducing(site: Site) -> Passage:
    """Sums, means and the like over other axes than the channels."""
    axes, found = _over_axes(site), site.inputs[0]
    if found.axis in axes:
        raise Barrier("it adds up or compares its channels")
    same_rank = len(site.output_shapes[0]) == len(site.input_shapes[0])
    shift = 0 if same_rank else sum(1 for axis in axes if axis < found.axis)
    return site.passes(found.labels, axis=found.axis - shift)


def _per_channel(site: Site) -> Passage:
    if any("C" in str(value)[:2] for value in site.kwargs.values() if isinstance(value, str) and len(value) == 4):
        raise Barrier("it takes the channels first (data_format)")
    return site.passes(site.last())


def _pad(site: Site) -> Passage:
    """`tf.pad` of other axes than the channels."""
    paddings = np.asarray(given(site).value(1, "paddings", None))
    if paddings[site.inputs[0].axis].any():
        raise Barrier("it pads the channels")
    return site.passes(site.inputs[0].labels, axis=site.inputs[0].axis)


def _depth_to_space(site: Site) -> Passage:
    """Pixel shuffle: the channels that become one output channel at neighbouring places are tied."""
    labels = site.last()
    block = int(given(site).value(1, "block_size", 1)) ** 2
    rows = labels.reshape(block, -1)
    for row in rows[1:]:
        site.labels.unite(rows[0], row)
    return site.passes(np.array(rows[0]))


def _space_to_depth(site: Site) -> Passage:
    block = int(given(site).value(1, "block_size", 1)) ** 2
    return site.passes(np.tile(site.last(), block))


def _tensorflow() -> Any:
    from edgeprune.models.tensorflow import tensorflow

    return tensorflow()


_BY_NAME: dict[str, Rule] = {
    **dict.fromkeys((ELEMENTWISE + _BROADCASTING).split(), _broadcasting),
    **dict.fromkeys(_MOVING.split(), _moving),
    **dict.fromkeys(_OVER_AXES.split(), _reducing),
    **dict.fromkeys(_PER_CHANNEL.split(), _per_channel),
    "getitem": _getitem,
    "split": _split,
    "concat": _concat,
    "reshape": _reshape,
    "pad": _pad,
    "depth_to_space": _depth_to_space,
    "space_to_depth": _space_to_depth,
}

RULES: dict[str, Rule] = {"TFOpLambda": operator, "SlicingOpLambda": operator}
