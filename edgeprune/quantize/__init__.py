"""Quantization and conversion of float models to TFLite."""

from edgeprune.quantize.aware import AwareTraining, convert_aware
from edgeprune.quantize.calibration import Calibration
from edgeprune.quantize.convert import DEFAULT_SAMPLES, QuantizedModel, convert
from edgeprune.quantize.job import Scheme

__all__ = ["DEFAULT_SAMPLES", "AwareTraining", "Calibration", "QuantizedModel", "Scheme", "convert", "convert_aware"]
