"""TFLite's own `benchmark_model`: what it prints, in words and numbers of ours."""

from edgeprune.measure.benchmark_tool.output import parse_output
from edgeprune.measure.benchmark_tool.profile import parse_profile
from edgeprune.measure.benchmark_tool.result_file import parse_result_file
from edgeprune.measure.benchmark_tool.values import BenchmarkRun, OperatorTime, RunTimes

__all__ = ["BenchmarkRun", "OperatorTime", "RunTimes", "parse_output", "parse_profile", "parse_result_file"]
