"""Entropy coding of pruned and clustered weights, and the file format for it; see docs/format.md."""

from edgeprune.compress.container import decode_tensors, encode_tensors
from edgeprune.compress.errors import CompressedFileError
from edgeprune.compress.values import Compressed, CompressionReport, NamedTensor, TensorReport

__all__ = [
    "Compressed",
    "CompressedFileError",
    "CompressionReport",
    "NamedTensor",
    "TensorReport",
    "decode_tensors",
    "encode_tensors",
]
