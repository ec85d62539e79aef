"""Augmentation of images as a pure function of a key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from edgeprune.models.tensorflow import tensorflow
from edgeprune.prune.settings import Training

_tf = tensorflow()


@dataclass(frozen=True, eq=False)
class Moves:
    """What augmentation does to each image: flip it or not, and shift it by some pixels.

    Attributes:
        flip: bool [N], or None for no flips.
        down, right: int32 [N], or None for no shifts.
    """

    flip: Any
    down: Any
    right: Any

    def of(self, examples: Any) -> Moves:
        """The moves of some of the images."""
        return Moves(*(None if m is None else _tf.gather(m, examples) for m in (self.flip, self.down, self.right)))


def draw_moves(count: int, training: Training, key: Any) -> Moves:
    """Moves of `count` images, a pure function of `key` (int64 [2])."""
    flip = _tf.random.stateless_uniform([count], key) < 0.5 if training.flip else None
    if not training.shift:
        return Moves(flip, None, None)
    low, high = -training.shift, training.shift + 1
    down, right = (_tf.random.stateless_uniform([count], key + axis, low, high, dtype=_tf.int32) for axis in (1, 2))
    return Moves(flip, down, right)


def augment(images: Any, moves: Moves) -> Any:
    """Flip images left to right and shift them; inputs that are no images [N, H, W, C] stay as they are.

    Pixels that a shift brings in repeat the border.
    """
    if images.shape.rank != 4:
        return images
    if moves.flip is not None:
        images = _tf.where(moves.flip[:, None, None, None], _tf.reverse(images, [2]), images)
    for axis, by in ((1, moves.down), (2, moves.right)):
        if by is not None:
            length = images.shape[axis]
            where = _tf.clip_by_value(_tf.range(length)[None] + by[:, None], 0, length - 1)
            images = _tf.gather(images, where, axis=axis, batch_dims=1)
    return images
