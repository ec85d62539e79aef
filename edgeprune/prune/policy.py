"""Which layers are pruned.

Unless told otherwise, every kernel of a convolution, transposed convolution, dense, recurrent
or embedding layer is, the first and the last layer's too, and the pointwise kernel of a
separable one.  Depthwise kernels (few weights, and no runtime gains by their zeros), biases and
normalisation are not; neither are kernels that are smaller than one group or block of the
pattern.  A rule for a layer's name changes that: `"conv1*" = "skip"` leaves the layers dense, a
number or pattern is the layers' own, and includes depthwise layers.  The last rule that matches
a layer holds for it.
"""

from __future__ import annotations

import difflib
import fnmatch
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BeforeValidator

from edgeprune.errors import UserError

#: What a rule says to leave a layer as it is.
SKIP = "skip"


@dataclass(frozen=True)
class LayerRule:
    """What the layers with a certain name are treated like.

    Attributes:
        pattern: Of names, with `*`, `?` and `[...]` as in a shell.
        value: `skip`, or the layers' own share or pattern, as the method understands it.
    """

    pattern: str
    value: float | str

    @property
    def skips(self) -> bool:
        """Whether the layers stay as they are."""
        return self.value == SKIP


def _from_table(value: Any) -> Any:
    """A TOML table `"pattern" = value` as rules; anything else is left to pydantic."""
    if not isinstance(value, Mapping):
        return value
    for pattern, setting in value.items():
        if isinstance(setting, bool) or not isinstance(setting, (int, float, str)):
            raise UserError(f"layers.{pattern} = {setting} is no rule; give 'skip', a share or a pattern")
    return tuple(LayerRule(pattern, setting) for pattern, setting in value.items())


#: The rules of a method's settings; in a file a table of `"pattern" = value`.
LayerRules = Annotated[tuple[LayerRule, ...], BeforeValidator(_from_table)]


def settings_by_layer(rules: Iterable[LayerRule], names: Iterable[str]) -> dict[str, LayerRule]:
    """The rule that holds for each layer that any matches.

    Args:
        rules: In the order given; a later one overrules an earlier one.
        names: Of the layers that a rule may speak of.

    Raises:
        UserError: A rule matches no layer; names the closest.
    """
    known, chosen = list(names), {}
    for rule in rules:
        matched = [name for name in known if fnmatch.fnmatchcase(name, rule.pattern)]
        if not matched:
            close = difflib.get_close_matches(rule.pattern, known, n=1, cutoff=0.0)
            hint = f"the closest name is {close[0]!r}" if close else "it has none that can be pruned"
            raise UserError(f"layers: no layer of the model matches {rule.pattern!r}; {hint}")
        chosen.update(dict.fromkeys(matched, rule))
    return chosen


def skipped_layers(rules: Iterable[LayerRule], names: Iterable[str]) -> frozenset[str]:
    """Names of the layers that must stay as they are; raises UserError as `settings_by_layer` does."""
    return frozenset(name for name, rule in settings_by_layer(rules, names).items() if rule.skips)
