"""Resource variables: what an inference leaves for the next one."""

from __future__ import annotations

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from support.operator_cases import draw
from support.operator_cases.draw import Random
from support.tflite_model import ModelBuilder


def running_sum(model: ModelBuilder, random: Random) -> None:
    """state = clip(state + input); the output is the state before."""
    shape = (1, int(random.integers(1, 30)))
    scale, zero = draw.scale(random), draw.zero_point(random)
    start = random.integers(-128, 128, shape, dtype=np.int8)
    if random.random() < 0.5:
        start[:] = zero
    source = model.input(shape, scale=scale, zero_point=zero)
    handle = model.variable(model.tensor(shape, scale=scale, zero_point=zero, data=start))
    before = model.tensor(shape, scale=scale, zero_point=zero)
    after = model.tensor(shape, scale=scale, zero_point=zero)
    shown = model.tensor(shape, scale=scale * 2, zero_point=0)
    model.operator("READ_VARIABLE", (handle,), (before,), schema.ReadVariableOptionsT())
    model.operator("ADD", (before, source), (after,), schema.AddOptionsT())
    model.operator("ASSIGN_VARIABLE", (handle, after), (), schema.AssignVariableOptionsT())
    # Used after the assignment, so that memory shared with the variable would show.
    model.operator("ADD", (before, source), (shown,), schema.AddOptionsT())
    model.output(shown)


CASES = {"ASSIGN_VARIABLE": running_sum, "READ_VARIABLE": running_sum}
