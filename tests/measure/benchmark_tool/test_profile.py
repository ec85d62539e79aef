"""Tables of operators, in the layouts of several versions."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeprune.errors import DeviceError
from edgeprune.measure.benchmark_tool import OperatorTime, parse_profile

LOG = (Path(__file__).parent / "recorded" / "2022_logcat.txt").read_text()
TEXT = """\
Profiling Info for Benchmark Initialization:
============================== Run Order ==============================
\t             [node type]\t  [first]\t [avg ms]\t     [%]\t  [cdf%]\t  [mem KB]\t[times called]\t[Name]
\t         AllocateTensors\t    0.130\t    0.065\t100.000%\t100.000%\t     0.000\t        2\tAllocateTensors/0

Operator-wise Profiling Info for Regular Benchmark Runs:
============================== Run Order ==============================
\t             [node type]\t  [first]\t [avg ms]\t     [%]\t  [cdf%]\t  [mem KB]\t[times called]\t[Name]
\t                 CONV_2D\t    7.375\t    6.549\t 12.047%\t 12.047%\t     0.000\t        1\t[unet/Relu;unet/conv, 2]:0
\t                SOFTMAX\t    0.375\t    0.549\t 12.047%\t 12.047%\t     0.000\t        2\t[out]:1

============================== Top by Computation Time ==============================
\t             [node type]\t  [first]\t [avg ms]\t     [%]\t  [cdf%]\t  [mem KB]\t[times called]\t[Name]
\t                 CONV_2D\t    7.375\t    6.549\t 12.047%\t 12.047%\t     0.000\t        1\t[unet/Relu;unet/conv, 2]:0

Number of nodes executed: 2
"""
CSV = """\
Profiling Info for Benchmark Initialization:
============================== Run Order ==============================
node type, start, first, avg_ms, %, cdf%, mem KB, times called, name
AllocateTensors, 0, 0.13, 0.065, 100%, 100%, 0, 2, AllocateTensors/0

Operator-wise Profiling Info for Regular Benchmark Runs:
============================== Run Order ==============================
node type, start, first, avg_ms, %, cdf%, mem KB, times called, name
TfLiteXNNPackDelegate, 0, 9.5, 9.25, 99%, 99%, 0, 1, [probs]:64
SOFTMAX, 9.25, 0.02, 0.01, 1%, 100%, 0, 1, [a\tb]:65

Delegate internal:
============================== Run Order ==============================
node type, start, first, avg_ms, %, cdf%, mem KB, times called, name
Convolution (NHWC, F32) SPMM, 0, 5.5, 5.25, 60%, 60%, 0, 1, Delegate/Convolution (NHWC\t F32) SPMM:0
Fully Connected (NC, F32) GEMM, 0, 4, 4, 40%, 100%, 0, 1, Delegate/Fully Connected (NC\t F32) GEMM:1

"""


def test_tables_of_text_count_inferences_only() -> None:
    assert parse_profile(TEXT) == (
        OperatorTime("CONV_2D", "unet/Relu;unet/conv, 2]:0", 6549.0, 1),
        OperatorTime("SOFTMAX", "out]:1", 549.0, 2),
    )


def test_a_delegates_operators_stand_in_its_place() -> None:
    assert [(row.kind, round(row.mean_us)) for row in parse_profile(CSV)] == [
        ("SOFTMAX", 10),
        ("Convolution (NHWC, F32) SPMM", 5250),
        ("Fully Connected (NC, F32) GEMM", 4000),
    ]


def test_a_log_whose_tabs_are_spaces() -> None:
    assert parse_profile(LOG) == ()
    rows = parse_profile(
        LOG.replace("Profiling Info for Benchmark Initialization", "Profiling Info for Regular Benchmark Runs")
    )
    assert [(row.kind, row.mean_us, row.calls) for row in rows] == [
        ("ModifyGraphWithDelegate", 54571.0, 1),
        ("AllocateTensors", 1419.0, 2),
    ]


def test_without_a_profile_there_are_no_operators() -> None:
    assert parse_profile("") == ()


def test_a_damaged_row_is_told() -> None:
    with pytest.raises(DeviceError, match=r"'SOFTMAX, 9\.2' is no operator"):
        parse_profile(CSV[: CSV.index("5, 0.02")])
