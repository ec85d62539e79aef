"""The per-operator tables of `benchmark_model --enable_op_profiling`, as text and as CSV.

Columns are found by their names, since they differ: `[avg ms]` or `avg_ms`, with and without
`[start]`.  Only operators of the inferences that count are taken; where a delegate tells its
own operators, these stand in its place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from edgeprune.errors import DeviceError
from edgeprune.measure.benchmark_tool.output import LOG_PREFIX
from edgeprune.measure.benchmark_tool.values import OperatorTime

_TITLE = re.compile(r"=+ ([A-Z][A-Za-z ]+?) =+")
_SECTION = re.compile(
    r"(Profiling Info for Benchmark Initialization|Profiling Info for Regular Benchmark Runs|Delegate internal)\s*:"
)
_KIND, _MEAN, _CALLS, _NAME = "node type", "avg ms", "times called", "name"
#: What stands between cells: text tables, CSV, and text whose tabs a log made spaces.
_SEPARATORS = {"tab": re.compile(r"\t"), "comma": re.compile(r", ?"), "space": re.compile(r"\s{2,}")}


@dataclass(frozen=True)
class _Columns:
    """Names of a table's columns, and what stands between its cells."""

    names: tuple[str, ...]
    separator: str

    @staticmethod
    def of(line: str) -> _Columns | None:
        """The columns that a line names, if it is a table's head."""
        cells = re.findall(r"\[([^\]]+)\]", line) or line.split(",")
        names = tuple(cell.replace("_", " ").strip().lower() for cell in cells)
        if not {_KIND, _MEAN, _CALLS} <= set(names):
            return None
        return _Columns(names, "comma" if "[" not in line else "tab" if "\t" in line.strip() else "space")

    def row(self, line: str) -> OperatorTime:
        """The operator in a line; raises DeviceError for anything else."""
        cells = [cell.strip() for cell in _SEPARATORS[self.separator].split(line.strip())]
        extra = len(cells) - len(self.names)
        if (
            extra > 0 and self.separator == "comma"
        ):  # in types such as `Convolution (NHWC, F32)`; in names they are tabs
            cells = [", ".join(cells[: extra + 1]), *cells[extra + 1 :]]
        by_name = dict(zip(self.names, cells, strict=False))
        try:
            return OperatorTime(
                by_name[_KIND], by_name.get(_NAME, "").strip("[]"), 1000 * float(by_name[_MEAN]), int(by_name[_CALLS])
            )
        except (KeyError, ValueError):
            raise DeviceError(
                f"benchmark_model's profile is damaged: {line.strip()[:120]!r} is no operator; run it again"
            ) from None


def parse_profile(text: str) -> tuple[OperatorTime, ...]:
    """The operators of one inference in the order that they ran.

    Args:
        text: The tool's standard output or its CSV file; without a profile in it there are no operators.

    Raises:
        DeviceError: A table of operators is damaged.
    """
    rows = list(_rows([LOG_PREFIX.sub("", line) for line in text.splitlines()]))
    inner = [row for section, row in rows if section.startswith("Delegate")]
    own = [row for section, row in rows if section.endswith("Runs") and not (inner and "Delegate" in row.kind)]
    return (*own, *inner)


def _rows(lines: list[str]) -> Iterator[tuple[str, OperatorTime]]:
    """Section and operator of each table in run order; tables in other orders tell the same again."""
    section, in_order, columns = "", False, None
    for line in lines:
        if found := _SECTION.search(line):
            section, in_order, columns = found[1], False, None
        elif found := _TITLE.search(line):
            in_order, columns = found[1] == "Run Order", None
        elif in_order and columns is None:
            columns = _Columns.of(line)
        elif columns is not None and not line.strip():
            in_order, columns = False, None
        elif columns is not None:
            yield section, columns.row(line)
