"""The protocol buffer that benchmark_model writes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeprune.errors import DeviceError
from edgeprune.measure.benchmark_tool import parse_result_file
from edgeprune.measure.benchmark_tool.result_file import SCHEMA
from edgeprune.measure.protobuf import message_class

# Written by hand from the wire format: field 2 (length-delimited) holds floats (wire type 5).
_LATENCY = b"".join(
    bytes([number << 3 | 5]) + value
    for number, value in (
        (1, b"\x00\x00\x80\x3f"), (2, b"\x00\x00\x00\x3f"), (3, b"\x00\x00\x00\x40"), (4, b"\x00\x00\x80\x3e"),
        (8, b"\x00\x00\xc0\x3f"), (10, b"\x00\x00\x20\x40"),
    )
)  # fmt: skip
OLD = b"\x12" + bytes([len(_LATENCY)]) + _LATENCY + b"\x22\x02\x10\x32"


def test_bytes_of_the_wire() -> None:
    run = parse_result_file(OLD)
    assert (run.init_us, run.warmup_avg_us, run.runs.count) == (1500, 2500, 50)
    assert (run.runs.avg_us, run.runs.min_us, run.runs.max_us, run.runs.std_us) == (1000, 500, 2000, 250)
    assert (run.first_us, run.runs.median_us, run.peak_mb) == (None, None, None)


def test_later_versions() -> None:
    message = message_class(SCHEMA, "BenchmarkResult").FromString(OLD)
    message.latency_metrics.median_ms, message.latency_metrics.first_inference_ms = 0.75, 4.0
    message.memory_metrics.overall_footprint_kb, message.memory_metrics.peak_mem_mb = 2048, 3.5
    unknown = b"\xfa\x01\x03new"  # field 31
    run = parse_result_file(message.SerializeToString() + unknown)
    assert (run.runs.median_us, run.first_us, run.overall_mb, run.peak_mb) == (750, 4000, 2, 3.5)


@settings(deadline=None)
@given(st.integers(0, len(OLD) - 1))
def test_a_cut_file_is_told(end: int) -> None:
    with pytest.raises(DeviceError, match=r"damaged or cut|lacks"):
        parse_result_file(OLD[:end])


@settings(deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_give_a_result_or_a_sentence(content: bytes) -> None:
    try:
        parse_result_file(content)
    except DeviceError as error:
        assert "result file" in str(error)
