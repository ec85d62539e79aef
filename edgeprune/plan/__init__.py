"""Decides, before any code is written, which kernel runs each layer and where each tensor lies."""

from __future__ import annotations

from edgeprune.plan.analysis import LayerAnalysis, analyse
from edgeprune.plan.memory import Buffer, Placement, verify_placement
from edgeprune.plan.narrow import make_narrow_plan
from edgeprune.plan.plan import LayerPlan, Plan, make_plan
from edgeprune.plan.select import Choice, Objective, Option

__all__ = [
    "Buffer",
    "Choice",
    "LayerAnalysis",
    "LayerPlan",
    "Objective",
    "Option",
    "Placement",
    "Plan",
    "analyse",
    "make_narrow_plan",
    "make_plan",
    "verify_placement",
]
