"""SQUEEZE: dimensions of extent 1 left out; the same bytes."""

from __future__ import annotations

from edgeprune.ops.views import View


class Squeeze(View):
    """SQUEEZE of any type; needs no code and no copy."""

    name = "SQUEEZE"
    summary = "Dimensions of extent 1 left out; costs nothing."


OPERATOR = Squeeze()
