"""Whatever is wrong with the input: exit code 2, one sentence, nothing half-written."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from elftools.elf.elffile import ELFFile

from edgeprune.build.seal import seal
from edgeprune.resources import models_folder, targets_folder
from edgeprune.targets import list_targets
from support.command_line import edgeprune
from support.small import float_model, odd_float_model, small_model, unsupported_model

FASHION = models_folder() / "fashion"


@pytest.fixture
def model(tmp_path) -> Path:
    (tmp_path / "small.tflite").write_bytes(small_model())
    return tmp_path / "small.tflite"


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    """A folder of firmware, for tests that leave it as it is."""
    folder = tmp_path_factory.mktemp("built")
    (folder / "small.tflite").write_bytes(small_model())
    assert edgeprune("build", folder / "small.tflite", "--no-profile", "--out", folder / "fw").code == 0
    return folder / "fw"


def data(folder: Path, **changes: np.ndarray) -> Path:
    """Data for the fashion model, as small as it may be, with changes."""
    arrays = {
        "x_train": np.zeros((20, 28, 28, 1), np.float32),
        "y_train": np.arange(20) % 10,
        "x_test": np.zeros((10, 28, 28, 1), np.float32),
        "y_test": np.arange(10),
    }
    np.savez(folder / "data.npz", **{**arrays, **changes})
    return folder / "data.npz"


def recipe(folder: Path, text: str = "", variant: str = "macs_ratio = 2", model: str = "m.keras") -> Path:
    path = folder / "recipe.toml"
    path.write_text(f'model = "{model}"\ndata = "data.npz"\n{text}\n[[variant]]\nmethod = "channel"\n{variant}\n')
    return path


# ---- model files


@pytest.mark.parametrize("command", [("analyze",), ("build", "--out", "OUT")])
def test_missing_file(tmp_path, command: tuple[str, ...]) -> None:
    name, *rest = command
    ended = edgeprune(name, tmp_path / "none.tflite", *(str(tmp_path / "o") if r == "OUT" else r for r in rest))
    assert "none.tflite" in ended.is_users_fault()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["m.tflite", "m.keras", "m.h5"])
@pytest.mark.parametrize("command", ["analyze", "build", "convert", "prune"])
def test_a_file_that_is_no_model(tmp_path, name: str, command: str) -> None:
    (tmp_path / name).write_text("dear diary")
    options = {
        "analyze": (),
        "build": ("--out", tmp_path / "out"),
        "convert": ("--quantize", "none", "--out", tmp_path / "out.tflite"),
        "prune": ("--data", data(tmp_path), "--out", tmp_path / "out.keras"),
    }[command]
    before = sorted(tmp_path.iterdir())
    assert name in edgeprune(command, tmp_path / name, *options).is_users_fault()
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize("length", [0, 3, 8, 100, 1000, -1])
def test_a_truncated_tflite(tmp_path, length: int) -> None:
    (tmp_path / "cut.tflite").write_bytes(small_model()[:length])
    ended = edgeprune("build", tmp_path / "cut.tflite", "--out", tmp_path / "out")
    assert "cut.tflite" in ended.is_users_fault()
    assert not (tmp_path / "out").exists()


def test_an_unsupported_operator(tmp_path) -> None:
    (tmp_path / "m.tflite").write_bytes(unsupported_model())
    said = edgeprune("build", tmp_path / "m.tflite", "--out", tmp_path / "out").is_users_fault()
    assert "SIN" in said
    assert "SOFTMAX" in said, "what is supported is listed"
    assert not (tmp_path / "out").exists()


def test_a_float_model_that_only_int8_has_kernels_for(tmp_path) -> None:
    (tmp_path / "m.tflite").write_bytes(odd_float_model())
    said = edgeprune("build", tmp_path / "m.tflite", "--out", tmp_path / "out").is_users_fault()
    assert "float32" in said
    assert "--quantize int8" in said


def test_nan_weights_in_a_tflite(tmp_path) -> None:
    content = bytearray(float_model())
    place = content.index(np.ones(8, np.float32).tobytes())
    content[place : place + 4] = np.float32("inf").tobytes()
    (tmp_path / "m.tflite").write_bytes(content)
    assert "NaN or infinite" in edgeprune("analyze", tmp_path / "m.tflite").is_users_fault()


def test_nan_weights_in_a_keras_model(tmp_path) -> None:
    from edgeprune import models

    broken = models.load(FASHION / "fashion.keras")
    weights = broken.model.get_weights()
    weights[0][0] = np.nan
    broken.model.set_weights(weights)
    models.save(broken, tmp_path / "nan.keras")
    ended = edgeprune("convert", tmp_path / "nan.keras", "--quantize", "none", "--out", tmp_path / "o.tflite")
    assert "NaN" in ended.is_users_fault()


# ---- data


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"x_train": np.zeros((20, 28, 28, 3), np.float32), "x_test": np.zeros((10, 28, 28, 3), np.float32)}, "shape"),
        ({"y_train": np.full(20, 10)}, "labels"),
        ({"y_test": np.full(10, -1)}, "labels"),
        ({"y_train": np.zeros(19, int)}, "19"),
        ({"x_train": np.full((20, 28, 28, 1), np.nan, np.float32)}, "NaN"),
        ({"x_test": np.full((10, 28, 28, 1), np.inf, np.float32)}, "infinite"),
    ],
)
def test_data_that_does_not_fit(tmp_path, changes: dict[str, np.ndarray], words: str) -> None:
    path = data(tmp_path, **changes)
    out = tmp_path / "out.keras"
    said = edgeprune("prune", FASHION / "fashion.keras", "--data", path, "--out", out).is_users_fault()
    assert words in said
    assert not out.exists()


def test_a_missing_array(tmp_path) -> None:
    np.savez(tmp_path / "d.npz", x_train=np.zeros((2, 2)))
    out = tmp_path / "o.tflite"
    said = edgeprune("convert", FASHION / "fashion.keras", "--data", tmp_path / "d.npz", "--out", out).is_users_fault()
    assert "y_train" in said


def test_validation_data_of_another_model(tmp_path, built) -> None:
    ended = edgeprune("validate", built, "--via", "emulator", "--data", data(tmp_path))
    assert "[28, 28, 1]" in ended.is_users_fault()


def test_measure_inputs_of_another_type(tmp_path, model) -> None:
    assert edgeprune("build", model, "--out", tmp_path / "fw", "--target", "host").code == 0
    np.savez(tmp_path / "i.npz", input_0=np.zeros((1, 8, 8, 1)))
    ended = edgeprune("measure", tmp_path / "fw", "--via", "host", "--input", tmp_path / "i.npz")
    assert "float64" in ended.is_users_fault()


# ---- recipes, targets, ways


@pytest.mark.parametrize(
    ("text", "variant", "words"),
    [
        ("[mesure]", "", "unknown key 'mesure'; did you mean 'measure'?"),
        ("[measure]\nrun = 3", "", "did you mean 'runs'?"),
        ("[measure]\nruns = 0", "", "measure.runs = 0"),
        ("[quantize]\nscheme = 'int7'", "", "int16x8"),
        ("", "macs_ration = 2", "did you mean 'macs_ratio'?"),
        ("", "macs_ratio = 0.5", "macs_ratio = 0.5"),
        ("", "[variant.training]\nrecovery_epoch = 3", "did you mean 'recovery_epochs'?"),
        ("", "[variant.training]\nbatch_size = -1", "batch_size = -1"),
        ("", "name = '../up'", "cannot name a folder"),
        ("", "name = 'dense'", "is taken"),
        ("[measure]\ntargets = ['esp32']", "", "known targets"),
        ("= 3", "", "TOML"),
    ],
)
def test_a_faulty_recipe(tmp_path, text: str, variant: str, words: str) -> None:
    said = edgeprune("run", recipe(tmp_path, text, variant), "--out", tmp_path / "out").is_users_fault()
    assert words in said
    assert not (tmp_path / "out").exists()


def test_a_recipe_without_variants_or_method(tmp_path) -> None:
    (tmp_path / "r.toml").write_text('model = "m"\ndata = "d"\n')
    assert "variant" in edgeprune("run", tmp_path / "r.toml").is_users_fault()
    (tmp_path / "r.toml").write_text('model = "m"\ndata = "d"\n[[variant]]\nmethod = "magic"\n')
    assert "choose one of block, channel" in edgeprune("run", tmp_path / "r.toml").is_users_fault()


def test_a_recipe_whose_files_are_missing(tmp_path) -> None:
    assert "cannot read the recipe" in edgeprune("run", tmp_path / "none.toml").is_users_fault()
    assert "data.npz" in edgeprune("run", recipe(tmp_path), "--out", tmp_path / "out").is_users_fault()
    assert [path.name for path in tmp_path.iterdir()] == ["recipe.toml"]


def test_an_unknown_target(tmp_path, model) -> None:
    ended = edgeprune("build", model, "--target", "esp32", "--out", tmp_path / "out")
    assert f"known targets: {', '.join(list_targets())}; or give the path" in ended.is_users_fault()


def test_a_model_that_mlperf_tiny_does_not_have(tmp_path, model) -> None:
    ended = edgeprune("build", model, "--mlperf", "gpt", "--out", tmp_path / "out")
    assert "no model 'gpt' here; known: kws01, vww01, ic01" in ended.is_users_fault()
    assert not (tmp_path / "out").exists()


def test_a_board_that_times_no_layers(built) -> None:
    ended = edgeprune("emulate", built, "--profile")
    assert "build it with --profile" in ended.is_users_fault()


def test_firmware_that_crashes_is_told_with_place_and_registers(tmp_path, model) -> None:
    assert edgeprune("build", model, "--no-profile", "--out", tmp_path / "fw").code == 0
    elf, manifest = tmp_path / "fw" / "firmware.elf", tmp_path / "fw" / "manifest.json"
    with elf.open("rb") as stream:
        image = ELFFile(stream)
        (symbol,) = image.get_section_by_name(".symtab").get_symbol_by_name("ep_invoke")
        section = image.get_section(symbol["st_shndx"])
        place = symbol["st_value"] & ~1
        offset = place - section["sh_addr"] + section["sh_offset"]
    content = bytearray(elf.read_bytes())
    content[offset : offset + 2] = b"\x00\xde"  # udf #0
    elf.write_bytes(content)
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "firmware_sha256": seal(elf)}))
    ended = edgeprune("measure", tmp_path / "fw", "--via", "emulator")
    assert (ended.code, ended.out) == (2, "")
    sentence, *registers = [line for line in ended.err.splitlines() if not line.startswith("small on")]
    assert f"the firmware took a UsageFault at 0x{place:08x} (ep_invoke+0), called from 0x" in sentence
    assert "an instruction was undefined; reset the board" in sentence
    assert f"pc {place:08x}" in "\n".join(registers)


def test_a_board_that_only_qemu_plays(tmp_path, model) -> None:
    assert edgeprune("build", model, "--target", "mps3-an547", "--no-profile", "--out", tmp_path / "fw").code == 0
    for ended in (edgeprune("emulate", tmp_path / "fw"), edgeprune("measure", tmp_path / "fw", "--via", "emulator")):
        assert "mps3-an547" in ended.is_users_fault()


@pytest.mark.parametrize(
    ("via", "words"),
    [
        ("telepathy", "no way"),
        ("serial:", "name the serial port"),
        ("serial:/dev/none", "/dev/none"),
        ("usb:1", "no way"),
        ("adb:1", "does not run on adb:1"),
        ("qemu", "QEMU has no board like cortex-m4"),
        ("qemu:x", "takes nothing behind it"),
    ],
)
def test_an_unknown_way(built, via: str, words: str) -> None:
    assert words in edgeprune("measure", built, "--via", via).is_users_fault()


def test_a_folder_that_is_no_firmware(tmp_path) -> None:
    for command in (("measure", "--via", "emulator"), ("validate", "--via", "emulator"), ("emulate", "--pty")):
        assert "edgeprune build" in edgeprune(command[0], tmp_path, *command[1:]).is_users_fault()


@pytest.mark.parametrize(
    ("content", "words"),
    [(None, "No such file or directory"), ("text", "is no program"), ("x86", "is a program for EM_X86_64")],
)
def test_a_benchmark_model_that_no_phone_can_start(built: Path, tmp_path, content: str | None, words: str) -> None:
    tool = tmp_path / "benchmark_model"
    if content is not None:
        header = b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x02\x00\x3e\x00\x01" + bytes(43)
        tool.write_bytes(header if content == "x86" else content.encode())
    said = edgeprune("measure", built, "--via", "adb:", "--benchmark-model", tool).is_users_fault()
    assert words in said and said.endswith("give the benchmark_model for Android on 64-bit Arm")


@pytest.mark.parametrize("cpus", ["", "a", "\N{SUPERSCRIPT TWO}", "-1", "4,"])
def test_cpus_that_are_no_numbers(built: Path, cpus: str) -> None:
    said = edgeprune("measure", built, "--via", "adb:", "--cpus", cpus).is_users_fault()
    assert f"--cpus {cpus} are no numbers of CPUs" in said


# ---- the target is too small


@pytest.mark.parametrize(("old", "new", "words"), [
    ("size = 0x4_0000", "size = 4400", "largest tensor: tensor_"),
    ("size = 0x10_0000", "size = 3000", "exceed the flash of cortex-m4 (3,000 B) by"),
])  # fmt: skip
def test_a_model_too_large(tmp_path, model, old: str, new: str, words: str) -> None:
    text = (targets_folder() / "cortex-m4.toml").read_text()
    assert old in text
    (tmp_path / "tiny.toml").write_text(text.replace(old, new))
    ended = edgeprune("build", model, "--target", tmp_path / "tiny.toml", "--out", tmp_path / "out")
    assert words in ended.is_users_fault()
    assert not (tmp_path / "out").exists()


# ---- the machine


def test_no_disk_space(tmp_path, model, monkeypatch) -> None:
    def full(self: Path, *_: object, **__: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self))

    monkeypatch.setattr(Path, "write_text", full)
    before = sorted(tmp_path.iterdir())
    assert "the disk is full" in edgeprune("build", model, "--out", tmp_path / "out").is_users_fault()
    assert sorted(tmp_path.iterdir()) == before


def test_a_really_full_disk(tmp_path, model) -> None:
    """A limit on the size of files stops zig, the linker and us like a disk that fills up."""
    code = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000));"
        f"sys.argv = ['edgeprune', 'build', {str(model)!r}, '--out', {str(tmp_path / 'out')!r}];"
        "from edgeprune.cli import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["small.tflite"]


@pytest.mark.skipif(os.getuid() == 0, reason="root may write anywhere")
def test_no_write_permission(tmp_path, model) -> None:
    (tmp_path / "locked").mkdir(mode=0o500)
    ended = edgeprune("build", model, "--out", tmp_path / "locked" / "out")
    assert "no permission" in ended.is_users_fault()


def test_a_place_that_cannot_be_written(model) -> None:
    assert "cannot write" in edgeprune("build", model, "--out", "/proc/edgeprune").is_users_fault()


def test_a_foreign_folder_as_output(tmp_path, model) -> None:
    assert "choose another folder" in edgeprune("build", model, "--out", tmp_path).is_users_fault()
    assert model.exists()


# ---- Ctrl-C


def _listen() -> None:
    """Heed Ctrl-C even where the tests run in the background, which ignores it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _interrupt(command: list[str], word: str) -> subprocess.CompletedProcess[str]:
    """Start, wait until stderr speaks of `word`, press Ctrl-C."""
    child = subprocess.Popen(
        [sys.executable, "-m", "edgeprune", *command],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        preexec_fn=_listen,  # noqa: PLW1509  # it only resets a signal
    )  # fmt: skip
    said = []
    assert child.stderr is not None
    for line in child.stderr:
        said.append(line)
        if word in line:
            break
    time.sleep(3)
    os.killpg(child.pid, signal.SIGINT)
    out, err = child.communicate(timeout=60)
    return subprocess.CompletedProcess(command, child.returncode, out, "".join(said) + err)


