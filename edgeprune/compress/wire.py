"""Fields of a compressed file: little-endian integers, variable-length integers, blobs; every read is bounded."""

from __future__ import annotations

import lzma

from edgeprune.compress.errors import damaged

#: Raw LZMA1 by method: 1 for text, 2 for tables of 4-byte words.
_FILTERS = {
    1: [{"id": lzma.FILTER_LZMA1, "dict_size": 1 << 24, "lc": 3, "lp": 0, "pb": 2}],
    2: [{"id": lzma.FILTER_LZMA1, "dict_size": 1 << 24, "lc": 0, "lp": 2, "pb": 2}],
}
#: A variable-length integer has at most this many bytes, 7 bits each.
_LONGEST = 9


def number(value: int) -> bytes:
    """A variable-length integer: 7 bits a byte, the lowest first, the top bit set on all but the last."""
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def blob(data: bytes) -> bytes:
    """Its length, then the bytes."""
    return number(len(data)) + data


def packed(data: bytes) -> bytes:
    """4 * length + method, then the bytes as they are (method 0) or a blob of raw LZMA1, whichever is smallest."""
    tries = [number(4 * len(data)) + data]
    for method, filters in _FILTERS.items() if data else ():
        small = blob(lzma.compress(data, format=lzma.FORMAT_RAW, filters=filters))
        tries.append(number(4 * len(data) + method) + small)
    return min(tries, key=len)


class Reader:
    """Reads fields one after the other.

    Args:
        data: The bytes.
        limit: Refuse to produce more than this many bytes in all.

    Raises:
        CompressedFileError: By every method, where the bytes end too early or ask for too much.
    """

    def __init__(self, data: bytes, limit: int) -> None:
        self._data = memoryview(data)
        self._at = 0
        self._left = limit

    @property
    def position(self) -> int:
        """How many bytes were read."""
        return self._at

    def take(self, count: int) -> bytes:
        """The next `count` bytes."""
        if count > len(self._data) - self._at:
            raise damaged(f"{count:,} bytes are announced where {len(self._data) - self._at:,} are left")
        self._at += count
        return bytes(self._data[self._at - count : self._at])

    def byte(self) -> int:
        """The next byte."""
        return self.take(1)[0]

    def number(self, below: int = 1 << 62) -> int:
        """A variable-length integer that must be smaller than `below`."""
        value = 0
        for place in range(_LONGEST):
            part = self.byte()
            value |= (part & 0x7F) << (7 * place)
            if part < 0x80:
                if value >= below or (place and not part):
                    break
                return value
        raise damaged("a number is out of range")

    def blob(self) -> bytes:
        """A length and that many bytes."""
        return self.take(self.number())

    def spend(self, count: int) -> None:
        """Count `count` produced bytes against the limit."""
        if count > self._left:
            raise damaged(f"it would unpack to more than {self._left:,} further bytes, the limit")
        self._left -= count

    def packed(self) -> bytes:
        """What `packed` wrote."""
        size, method = divmod(self.number(), 4)
        self.spend(size)
        if method == 0:
            return self.take(size)
        if method not in _FILTERS:
            raise damaged(f"its packing method {method} is unknown")
        try:
            unpacker = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=_FILTERS[method])
            data = unpacker.decompress(self.blob(), max_length=size + 1)
        except (lzma.LZMAError, EOFError):
            raise damaged("its LZMA part is not LZMA") from None
        if len(data) != size:
            raise damaged("its LZMA part has another size than announced")
        return data

    def end(self) -> None:
        """Check that nothing is left."""
        if self._at != len(self._data):
            raise damaged(f"{len(self._data) - self._at:,} bytes follow its end")
