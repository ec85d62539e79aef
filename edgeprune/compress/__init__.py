"""Entropy coding of pruned and clustered weights, and the file format for it; see docs/format.md."""

from edgeprune.compress.container import decode, decode_tensors, encode_tensors
from edgeprune.compress.errors import CompressedFileError
from edgeprune.compress.tflite_file import decode_tflite, encode_tflite
from edgeprune.compress.values import Compressed, CompressionReport, Contents, Kind, NamedTensor, TensorReport

__all__ = [
    "Compressed",
    "CompressedFileError",
    "CompressionReport",
    "Contents",
    "Kind",
    "NamedTensor",
    "TensorReport",
    "decode",
    "decode_tensors",
    "decode_tflite",
    "encode_tensors",
    "encode_tflite",
]
