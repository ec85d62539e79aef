"""The LiteRT runner on this machine and on emulated Arm cores: outputs, report, errors."""

from __future__ import annotations

import json
import os
import subprocess

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from edgeprune.build import build_litert_runner
from edgeprune.build.litert_library import VARIABLE
from edgeprune.emulate.arm_linux import ARM_CORES
from edgeprune.errors import DeviceError, ModelError, UserError
from edgeprune.measure import litert
from edgeprune.measure.arrays import InputBatch
from edgeprune.measure.runner import RunnerOptions, RunnerReport, emulated_instructions, read_report
from edgeprune.measure.values import Origin
from edgeprune.tflite import read_bytes
from support.runner import arm_runner, host_runner, run_on_arm
from support.small import small_model
from support.tflite_model import ModelBuilder

MODEL = read_bytes(small_model(), "small")
RUNNER = host_runner()
REPORT = {
    "format": 1, "runtime": "LiteRT 2.3.0", "threads": 1, "cpus": [4], "delegate": "XNNPACK", "init_us": 5.0,
    "first_us": 9.0, "warmup_us": [3], "runs_us": [4.0, 1.0, 2.0, 3.0], "peak_bytes": 7, "spmm": None, "operators": [],
}  # fmt: skip


def run(*arguments: object) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([RUNNER.program, *map(str, arguments)], capture_output=True, timeout=60, check=False)


def report(model, **options: object) -> RunnerReport:
    command = RunnerOptions(library=str(RUNNER.library.path), **options).command(str(RUNNER.program), str(model))
    done = subprocess.run(command, capture_output=True, timeout=60, check=False)
    return read_report(done.returncode, done.stdout, done.stderr, "host")


def examples(count: int) -> np.ndarray:
    return np.random.default_rng(1).integers(-128, 128, (count, 1, 8, 8, 1)).astype(np.int8)


@pytest.fixture
def path(tmp_path):
    (tmp_path / "m.tflite").write_bytes(MODEL.content)
    return tmp_path / "m.tflite"


def test_outputs_are_those_of_the_interpreter(path, tmp_path) -> None:
    batch = examples(3)
    (tmp_path / "in").write_bytes(batch.tobytes())
    told = report(path, warmup=2, runs=5, inputs=str(tmp_path / "in"), outputs=str(tmp_path / "out"))
    expected = litert.run_on_host(MODEL, InputBatch((batch,)))[0]
    assert (tmp_path / "out").read_bytes() == expected.tobytes()
    assert (len(told.warmup_us), len(told.runs_us)) == (2, 5)
    assert told.runtime.startswith("LiteRT 2.")
    assert (told.threads, told.cpus, told.spmm, told.operators) == (1, (), None, ())
    assert told.peak_bytes > 1_000_000


def test_bytes_are_in_the_models_order_and_not_the_signatures(tmp_path) -> None:
    builder = ModelBuilder()
    ports = []
    for name, size in (("NEG", 4), ("ABS", 2)):
        source, result = builder.input((1, size), "float32"), builder.tensor((1, size), "float32")
        builder.operator(name, (source,), (result,))
        builder.output(result)
        ports.append((source, result))
    named = [[schema.TensorMapT(name=str(i).encode(), tensorIndex=i) for i in pair] for pair in reversed(ports)]
    builder.model.signatureDefs = [
        schema.SignatureDefT([n[0] for n in named], [n[1] for n in named], signatureKey=b"main", subgraphIndex=0)
    ]
    (tmp_path / "m.tflite").write_bytes(builder.build())
    values = np.arange(-3, 3, dtype=np.float32)
    (tmp_path / "in").write_bytes(values.tobytes())
    report(tmp_path / "m.tflite", runs=1, inputs=str(tmp_path / "in"), outputs=str(tmp_path / "out"))
    found = np.frombuffer((tmp_path / "out").read_bytes(), np.float32)
    np.testing.assert_array_equal(found, [3, 2, 1, 0, 1, 2])


def test_profile_and_pinning(path) -> None:
    cpu = min(os.sched_getaffinity(0))
    told = report(path, runs=3, profile=True, cpus=(cpu,))
    assert told.cpus == (cpu,)
    assert told.delegate == "XNNPACK"
    assert told.spmm is False
    assert any("Convolution" in operator.name for operator in told.operators)