def test_ctrl_c_while_training(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("EDGEPRUNE_CACHE", str(tmp_path / "cache"))
    job = tmp_path / "job.toml"
    job.write_text(
        f'model = "{FASHION / "fashion.keras"}"\ndata = "{FASHION / "fashion.npz"}"\n'
        '[measure]\ntargets = ["host"]\n[[variant]]\nmethod = "channel"\n'
    )
    done = _interrupt(["run", str(job), "--out", str(tmp_path / "out")], "prune channels")
    assert done.returncode == 130, done.stderr
    assert "Traceback" not in done.stderr
    assert "interrupted" in done.stderr.splitlines()[-1]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cache", "job.toml"], "no half-written folder stays"


def test_ctrl_c_while_emulating(built) -> None:
    child = subprocess.Popen(
        [sys.executable, "-m", "edgeprune", "emulate", str(built), "--pty"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert child.stdout is not None
    path = child.stdout.readline().strip()
    assert Path(path).exists()
    child.send_signal(signal.SIGINT)
    _, err = child.communicate(timeout=30)
    assert "Traceback" not in err
    assert child.returncode in (0, 130)


# ---- and --json stays clean


def test_json_is_one_document(tmp_path, model) -> None:
    for command in (
        ("analyze", model, "--json"),
        ("build", model, "--out", tmp_path / "fw", "--json"),
        ("measure", tmp_path / "fw", "--via", "emulator", "--runs", "2", "--json"),
        ("validate", tmp_path / "fw", "--via", "emulator", "--inputs", "2", "--json"),
        ("targets", "--json"),
        ("doctor", "--json"),
    ):
        ended = edgeprune(*command)
        assert ended.code == 0, ended.err
        json.loads(ended.out)
