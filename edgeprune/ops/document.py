"""`docs/operators.md`: what users may read is what the code checks.

`python -m edgeprune.ops.document` prints the page; a test compares it with the file.
"""

from __future__ import annotations

import sys

from edgeprune.ops import operators


def render() -> str:
    """The page as Markdown."""
    lines = [
        "# Operators of the microcontroller targets",
        "",
        "Generated from the operators' own rules by `python -m edgeprune.ops.document > docs/operators.md`. Every",
        "operator equals TensorFlow Lite's reference kernel bit by bit; any other is refused by name.",
    ]
    for operator in operators().values():
        kernels = ", ".join(f"`{kernel.name}`" for kernel in operator.kernels) or "none needed"
        lines += ["", f"## {operator.name}", "", operator.summary, "", f"Kernels: {kernels}", ""]
        lines += [f"- {rule.__doc__}" for rule in operator.constraints]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(render())
