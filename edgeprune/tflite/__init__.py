"""Reads .tflite files into the graph that the later stages work on."""

from edgeprune.tflite.reader import TfliteModel, read, read_bytes

__all__ = ["TfliteModel", "read", "read_bytes"]
