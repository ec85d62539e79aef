"""From a plan to C sources: pure functions that return a `SourceTree`."""

from __future__ import annotations

from edgeprune.emit.firmware import Platform, emit_firmware, load_platform
from edgeprune.emit.model import emit_model
from edgeprune.emit.tree import SourceFile, SourceTree

__all__ = ["Platform", "SourceFile", "SourceTree", "emit_firmware", "emit_model", "load_platform"]
