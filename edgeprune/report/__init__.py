"""One result, written three ways: JSON for scripts, Markdown for issues, one HTML file for people."""

from __future__ import annotations

from edgeprune.report.values import DeviceResult, Report, Validation, VariantResult
from edgeprune.report.write import read_report, write_report

__all__ = ["DeviceResult", "Report", "Validation", "VariantResult", "read_report", "write_report"]
