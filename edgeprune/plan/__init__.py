"""Decides, before any code is written, which kernel runs each layer and where each tensor lies."""

from __future__ import annotations

from edgeprune.plan.analysis import LayerAnalysis, analyse
from edgeprune.plan.memory import Buffer, Placement, verify_placement
from edgeprune.plan.plan import LayerPlan, Plan, make_plan

__all__ = ["Buffer", "LayerAnalysis", "LayerPlan", "Placement", "Plan", "analyse", "make_plan", "verify_placement"]
