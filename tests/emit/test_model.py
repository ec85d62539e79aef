"""Generated C: deterministic, complete, checked against its runtime."""

from __future__ import annotations

import subprocess

import pytest

from edgeprune.emit import SourceTree, emit_firmware, emit_model, load_platform
from edgeprune.errors import TargetError
from edgeprune.plan import make_plan
from edgeprune.targets import load_target
from edgeprune.tflite import read_bytes
from support.host import host_toolchains
from support.small import small_model

TARGET = load_target("cortex-m4")


def emitted(name: str = "small") -> SourceTree:
    model = read_bytes(small_model(), "small.tflite")
    return emit_model(make_plan(model.graph, TARGET), name, model.sha256)


def test_equal_models_give_equal_bytes() -> None:
    assert emitted() == emitted()
    assert emit_firmware("cmsdk", TARGET) == emit_firmware("cmsdk", TARGET)


def test_every_included_file_is_there() -> None:
    files = {file.path: file.text for file in emitted().merged(emit_firmware("cmsdk", TARGET)).files}
    for text in files.values():
        for line in text.splitlines():
            if line.startswith('#include "'):
                assert line.split('"')[1] in files


def test_only_the_kernels_in_use_are_there() -> None:
    paths = {file.path for file in emitted().files}
    assert "ep_softmax_table_s8.c" in paths
    assert "ep_max_pool_2d_s8.c" not in paths


def test_names_cannot_break_the_code_or_the_protocol() -> None:
    text = next(f.text for f in emitted('a"b,c%\n*/').files if f.path == "ep_model.c")
    assert 'ep_model_name[] = "a_b_c___/"' in text


def test_foreign_runtime_is_refused_by_the_compiler(tmp_path) -> None:
    emitted().merged(emit_firmware("host", None)).write(tmp_path)
    runtime = tmp_path / "ep_runtime.h"
    runtime.write_text(runtime.read_text().replace("EP_RUNTIME_ABI_VERSION 1", "EP_RUNTIME_ABI_VERSION 2"))
    command = [*host_toolchains()[0].command, "-c", "ep_model.c", "-o", "x.o"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "generate it again" in done.stderr


def test_trees_do_not_merge_over_each_other() -> None:
    with pytest.raises(ValueError, match=r"a\.c"):
        SourceTree.of({"a.c": "1"}).merged(SourceTree.of({"a.c": "2"}))


def test_unknown_platform_names_the_known_ones() -> None:
    with pytest.raises(TargetError, match="cmsdk"):
        load_platform("nonesuch")