def test_a_graph_that_no_delegate_takes(tmp_path) -> None:
    model = ModelBuilder()
    source, result = model.input((4,), "int32"), model.tensor((4,), "int32")
    divisor = model.tensor((4,), "int32", data=np.full(4, 3))
    model.operator("FLOOR_MOD", (source, divisor), (result,), schema.FloorModOptionsT())
    model.output(result)
    (tmp_path / "m.tflite").write_bytes(model.build())
    told = report(tmp_path / "m.tflite", runs=1, profile=True)
    assert told.delegate == ""
    assert [operator.name for operator in told.operators] == ["FLOOR_MOD"]


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        ((), 2, "usage: "),
        (("-",), 2, "no model is built into this program"),
        (("none.tflite", "--library", RUNNER.library.path), 2, "cannot read none.tflite: No such file"),
        (("/", "--library", RUNNER.library.path), 2, "cannot read /: it is no file"),
        (("m", "--runs", "0"), 2, "--runs takes whole numbers from 1 to 1000000, not '0'"),
        (("m", "--runs", "3x"), 2, "--runs takes one whole number, not '3x'"),
        (("m", "--runs"), 2, "--runs takes"),
        (("m", "--inputs"), 2, "--inputs needs a value"),
        (("m", "--cpus", "1,"), 2, "--cpus takes whole numbers"),
        (("m", "--cpus", "1000"), 2, "cannot pin to the CPUs of --cpus: Invalid argument"),
        (("m", "--speed", "9"), 2, "there is no option --speed"),
        (("m", "n"), 2, "one model at a time: m or n"),
        (("m", "--library", "/none.so"), 2, "cannot open LiteRT's library: /none.so: "),
    ],
)
def test_wrong_arguments(arguments, code: int, says: str) -> None:
    done = run(*arguments)
    assert done.returncode == code
    assert says in done.stderr.decode()
    assert done.stdout == b""
    assert done.stderr.count(b"\n") == 1


def test_files_that_do_not_fit(path, tmp_path) -> None:
    (tmp_path / "in").write_bytes(bytes(65))
    with pytest.raises(DeviceError, match="in has 65 bytes, and an inference takes 64"):
        report(path, inputs=str(tmp_path / "in"))
    (tmp_path / "damaged").write_bytes(b"not a model")
    with pytest.raises(ModelError, match=r"host cannot run the model: LiteRT cannot read the model \(status \d+\)"):
        report(tmp_path / "damaged")


def test_statistics_are_those_of_the_benchmark_tool() -> None:
    told = read_report(0, b"INFO: chatter\n" + json.dumps(REPORT).encode() + b"\n", b"", "phone").statistics()
    assert (told.count, told.min_us, told.max_us, told.avg_us, told.median_us) == (4, 1, 4, 2.5, 2.5)
    assert told.p5_us == pytest.approx(np.percentile([1, 2, 3, 4], 5))
    assert told.p95_us == pytest.approx(np.percentile([1, 2, 3, 4], 95))
    assert (told.init_us, told.first_us, told.warmup_avg_us) == (5, 9, 3)


@pytest.mark.parametrize(
    ("code", "out", "says"),
    [
        (0, b"", "is no report"),
        (0, json.dumps(REPORT).encode()[:-9], "is no report"),
        (0, json.dumps({**REPORT, "runs_us": []}).encode(), "is no report"),
        (0, json.dumps({**REPORT, "format": 2}).encode(), "is no report"),
        (0, json.dumps({**REPORT, "init_us": -1.0}).encode(), "is no report"),
        (137, json.dumps(REPORT).encode(), "ended on phone with code 137: Killed"),
    ],
)
def test_what_is_no_report(code: int, out: bytes, says: str) -> None:
    with pytest.raises(DeviceError, match=says):
        read_report(code, out, b"Killed\n", "phone")


def test_the_users_library(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv(VARIABLE, str(RUNNER.library.path))
    if os.uname().machine == "x86_64":
        with pytest.raises(UserError, match=r"libLiteRt.so is a library for EM_X86_64; give a libLiteRt.so for 64"):
            build_litert_runner()
    with pytest.raises(UserError, match=r"cannot read .*none.so as LiteRT's library"):
        build_litert_runner(tmp_path / "none.so")


@pytest.mark.parametrize("core", ["cortex-a53", "cortex-a76"])
def test_an_emulated_arm_core_computes_the_same(path, tmp_path, core: str) -> None:
    batch = examples(4)
    (tmp_path / "in").write_bytes(batch.tobytes())
    options = {"inputs": str(tmp_path / "in"), "outputs": str(tmp_path / "out"), "runs": 1, "profile": True}
    told = run_on_arm(arm_runner(), path, core, **options)
    assert told.delegate == "XNNPACK"
    assert (tmp_path / "out").read_bytes() == litert.run_on_host(MODEL, InputBatch((batch,)))[0].tobytes()


def test_instructions_of_an_inference(tmp_path) -> None:
    runner, counts = arm_runner(), []
    options = RunnerOptions(library=str(runner.library.path))
    for channels in (8, 64):
        model = tmp_path / f"{channels}.tflite"
        model.write_bytes(small_model(channels=channels))
        counts.append(
            emulated_instructions((str(runner.program), str(model)), options, ARM_CORES["cortex-a76"], "phone-a76")
        )
    assert all(c.origin is Origin.EMULATED and c.unit == "instructions" and c.device == "phone-a76" for c in counts)
    assert "QEMU" in counts[0].note
    assert 1_000 < counts[0].value < counts[1].value < 10_000_000
