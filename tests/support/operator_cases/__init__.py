"""One-operator models with random shapes and parameters, within what TFLite allows and edgeprune supports.

Every case appends one operator with inputs of its own to a model, so that one model, compiled
once, carries many cases.  A module of this folder has a dictionary `CASES`: the key is TFLite's
name of the operator, followed by the type of its typed input where that is not int8 (`ADD int16`),
or by all types among which a case may choose.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable

import numpy as np

from support.tflite_model import ModelBuilder

Case = Callable[[ModelBuilder, np.random.Generator], None]


def _found() -> dict[str, Case]:
    cases: dict[str, Case] = {}
    for module in pkgutil.iter_modules(__path__):
        cases.update(getattr(importlib.import_module(f"{__name__}.{module.name}"), "CASES", {}))
    return cases


CASES: dict[str, Case] = _found()


def bundle(key: str, seeds: list[int]) -> bytes:
    """A model with one case of the key per seed."""
    return bundle_of([(key, seeds)])[0]


def bundle_of(cases: list[tuple[str, list[int]]]) -> tuple[bytes, list[str]]:
    """A model with one case per key and seed, and for each of its outputs the case that it is of."""
    model, owners = ModelBuilder(), []
    for key, seeds in cases:
        for seed in seeds:
            CASES[key](model, np.random.default_rng(seed))
            owners += [f"{key}, seed {seed}"] * (len(model.graph.outputs) - len(owners))
    return model.build(), owners
