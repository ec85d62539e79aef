"""edgeprune: does pruning make my model faster on my device?  Measure it, then deploy it."""

from __future__ import annotations

__version__ = "0.1.0"
