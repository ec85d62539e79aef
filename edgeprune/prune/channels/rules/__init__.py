"""How each kind of Keras layer passes channels on: one small function per kind, one module per family.

A module's `RULES` maps names of Keras classes to rules; adding one is all it takes.
Kinds without a rule are barriers: their channels stay, with the reason in the report.
Users add rules for layers of their own with `register_rule`.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar, overload

from edgeprune.errors import UserError
from edgeprune.models.custom import register_layer
from edgeprune.prune.channels.site import Barrier, Rule, Site

_registered: dict[type, Rule] = {}
_RuleType = TypeVar("_RuleType", bound=Rule)


@overload
def register_rule(layer: type) -> Callable[[_RuleType], _RuleType]: ...
@overload
def register_rule(layer: type, rule: _RuleType) -> _RuleType: ...
def register_rule(layer: type, rule: Any = None) -> Any:
    """Tell channel pruning how a layer class of your own passes channels on; also usable as a decorator.

    The rule takes a `Site` (one call of the layer) and returns `site.passes(...)`: the labels
    of the output channels, and for each of the layer's weights (in the order of
    `layer.weights`) the labels along each axis, None where an axis carries no channels.
    Whatever must change in the layer's `get_config()` is changed by `resize`.  A rule that
    cannot follow the channels raises `Barrier` with the reason, and they stay.  The shrunk
    model is always compared with the masked one, so a wrong rule is found, not deployed.

    Registering also lets edgeprune load files that contain the layer.

    A layer that scales each channel and one that mixes channels:

        from edgeprune.prune import Site, WeightAxes, register_rule, sized

        @register_rule(Scale)                      # one weight: factor, shape [channels]
        def scale(site: Site):
            labels = site.consumed(weight=0, axis=0)
            return site.passes(labels, (WeightAxes((labels,)),))

        @register_rule(Mix)                        # kernel [channels, units], bias [units]
        def mix(site: Site):
            taken, made = site.consumed(weight=0, axis=0), site.produced(site.layer.units)
            weights = (WeightAxes((taken, made)), WeightAxes((made,)))
            return site.passes(made, weights, produces=True, resize=sized("units", made))

    Args:
        layer: The layer class; subclasses of it need rules of their own.
        rule: The rule; without it a decorator is returned.

    Raises:
        UserError: `layer` is not a Keras 2 layer class, or `rule` cannot be called.
    """
    if rule is None:
        return lambda function: register_rule(layer, function)
    if not callable(rule):
        raise UserError(f"the rule for {layer!r} cannot be called; give a function that takes a Site")
    register_layer(layer)
    _registered[layer] = rule
    return rule


@cache
def _built_in() -> dict[str, Rule]:
    """Rules by the names of Keras classes, found by scanning this folder."""
    found: dict[str, Rule] = {}
    for module in pkgutil.iter_modules(__path__):
        found.update(importlib.import_module(f"{__name__}.{module.name}").RULES)
    return found


def rule_for(layer: Any) -> Rule:
    """The rule for exactly this kind of layer; for kinds that nobody knows one that raises `Barrier`."""
    kind = type(layer)
    if kind in _registered:
        return _registered[kind]
    if not kind.__module__.startswith(("tf_keras.", "keras.")):
        return _custom
    return _built_in().get(kind.__name__, _unknown)


def _custom(site: Site) -> Any:
    raise Barrier("a custom layer without a rule; add one with edgeprune.prune.register_rule")


def _unknown(site: Site) -> Any:
    raise Barrier("a kind of layer that channel pruning does not know")
