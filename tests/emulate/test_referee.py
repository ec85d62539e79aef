"""Cycles against the referee that was calibrated on real boards, where it lies beside the checkout."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
REFEREE = ROOT.parent / "shared" / "tools" / "m4sim.py"
