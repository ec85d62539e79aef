"""Rules for layers by name, from a recipe's table, the command line and Python."""

from __future__ import annotations

import pytest

from edgeprune.cli.pruning import _nested
from edgeprune.errors import RecipeError, UserError
from edgeprune.prune import steps_of
from edgeprune.prune.policy import LayerRule, settings_by_layer, skipped_layers

NAMES = ["conv1", "conv1_dw", "conv2", "classes"]


def test_the_last_rule_that_matches_holds() -> None:
    rules = (LayerRule("conv*", 0.5), LayerRule("*_dw", "skip"), LayerRule("conv2", 0.9))
    assert settings_by_layer(rules, NAMES) == {"conv1": rules[0], "conv1_dw": rules[1], "conv2": rules[2]}
    assert skipped_layers(rules, NAMES) == {"conv1_dw"}
    assert skipped_layers((), NAMES) == frozenset()


@pytest.mark.parametrize(("pattern", "closest"), [("con1", "conv1"), ("Classes", "classes"), ("x?", "conv")])
def test_a_name_that_matches_nothing(pattern: str, closest: str) -> None:
    with pytest.raises(UserError, match=f"no layer of the model matches '{pattern.replace('?', '.')}'.*'{closest}"):
        settings_by_layer((LayerRule(pattern, "skip"),), NAMES)


def test_tables_and_the_command_line_give_rules() -> None:
    table = {"layers": {"conv*": "skip", "classes": 0.5}}
    assert _nested(['layers."conv*"=skip', "layers.classes=0.5"]) == table
    (step,) = steps_of("unstructured", table, "here")
    assert step.settings.layers == (LayerRule("conv*", "skip"), LayerRule("classes", 0.5))  # type: ignore[attr-defined]
    (step,) = steps_of("2:4", {"layers": {"conv2": "1:4"}}, "here")
    assert step.settings.pattern == "2:4"  # type: ignore[attr-defined]
    for wrong in (True, [1], {"a": 1}):
        with pytest.raises(RecipeError, match=r"layers\.conv2"):
            steps_of("unstructured", {"layers": {"conv2": wrong}}, "here")
    with pytest.raises(RecipeError, match="layers"):
        steps_of("unstructured", {"layers": 3}, "here")


@pytest.mark.parametrize(
    ("method", "given", "message"),
    [
        ("n:m", {"pattern": "4:2"}, "n:m"),
        ("5:4", {}, "n:m"),
        ("block", {"pattern": "1x1"}, "1x4"),
        ("1x4", {"sparsity": 1.0}, "sparsity = 1.0"),
        ("block", {"sparsity": float("nan")}, "sparsity = nan"),
        ("cluster", {"clusters": 1}, "clusters = 1"),
        ("cluster", {"init": "random"}, "init"),
        ("block", {"updates": 0}, "updates = 0"),
    ],
)
def test_settings_out_of_range_are_the_users_fault(method: str, given: dict[str, object], message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        steps_of(method, given, "here")
