"""docs/architecture.md is right: every stage is in it, and imports go one way."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "edgeprune"
OUTSIDE = {"__init__", "__main__", "bootstrap"}
STAGES = re.findall(r"^\| `(\w+)` \|", (ROOT / "docs" / "architecture.md").read_text(), re.MULTILINE)


def _modules() -> list[Path]:
    return sorted(path for path in PACKAGE.rglob("*.py") if "_data" not in path.parts)


def _stage(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def _imports(path: Path) -> set[str]:
    """Stages that a module imports, at its top or inside a function."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            if node.module == "edgeprune":
                found |= {alias.name for alias in node.names}
            elif node.module.startswith("edgeprune."):
                found.add(node.module.split(".")[1])
        elif isinstance(node, ast.Import):
            found |= {a.name.split(".")[1] for a in node.names if a.name.startswith("edgeprune.")}
    return found & set(STAGES)


def test_every_stage_is_documented() -> None:
    assert {_stage(path) for path in _modules()} - OUTSIDE == set(STAGES)


@pytest.mark.parametrize(
    "path", [p for p in _modules() if _stage(p) not in OUTSIDE], ids=lambda p: str(p.relative_to(PACKAGE))
)
def test_imports_go_one_way(path: Path) -> None:
    stage = _stage(path)
    later = set(STAGES[STAGES.index(stage) + 1 :])
    assert not _imports(path) & later


def test_documents_fit_a_page() -> None:
    assert len((ROOT / "docs" / "architecture.md").read_text().splitlines()) < 80


def test_operator_page_is_current() -> None:
    from edgeprune.ops.document import render

    assert (ROOT / "docs" / "operators.md").read_text(encoding="utf-8") == render()


def test_api_is_complete() -> None:
    import edgeprune

    assert sorted(edgeprune._HOMES) == edgeprune.__all__
    assert all(callable(getattr(edgeprune, name)) for name in edgeprune.__all__)


def test_no_module_is_too_long() -> None:
    lengths = {str(p): len(p.read_text().splitlines()) for p in _modules()}
    assert max(lengths.values()) <= 400, max(lengths, key=lengths.get)
