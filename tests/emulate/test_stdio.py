"""Without --pty the board's line is the process's own input and output."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from edgeprune.build import build_firmware
from edgeprune.targets import load_target
from edgeprune.tflite import read_bytes
from support.small import small_model


@pytest.mark.parametrize(("option", "profile"), [((), "0"), (("--profile",), "1")])
def test_commands_by_pipe(tmp_path, option: tuple[str, ...], profile: str) -> None:
    model = read_bytes(small_model(), "small")
    build_firmware(model, load_target("cortex-m4"), tmp_path / "fw")
    command = [sys.executable, "-m", "edgeprune", "emulate", str(tmp_path / "fw"), *option]
    done = subprocess.run(command, input=b"name%ep id%", capture_output=True, timeout=60, check=False)
    lines = done.stdout.decode().split("\r\n")
    assert done.returncode == 0, done.stderr
    assert "m-name-dut-[cortex-m4]" in lines
    assert f"ep-id-[small,{model.sha256}," in done.stdout.decode()
    manifest = json.loads((tmp_path / "fw" / "manifest.json").read_text())
    digest = manifest["profile_sha256" if profile == "1" else "firmware_sha256"]
    assert next(line for line in lines if line.startswith("ep-id-")).endswith(f",{profile},{digest},cortex-m4]")
