"""The generated folder is a library that a CMake project adds with one line, warning-free."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from edgeprune.build import build_firmware
from edgeprune.targets import load_target
from edgeprune.tflite import read_bytes
from support.reference import random_inputs, reference_outputs
from support.small import small_model

cmake = pytest.importorskip("cmake")

_PROJECT = """
cmake_minimum_required(VERSION 3.13)
project(their_project LANGUAGES C)
add_subdirectory(firmware/src edgeprune_model)
target_compile_options(edgeprune_model PRIVATE -Wall -Wextra -Wconversion -pedantic -Werror)
add_executable(app app.c)
target_link_libraries(app PRIVATE edgeprune_model)
"""
_APP = """
#include <stdio.h>

#include "ep_model.h"

int main(void) {
    size_t got = fread(ep_input(0), 1, EP_INPUT_BYTES_TOTAL, stdin);
    ep_invoke();
    size_t put = fwrite(ep_output(0), 1, EP_OUTPUT_BYTES_TOTAL, stdout);
    return got == EP_INPUT_BYTES_TOTAL && put == EP_OUTPUT_BYTES_TOTAL ? 0 : 1;
}
"""


def _cmake(*arguments: str, folder: Path) -> None:
    program = Path(cmake.CMAKE_BIN_DIR) / "cmake"
    done = subprocess.run([program, *arguments], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.skipif(not shutil.which("make"), reason="make is not installed")
def test_a_project_of_ones_own(tmp_path) -> None:
    content = small_model()
    build_firmware(read_bytes(content, "m"), load_target("cortex-m4"), tmp_path / "firmware", profile=False)
    (tmp_path / "CMakeLists.txt").write_text(_PROJECT)
    (tmp_path / "app.c").write_text(_APP)
    compiler = tmp_path / "compiler"
    compiler.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m ziglang cc "$@"\n')
    compiler.chmod(0o755)
    _cmake("-S", ".", "-B", "build", f"-DCMAKE_C_COMPILER={compiler}", folder=tmp_path)
    _cmake("--build", "build", folder=tmp_path)
    for row in random_inputs(content, 3):
        said = subprocess.run([tmp_path / "build" / "app"], input=row[0].tobytes(), capture_output=True, check=True)
        (wanted,) = reference_outputs(content, [row])[0]
        np.testing.assert_array_equal(np.frombuffer(said.stdout, wanted.dtype).reshape(wanted.shape), wanted)
