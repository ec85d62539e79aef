"""From sources to a firmware image, its sizes and its manifest."""

from __future__ import annotations

from edgeprune.build.firmware import MLPERF_MODELS, Firmware, build_firmware, load_firmware
from edgeprune.build.litert_library import LiteRtLibrary, litert_library
from edgeprune.build.litert_runner import LiteRtRunner, build_litert_runner
from edgeprune.build.manifest import LayerEntry, Manifest, SparseEntry
from edgeprune.build.native import NativeProgram, build_native
from edgeprune.build.toolchain import Toolchain, find_toolchain

__all__ = [
    "MLPERF_MODELS",
    "Firmware",
    "LayerEntry",
    "LiteRtLibrary",
    "LiteRtRunner",
    "Manifest",
    "NativeProgram",
    "SparseEntry",
    "Toolchain",
    "build_firmware",
    "build_litert_runner",
    "build_native",
    "find_toolchain",
    "litert_library",
    "load_firmware",
]
