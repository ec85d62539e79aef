"""Kinds that are known and cannot be followed, with the reason that the report gives."""

from __future__ import annotations

from edgeprune.prune.channels.site import Barrier, Passage, Rule, Site

_REASONS = {
    "Lambda": "a Python function whose inside cannot be seen; write it with layers, or as a layer with a rule",
    "Attention": "attention compares whole vectors of channels",
    "AdditiveAttention": "attention compares whole vectors of channels",
    "MultiHeadAttention": "attention compares whole vectors of channels, and its heads share one output",
    "Dot": "it multiplies whole vectors of channels with each other",
    "Masking": "its mask depends on all channels of a step",
    "EinsumDense": "its equation may mix any axes",
    "LocallyConnected1D": "its kernel holds channels and positions on one axis",
    "LocallyConnected2D": "its kernel holds channels and positions on one axis",
    "RNN": "its cell is a layer of its own, which channel pruning does not follow",
    "SpectralNormalization": "its weight is divided by a norm of all channels",
}


def barrier(site: Site) -> Passage:
    """Raise the reason for this kind."""
    raise Barrier(_REASONS[site.kind])


RULES: dict[str, Rule] = dict.fromkeys(_REASONS, barrier)
