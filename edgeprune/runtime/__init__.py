"""C that every generated model shares, whatever its operators."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

#: Where the shared C lies; kernels of several operators among it.
FOLDER = Path(__file__).parent


def sources() -> dict[str, str]:
    """File name -> text of every shared C file, sorted by name."""
    folder = resources.files(__name__)
    names = sorted(item.name for item in folder.iterdir() if item.name.endswith((".c", ".h")))
    return {name: (folder / name).read_text(encoding="utf-8") for name in names}
