"""Runs what was built, on the device or its stand-in, and turns readings into `Measurement`s."""

from __future__ import annotations

from edgeprune.measure.values import LatencyStatistics, LayerTiming, Measurement, Origin, RunResult

__all__ = ["LatencyStatistics", "LayerTiming", "Measurement", "Origin", "RunResult"]
