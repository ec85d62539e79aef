"""Reads .tflite files into the graph that the later stages work on, and writes what they changed."""

from edgeprune.tflite.reader import TfliteModel, read, read_bytes
from edgeprune.tflite.writer import rewritten

__all__ = ["TfliteModel", "read", "read_bytes", "rewritten"]
