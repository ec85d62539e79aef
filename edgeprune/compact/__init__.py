"""Smaller .tflite files from .tflite files, without training."""

from edgeprune.compact.calibrated import Calibrated, Calibration, calibrated
from edgeprune.compact.lossless import Lossless, lossless

__all__ = ["Calibrated", "Calibration", "Lossless", "calibrated", "lossless"]
