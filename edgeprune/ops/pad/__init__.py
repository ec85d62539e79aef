"""PAD: zeros around a tensor, that is, the zero point around quantized values."""

from __future__ import annotations

from edgeprune.ops import moves
from edgeprune.ops.padding import Padding, paddings_of_every_dimension


class Pad(Padding):
    """PAD with constant paddings."""

    name = "PAD"
    summary = "Zeros before and after any dimension of a tensor."
    constraints = (moves.same_type, moves.constant((1,), "The paddings are"), paddings_of_every_dimension)


OPERATOR = Pad()
