"""RESHAPE: the same bytes under another shape."""

from __future__ import annotations

from edgeprune.ops.views import View


class Reshape(View):
    """RESHAPE of any type; needs no code and no copy."""

    name = "RESHAPE"
    summary = "Another shape for the same bytes; costs nothing."


OPERATOR = Reshape()
