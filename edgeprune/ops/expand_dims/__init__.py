"""EXPAND_DIMS: a dimension of extent 1 put in; the same bytes."""

from __future__ import annotations

from edgeprune.ops.views import View


class ExpandDims(View):
    """EXPAND_DIMS of any type; needs no code and no copy."""

    name = "EXPAND_DIMS"
    summary = "A dimension of extent 1 put in; costs nothing."


OPERATOR = ExpandDims()
