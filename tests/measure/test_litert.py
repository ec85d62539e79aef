"""LiteRT and tflite-runtime on this host."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from edgeprune.build import build_firmware
from edgeprune.errors import ModelError, UserError
from edgeprune.measure import litert
from edgeprune.measure.arrays import random_batch
from edgeprune.measure.host import run_deployment
from edgeprune.measure.validate import reference_outputs
from edgeprune.measure.values import Origin
from edgeprune.targets import load_target
from edgeprune.tflite import read_bytes
from support.small import CLASSES, small_model

MODEL = read_bytes(small_model(), "small")


@pytest.fixture
def path(tmp_path):
    (tmp_path / "m.tflite").write_bytes(MODEL.content)
    return tmp_path / "m.tflite"


@pytest.mark.parametrize("runtime", litert.runtimes())
def test_fields_of_the_benchmark_tool(path, runtime: str) -> None:
    result = litert.benchmark(path, runtime, threads=1, runs=1)
    statistics = result.statistics
    assert statistics.count >= 50
    assert statistics.min_us <= statistics.p5_us <= statistics.median_us <= statistics.p95_us <= statistics.max_us
    assert statistics.min_us <= statistics.avg_us <= statistics.max_us
    assert min(dataclasses.astuple(statistics)) >= 0
    assert (result.device, result.via, result.latency.origin) == ("host", "host", Origin.MEASURED)
    assert result.latency.value == pytest.approx(statistics.median_us / 1000)
    assert "phone" in result.latency.note


def test_a_model_that_no_runtime_takes(tmp_path) -> None:
    (tmp_path / "m.tflite").write_bytes(MODEL.content[:200])
    with pytest.raises(ModelError, match="litert cannot run"):
        litert.benchmark(tmp_path / "m.tflite", "litert", 1)


def test_scores_follow_the_reference() -> None:
    examples = np.random.default_rng(0).random((20, 8, 8, 1)).astype(np.float32)
    scores = litert.scores(MODEL, examples)
    assert scores.shape == (20, CLASSES)
    np.testing.assert_allclose(scores.sum(axis=1), 1, atol=0.02)
    inputs = random_batch(MODEL.graph.input_tensors(), 20)
    fast, exact = litert.run_on_host(MODEL, inputs)[0], reference_outputs(MODEL.content, inputs)[0]
    assert np.abs(fast.astype(int) - exact.astype(int)).max() <= 4  # XNNPACK rounds in another way


def test_firmware_has_no_host_time(tmp_path) -> None:
    firmware = build_firmware(MODEL, load_target("cortex-m4"), tmp_path / "fw")
    with pytest.raises(UserError, match="whose time this machine cannot tell"):
        run_deployment(firmware, random_batch(MODEL.graph.input_tensors(), 1), 1)


def test_a_deployment_runs_on_every_runtime(tmp_path) -> None:
    firmware = build_firmware(MODEL, load_target("phone-a76"), tmp_path / "phone")
    results, outputs = run_deployment(firmware, random_batch(MODEL.graph.input_tensors(), 2), 50)
    assert len(results) == len(litert.runtimes())
    assert {result.device for result in results} == {"host"}
    assert outputs[0].shape == (2, 1, CLASSES)
