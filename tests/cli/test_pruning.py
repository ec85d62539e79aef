"""`prune` and `methods` on the command line."""

from __future__ import annotations

import json

import pytest

from support.command_line import edgeprune


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--method", "magic"), "choose one of block, channel, cluster, lottery, n:m, unstructured"),
        (("--fraction", "1.5"), "fraction = 1.5"),
        (("--fraction", "0.5", "--macs-ratio", "2"), "give one of them"),
        (("--macs-ratio", "0"), "macs_ratio = 0.0"),
        (("--budget", "watts/2"), "quantities are macs"),
        (("--method", "unstructured", "--sparsity", "0"), "sparsity = 0"),
        (("--method", "unstructured", "--macs-ratio", "2"), "unknown key 'macs_ratio'"),
        (("--method", "4:2"), "is not n:m"),
        (("--method", "block", "--pattern", "1x"), "1x"),
        (("--method", "cluster", "--clusters", "1"), "clusters = 1"),
        (("--layer", "stem"), "write NAME=VALUE"),
        (("--set", "a b=1"), "a b is no name"),
        (("--out", "model.h6"), "must end in"),
        (("--keras", "4"), "give 2 or 3"),
        (("--custom", "none.py"), "none.py: there is no such file"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_settings_of_pruning_that_cannot_work(tmp_path, options: tuple[str, ...], words: str) -> None:
    """All of them are found before a file is read."""
    given = ("prune", tmp_path / "m.keras", "--data", tmp_path / "d.npz", "--out", tmp_path / "o.keras")
    assert words in edgeprune(*given, *options).is_users_fault()
    assert list(tmp_path.iterdir()) == []


def test_methods_are_listed_with_their_settings() -> None:
    listed = json.loads(edgeprune("methods", "--json").out)
    assert [entry["name"] for entry in listed] == ["block", "channel", "cluster", "lottery", "n:m", "unstructured"]
    assert "training.batch_size" in edgeprune("methods", "n:m").out
    assert "choose one of" in edgeprune("methods", "magic").is_users_fault()
