"""Generated sources as a value; writing them is a step of its own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class SourceFile:
    """One text file, `path` relative to the tree's root with forward slashes."""

    path: str
    text: str


@dataclass(frozen=True)
class SourceTree:
    """All files of a firmware project, sorted by path, each path once."""

    files: tuple[SourceFile, ...]

    @staticmethod
    def of(texts: dict[str, str]) -> SourceTree:
        """A tree from texts by path."""
        return SourceTree(tuple(SourceFile(path, texts[path]) for path in sorted(texts)))

    def merged(self, other: SourceTree) -> SourceTree:
        """Both trees; raises ValueError where they hold the same path with different text."""
        texts = {file.path: file.text for file in self.files}
        for file in other.files:
            if texts.setdefault(file.path, file.text) != file.text:
                raise ValueError(f"two different sources are named {file.path}")
        return SourceTree.of(texts)

    def write(self, folder: Path) -> None:
        """Write every file below `folder`, which is made; raises OSError."""
        for file in self.files:
            path = folder / file.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(file.text, encoding="utf-8", newline="\n")
