"""What goes in and what comes out: tensors with names, and how many bytes each part of their coding takes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, eq=False)
class NamedTensor:
    """A tensor of a model.

    Attributes:
        name: Its name in the model, unique there.
        values: Any of the types in `DTYPES`, any shape.
    """

    name: str
    values: npt.NDArray[np.generic]


@dataclass(frozen=True)
class TensorReport:
    """What one tensor costs.

    Attributes:
        name: The tensor's.
        dtype: Its type, such as float32.
        shape: Its shape.
        nonzero: How many elements are not zero (a negative zero is not zero).
        distinct: How many different values there are, zero among them.
        coding: How it is stored: raw, constant, codebook or direct.
        positions: Bytes that say which elements are zero.
        symbols: Bytes that say which value each other element has.
        codebook: Bytes of the values themselves.
        header: Bytes of the parameters of the coding.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    nonzero: int
    distinct: int
    coding: str
    positions: int
    symbols: int
    codebook: int
    header: int

    @property
    def elements(self) -> int:
        """How many elements the tensor has."""
        return int(np.prod(self.shape, dtype=np.int64))

    @property
    def nbytes(self) -> int:
        """Bytes of all its parts."""
        return self.positions + self.symbols + self.codebook + self.header

    @property
    def bits_per_element(self) -> float:
        """Bits per element, zeros counted."""
        return 8 * self.nbytes / max(1, self.elements)


@dataclass(frozen=True)
class CompressionReport:
    """What a whole file costs; the parts add up to the file's size.

    Attributes:
        tensors: Per tensor.
        framing: Bytes of magic, version and checksums.
        names: Bytes of the tensors' names, types and shapes.
        rest: Bytes that rebuild what lies around the tensors: the Keras model's layers, or the rest of the file.
        original: Bytes before: of the tensors as they are, or of the file that was compressed.
    """

    tensors: tuple[TensorReport, ...]
    framing: int
    names: int
    rest: int
    original: int

    @property
    def nbytes(self) -> int:
        """Size of the compressed file."""
        return self.framing + self.names + self.rest + sum(tensor.nbytes for tensor in self.tensors)

    @property
    def ratio(self) -> float:
        """How many times smaller the file is."""
        return self.original / self.nbytes


class Kind(IntEnum):
    """What a compressed file holds."""

    TENSORS = 0
    KERAS = 1
    FILE = 2


@dataclass(frozen=True, eq=False)
class Contents:
    """All that a compressed file holds.

    Attributes:
        kind: What it was made from.
        tensors: In order.
        rest: Of a Keras model its layers as JSON, of a file the bytes around the tensors.
        gaps: Of a file, per tensor, how many bytes of the rest stand between the tensor before it and itself.
    """

    kind: Kind
    tensors: tuple[NamedTensor, ...]
    rest: bytes = b""
    gaps: tuple[int, ...] = ()


@dataclass(frozen=True, eq=False)
class Compressed:
    """A compressed file and what its parts cost.

    Attributes:
        content: The file's bytes.
        report: Where they go.
    """

    content: bytes
    report: CompressionReport

    def named(self, names: tuple[str, ...]) -> Compressed:
        """The same with other names in the report, for tensors that the file itself leaves without."""
        tensors = tuple(replace(tensor, name=name) for tensor, name in zip(self.report.tensors, names, strict=True))
        return replace(self, report=replace(self.report, tensors=tensors))
