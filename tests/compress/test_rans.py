"""The coder alone: any decisions under any probabilities, with one state and with many."""

from __future__ import annotations

import numpy as np
import pytest

from edgeprune.compress import CompressedFileError
from edgeprune.compress.rans import Decoder, Encoder


@pytest.mark.parametrize("states", [1, 16])
def test_decisions_come_back_near_their_information(states: int) -> None:
    rng = np.random.default_rng(states)
    steps = [rng.integers(1, 65536, 16) for _ in range(400)] + [np.array([1, 65535, 40000])]
    wanted = [(rng.random(len(ones)) * 65536 < ones).astype(np.int64) for ones in steps]
    encoder = Encoder(states)
    for ones, bits in zip(steps, wanted, strict=True):
        encoder.code(ones, bits)
    data = encoder.finish()
    share = np.concatenate([np.where(bits, ones, 65536 - ones) for ones, bits in zip(steps, wanted, strict=True)])
    assert len(data) < -np.log2(share / 65536).sum() / 8 * 1.005 + 5 * states + 2
    decoder = Decoder(data, states, sum(len(ones) for ones in steps))
    for ones, bits in zip(steps, wanted, strict=True):
        assert decoder.code(ones, None).tolist() == bits.tolist()
    decoder.finish()


@pytest.mark.parametrize("states", [1, 4])
def test_a_short_stream_is_refused(states: int) -> None:
    encoder = Encoder(states)
    ones = np.full(4, 100)
    for _ in range(50):
        encoder.code(ones, np.ones(4, np.int64))
    decoder = Decoder(encoder.finish()[:-20], states, 200)
    with pytest.raises(CompressedFileError, match="ends before"):
        for _ in range(50):
            decoder.code(ones, None)
