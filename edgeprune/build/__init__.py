"""From sources to a firmware image, its sizes and its manifest."""

from __future__ import annotations

from edgeprune.build.firmware import MLPERF_MODELS, Firmware, build_firmware, load_firmware
from edgeprune.build.manifest import LayerEntry, Manifest
from edgeprune.build.native import NativeProgram, build_native
from edgeprune.build.toolchain import Toolchain, find_toolchain

__all__ = [
    "MLPERF_MODELS",
    "Firmware",
    "LayerEntry",
    "Manifest",
    "NativeProgram",
    "Toolchain",
    "build_firmware",
    "build_native",
    "find_toolchain",
    "load_firmware",
]
