"""Predicts binary decisions: counts per context, mixed in the logistic domain.

The scheme of M. Mahoney's PAQ (Adaptive weighing of context models, Florida Tech TR CS-2005-16), with counts
instead of bit histories, in integers only, so that every machine computes the same probabilities.  Decisions come
in steps of up to `lanes`: all of a step are predicted before any of them is learnt, which lets NumPy work on whole
steps.
"""

from __future__ import annotations

import numpy as np

from edgeprune.compress.rans import BitCoder, Integers

#: Units of the logistic domain per nat.
SCALE = 256
#: The mixed prediction is clipped here: 11 nats, a probability of 1.7e-5.
_EXTREME = 11 * SCALE
#: Counts of a context are halved where their sum exceeds this.
COUNT_LIMIT = 1023
#: Most decisions predicted at once.
MAX_LANES = 1024
_WEIGHT_ONE = 1 << 16

_LOG = np.rint(SCALE * np.log(np.arange(COUNT_LIMIT + MAX_LANES + 1) + 0.4)).astype(np.int64)
_SQUASH = np.clip(np.rint(65536 / (1 + np.exp(-np.arange(-_EXTREME, _EXTREME + 1) / SCALE))).astype(np.int64), 1, 65535)


class Mixer:
    """Contexts' counts and the weights by which their predictions are mixed.

    Args:
        sizes: How many contexts each input of the mixer can be in.
        sets: How many sets of weights there are; a step names the one it uses.
    """

    def __init__(self, sizes: tuple[int, ...], sets: int, lanes: int) -> None:
        self._base = np.cumsum((0, *sizes[:-1])).reshape(-1, 1)
        self._counts = np.zeros(2 * sum(sizes), np.int64)
        self._weights = np.full((sets, len(sizes)), _WEIGHT_ONE * 2 // (len(sizes) + 2), np.int64)
        self._steps = np.zeros(sets, np.int64)
        self._calm = max(0, lanes.bit_length() - 5)

    def code(self, coder: BitCoder, contexts: Integers, chosen: int, bits: Integers | None) -> Integers:
        """Predict, code and learn one step.

        Args:
            coder: The encoder or the decoder.
            contexts: [inputs, n] the context of each decision, per input.
            chosen: The set of weights.
            bits: [n] the decisions when encoding.

        Returns:
            [n] the decisions.
        """
        at = (contexts + self._base) * 2
        counts = self._counts
        stretched = _LOG[counts[at + 1]] - _LOG[counts[at]]
        weights = self._weights[chosen]
        mixed = np.clip((weights @ stretched) >> 16, -_EXTREME, _EXTREME)
        ones = _SQUASH[mixed + _EXTREME]
        bits = coder.code(ones, bits)
        errors = (bits << 16) - ones
        rate = max(2, 24 - int(self._steps[chosen] >> 4))
        self._steps[chosen] += 1
        weights += (stretched @ errors) * rate >> (17 + self._calm)
        np.add.at(counts, (at + bits).ravel(), 1)
        high = counts[at] + counts[at + 1] > COUNT_LIMIT
        if high.any():
            worn = at[high]
            counts[worn], counts[worn + 1] = counts[worn] >> 1, counts[worn + 1] >> 1
        return bits
