"""Smaller .tflite files from .tflite files, without training."""

from edgeprune.compact.lossless import Lossless, lossless

__all__ = ["Lossless", "lossless"]
