"""The entropy coder: binary decisions with 16-bit probabilities, by range asymmetric numeral systems.

J. Duda, Asymmetric numeral systems, arXiv 1311.2540.  One state in [2^24, 2^40), renewed by
16-bit words.  The encoder works backwards over all decisions, so that the decoder runs forwards.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

from edgeprune.compress.errors import damaged

#: A probability is this many bits wide.
PROBABILITY_BITS = 16
_ONE = 1 << PROBABILITY_BITS
_LOW = 1 << 24
_STATE_BYTES = 5

Bits = npt.NDArray[np.int64]


class BitCoder(Protocol):
    """Either direction of the coder, so that one model serves the encoder and the decoder."""

    def code(self, ones: npt.NDArray[np.int64], bits: Bits | None) -> Bits:
        """Pass on decisions in order.

        Args:
            ones: [n] probability of a one times 2^16, from 1 to 2^16 - 1.
            bits: [n] the decisions to encode; None when decoding.

        Returns:
            [n] the decisions.
        """


class Encoder:
    """Collects decisions; `finish` gives their bytes."""

    def __init__(self) -> None:
        self._ones: list[npt.NDArray[np.int64]] = []
        self._bits: list[Bits] = []

    def code(self, ones: npt.NDArray[np.int64], bits: Bits | None) -> Bits:
        """As `BitCoder.code`."""
        if bits is None:
            raise ValueError("an encoder needs the decisions")
        self._ones.append(ones)
        self._bits.append(bits)
        return bits

    def finish(self) -> bytes:
        """The state (5 bytes, little endian), then the words in the decoder's order."""
        ones = np.concatenate(self._ones) if self._ones else np.zeros(0, np.int64)
        bits = np.concatenate(self._bits) if self._bits else np.zeros(0, np.int64)
        starts = np.where(bits == 1, 0, ones)[::-1].tolist()
        sizes = np.where(bits == 1, ones, _ONE - ones)[::-1].tolist()
        state = _LOW
        words: list[int] = []
        for start, size in zip(starts, sizes, strict=True):
            if state >= size << 24:
                words.append(state & 0xFFFF)
                state >>= 16
            quotient, remainder = divmod(state, size)
            state = (quotient << PROBABILITY_BITS) + remainder + start
        return state.to_bytes(_STATE_BYTES, "little") + np.array(words[::-1], "<u2").tobytes()


class Decoder:
    """Reads back what an `Encoder` wrote.

    Raises:
        CompressedFileError: The bytes end too early, or hold more than was read.
    """

    def __init__(self, data: bytes) -> None:
        if len(data) < _STATE_BYTES or (len(data) - _STATE_BYTES) % 2:
            raise damaged(f"a coded stream of {len(data)} bytes is too short or odd")
        self._state = int.from_bytes(data[:_STATE_BYTES], "little")
        self._words: list[int] = np.frombuffer(data, "<u2", offset=_STATE_BYTES).tolist()
        self._next = 0

    def code(self, ones: npt.NDArray[np.int64], bits: Bits | None) -> Bits:
        """As `BitCoder.code`; `bits` is not looked at."""
        state, words, at = self._state, self._words, self._next
        found = []
        try:
            for one in ones.tolist():
                low = state & 0xFFFF
                if low < one:
                    found.append(1)
                    state = one * (state >> 16) + low
                else:
                    found.append(0)
                    state = (_ONE - one) * (state >> 16) + low - one
                if state < _LOW:
                    state = state << 16 | words[at]
                    at += 1
        except IndexError:
            raise damaged("a coded stream ends before its tensor is complete") from None
        self._state, self._next = state, at
        return np.array(found, np.int64)

    def finish(self) -> None:
        """Check that everything was read and the state is back where the encoder began."""
        if self._next != len(self._words) or self._state != _LOW:
            raise damaged("a coded stream does not end where its tensor ends")
