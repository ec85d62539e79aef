"""Quantization and conversion of float models to TFLite."""

from edgeprune.quantize.calibration import Calibration
from edgeprune.quantize.convert import DEFAULT_SAMPLES, QuantizedModel, convert
from edgeprune.quantize.job import Scheme

__all__ = ["DEFAULT_SAMPLES", "Calibration", "QuantizedModel", "Scheme", "convert"]
