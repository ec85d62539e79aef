"""Where the data files that travel with the package lie.

`targets/`, `firmware_templates/` and `models/` stand beside the package in a
checkout and inside it in an installed wheel, so every access goes through here.
Also the folder for what may be rebuilt at any time (compiled helpers, caches).
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

import platformdirs

_PACKAGE = Path(__file__).resolve().parent


def _data_folder(name: str) -> Path:
    """Return the folder `name` of the checkout, or its copy inside the wheel."""
    inside_wheel = _PACKAGE / "_data" / name
    return inside_wheel if inside_wheel.is_dir() else _PACKAGE.parent / name


def targets_folder() -> Path:
    """Folder of the target profiles (`<name>.toml`)."""
    return _data_folder("targets")


def firmware_templates_folder() -> Path:
    """Folder of the firmware platforms (`<platform>/`)."""
    return _data_folder("firmware_templates")


def models_folder() -> Path:
    """Folder of the models that ship with edgeprune (`<name>/`)."""
    return _data_folder("models")


def cache_folder(name: str) -> Path:
    """Create and return the user's cache folder `name`.

    Falls back to a private temporary folder where the home folder cannot be
    written, as in a container with a read-only root.
    """
    for base in (
        Path(os.environ.get("EDGEPRUNE_CACHE") or platformdirs.user_cache_path("edgeprune")),
        Path(tempfile.gettempdir()) / f"edgeprune-{os.getuid()}",
    ):
        folder = base / name
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError:
            continue
        if os.access(folder, os.W_OK):
            return folder
    return Path(tempfile.mkdtemp(prefix=f"edgeprune-{name}-"))


def checkpoints_folder(job: Path) -> Path:
    """The cache folder for checkpoints of the job that this file belongs to (a recipe, a model to be written)."""
    return cache_folder("checkpoints") / hashlib.sha256(str(job.resolve()).encode()).hexdigest()[:16]
