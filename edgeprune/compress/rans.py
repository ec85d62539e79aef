"""The entropy coder: binary decisions with 16-bit probabilities, by range asymmetric numeral systems.

J. Duda, Asymmetric numeral systems, arXiv 1311.2540; F. Giesen, Interleaved entropy coders, arXiv 1402.3392.
States lie in [2^24, 2^40) and are renewed by 16-bit words.  The encoder works backwards over all decisions, so that
the decoder runs forwards.  Own code, so that docs/format.md can describe every bit.
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
#: A stream holds at most this many decisions per byte, so that a small file cannot ask for endless work.
DECISIONS_PER_BYTE = 1 << 16

Integers = npt.NDArray[np.int64]


class BitCoder(Protocol):
    """Either direction of the coder, so that one model serves the encoder and the decoder."""

    def code(self, ones: Integers, bits: Integers | None) -> Integers:
        """Pass on the decisions of one step; decision i belongs to state i, or to the only state.

        Args:
            ones: [n] probability of a one times 2^16, from 1 to 2^16 - 1.
            bits: [n] the decisions to encode; None when decoding.

        Returns:
            [n] the decisions.
        """


class Encoder:
    """Collects decisions; `finish` gives their bytes.

    Args:
        states: 1, or at least as many as the longest step has decisions.
    """

    def __init__(self, states: int) -> None:
        self._states = states
        self._steps: list[tuple[npt.NDArray[np.uint16], npt.NDArray[np.uint8]]] = []

    def code(self, ones: Integers, bits: Integers | None) -> Integers:
        """As `BitCoder.code`."""
        if bits is None:
            raise ValueError("an encoder needs the decisions")
        self._steps.append((ones.astype(np.uint16), bits.astype(np.uint8)))
        return bits

    def finish(self) -> bytes:
        """The states (5 bytes each, little endian), then the words in the decoder's order."""
        states, words = self._one_state() if self._states == 1 else self._many_states()
        return b"".join(int(state).to_bytes(_STATE_BYTES, "little") for state in states) + words.tobytes()

    def _one_state(self) -> tuple[list[int], npt.NDArray[np.uint16]]:
        state = _LOW
        words: list[int] = []
        for ones, bits in reversed(self._steps):
            for one, bit in zip(ones[::-1].tolist(), bits[::-1].tolist(), strict=True):
                size = one if bit else _ONE - one
                if state >= size << 24:
                    words.append(state & 0xFFFF)
                    state >>= 16
                quotient, remainder = divmod(state, size)
                state = (quotient << PROBABILITY_BITS) + remainder + (0 if bit else one)
        return [state], np.array(words[::-1], "<u2")

    def _many_states(self) -> tuple[list[int], npt.NDArray[np.uint16]]:
        states = np.full(self._states, _LOW, np.int64)
        words: list[npt.NDArray[np.uint16]] = [np.zeros(0, "<u2")]
        for ones, bits in reversed(self._steps):
            one = ones.astype(np.int64)
            size, start = np.where(bits, one, _ONE - one), np.where(bits, 0, one)
            used = states[: len(one)]
            full = used >= size << 24
            words.append((used[full] & 0xFFFF).astype("<u2"))
            used = np.where(full, used >> 16, used)
            quotient, remainder = np.divmod(used, size)
            states[: len(one)] = (quotient << PROBABILITY_BITS) + remainder + start
        return states.tolist(), np.concatenate(words[::-1])


class Decoder:
    """Reads back what an `Encoder` wrote.

    Args:
        data: The bytes of `Encoder.finish`.
        states: As given to the encoder.
        decisions: How many decisions will be asked for.

    Raises:
        CompressedFileError: The bytes end too early, or are not what an encoder writes.
    """

    def __init__(self, data: bytes, states: int, decisions: int) -> None:
        if decisions > DECISIONS_PER_BYTE * len(data):
            raise damaged(f"a coded stream of {len(data)} bytes is too short for {decisions:,} decisions")
        head = _STATE_BYTES * states
        if len(data) < head or (len(data) - head) % 2:
            raise damaged(f"a coded stream of {len(data)} bytes is too short or odd")
        starts = [int.from_bytes(data[at : at + _STATE_BYTES], "little") for at in range(0, head, _STATE_BYTES)]
        if min(starts) < _LOW:
            raise damaged("a coded stream begins with an impossible state")
        self._states = np.array(starts, np.int64)
        self._words = np.frombuffer(data, "<u2", offset=head).astype(np.int64)
        self._list: list[int] = self._words.tolist() if states == 1 else []
        self._next = 0

    def code(self, ones: Integers, bits: Integers | None) -> Integers:
        """As `BitCoder.code`; `bits` is not looked at."""
        return self._one_state(ones) if len(self._states) == 1 else self._many_states(ones)

    def _one_state(self, ones: Integers) -> Integers:
        state, words, at = int(self._states[0]), self._list, self._next
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
            raise _cut() from None
        self._states[0], self._next = state, at
        return np.array(found, np.int64)

    def _many_states(self, ones: Integers) -> Integers:
        states = self._states[: len(ones)]
        low = states & 0xFFFF
        bits = (low < ones).astype(np.int64)
        states = np.where(bits, ones, _ONE - ones) * (states >> 16) + low - np.where(bits, 0, ones)
        empty = np.flatnonzero(states < _LOW)
        words = self._words[self._next : self._next + len(empty)]
        if len(words) < len(empty):
            raise _cut()
        self._next += len(empty)
        states[empty] = states[empty] << 16 | words
        self._states[: len(ones)] = states
        return bits

    def finish(self) -> None:
        """Check that everything was read and the states are back where the encoder began."""
        if self._next != len(self._words) or (self._states != _LOW).any():
            raise damaged("a coded stream does not end where its tensor ends")


def _cut() -> Exception:
    return damaged("a coded stream ends before its tensor is complete")
