"""A short run of both fuzzers; `make fuzz` runs each for ten minutes."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from emulate.portable import copy_portable
from fuzz import corpus

SECONDS = int(os.environ.get("EDGEPRUNE_FUZZ_SECONDS", "10"))
ROOT = Path(__file__).resolve().parents[2]
LONGEST = 4096


def executions(command: list[str], folder: Path) -> int:
    """Run libFuzzer; it ends with an error and the input at its first finding."""
    options = [f"-max_total_time={SECONDS}", f"-max_len={LONGEST}", "-timeout=20", f"-artifact_prefix={folder}/"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
    done = subprocess.run(
        [*command, *options, "-print_final_stats=1"], capture_output=True, text=True, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr[-4000:]
    lines = [line for line in done.stderr.splitlines() if re.search(r"cov:|DONE|stat::number_of_executed", line)]
    sys.stdout.write("\n".join([*lines[-3:], ""]))
    return int(re.findall(r"stat::number_of_executed_units: (\d+)", done.stderr)[-1])


def test_the_firmwares_parser(tmp_path: Path) -> None:
    clang = shutil.which("clang")
    if clang is None:
        pytest.skip("clang is not installed")
    sources = tmp_path / "src"
    sources.mkdir()
    names = copy_portable(sources, Path(__file__).parent / "firmware")
    flags = ["-std=c99", "-g", "-O1", "-Wall", "-Wextra", "-Werror", "-DEP_PROFILE=1", "-DEP_MLPERF_UINT8=1"]
    sanitizers = ["-fsanitize=fuzzer,address,undefined", "-fno-sanitize-recover=all"]
    built = subprocess.run(
        [clang, *flags, *sanitizers, *names, "-o", "fuzz"], cwd=sources, capture_output=True, text=True, check=False
    )
    if "cannot find" in built.stderr and "clang_rt" in built.stderr:
        pytest.skip("clang has no sanitizers; install libclang-rt-dev")
    assert built.returncode == 0, built.stderr
    seeds = corpus.write(tmp_path / "corpus", corpus.firmware_seeds())
    words = corpus.write_dictionary(tmp_path / "words")
    assert executions([str(sources / "fuzz"), str(seeds), f"-dict={words}"], tmp_path) > 100 * SECONDS


def test_the_hosts_parser(tmp_path: Path) -> None:
    if importlib.util.find_spec("atheris") is None:
        pytest.skip("atheris is not installed")
    seeds = corpus.write(tmp_path / "corpus", corpus.host_seeds())
    words = corpus.write_dictionary(tmp_path / "words")
    harness = Path(__file__).with_name("host.py")
    assert executions([sys.executable, str(harness), str(seeds), f"-dict={words}"], tmp_path) > 10 * SECONDS
