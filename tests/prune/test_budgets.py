"""Budgets: what is counted, and the channels that stay."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeprune import tflite
from edgeprune.errors import TargetError, UserError
from edgeprune.models import Dataset, FloatModel
from edgeprune.models.tensorflow import keras
from edgeprune.optimize import optimize
from edgeprune.plan import Objective, make_plan
from edgeprune.prune import ChannelPruning, prune_channels
from edgeprune.prune.channels.allocation import Allocation, Rounding, allocate, for_fraction, limit
from edgeprune.prune.channels.budget import Budget
from edgeprune.prune.channels.cost import Cost
from edgeprune.prune.channels.groups import analyse
from edgeprune.prune.channels.importance import Evidence, Importance, channel_importance, choose
from edgeprune.prune.channels.quantities import Quantity, measure
from edgeprune.prune.channels.structure import Group, Structure
from edgeprune.prune.channels.surgery import shrink
from edgeprune.quantize import convert
from edgeprune.targets import McuTarget, load_target


def _residual() -> Any:
    layers = keras().layers
    i = keras().Input((12, 12, 3))
    x = layers.ReLU()(layers.BatchNormalization()(layers.Conv2D(16, 3, strides=2, padding="same")(i)))
    y = layers.DepthwiseConv2D(3, padding="same", depth_multiplier=2)(x)
    y = layers.ReLU()(layers.BatchNormalization()(layers.Conv2D(16, 1)(y)))
    x = layers.Concatenate()([layers.Add()([x, y]), layers.SeparableConv2D(8, 3, padding="same")(x)])
    x = layers.Conv2DTranspose(8, 2, strides=2)(x)
    x = layers.Dense(12, activation="relu")(layers.Flatten()(layers.MaxPooling2D()(x)))
    return keras().Model(i, layers.Dense(4)(x))


MODEL = _residual()
STRUCTURE = analyse(MODEL)
GROUPS = STRUCTURE.removable
SIZES = st.tuples(*(st.integers(1, group.size) for group in GROUPS))


def exact(structure: Structure, sizes: tuple[int, ...]) -> np.ndarray:
    return choose(structure, Evidence.of(MODEL.layers), sizes, Importance.L1)


@given(SIZES)
@settings(max_examples=40, deadline=None)
def test_counts_are_those_of_the_model_without_the_channels(sizes: tuple[int, ...]) -> None:
    cost, keep = Cost.of(MODEL, STRUCTURE), exact(STRUCTURE, sizes)
    assert measure(Quantity.MACS, MODEL, STRUCTURE, None)(sizes) == cost.macs(keep)
    assert measure(Quantity.PARAMETERS, MODEL, STRUCTURE, None)(sizes) == cost.parameters(keep)


@pytest.mark.parametrize("quantity", list(Quantity), ids=lambda q: q.value)
def test_the_smaller_model_measures_as_the_larger_one_foretold(quantity: Quantity) -> None:
    sizes = for_fraction(GROUPS, 0.5, Rounding(4))
    small = shrink(MODEL, STRUCTURE, exact(STRUCTURE, sizes))
    structure = analyse(small)
    whole = [group.size for group in structure.removable]
    foretold = measure(quantity, MODEL, STRUCTURE, "cortex-m4")(sizes)
    assert foretold == pytest.approx(measure(quantity, small, structure, "cortex-m4")(whole))
    assert foretold < measure(quantity, MODEL, STRUCTURE, "cortex-m4")([group.size for group in GROUPS])


def test_cycles_are_those_of_the_converted_model(trained: FloatModel, data: Dataset, tmp_path: Path) -> None:
    graph = optimize(tflite.read(convert(trained, data, "int8", tmp_path / "model.tflite").path).graph)
    structure, target = analyse(trained.model), load_target("cortex-m4")
    assert isinstance(target, McuTarget)
    layers = make_plan(graph, target, Objective.LATENCY).layers
    planned = sum(layer.choice.option.cycles for layer in layers if layer.choice and layer.node.op != "SOFTMAX")
    whole = [group.size for group in structure.removable]
    # Two of its layers have no ReLU, so their zero points are not where prices assume them.
    assert measure(Quantity.CYCLES, trained.model, structure, target.name)(whole) == pytest.approx(planned, rel=0.06)


@given(
    st.sampled_from([q for q in Quantity if q is not Quantity.SRAM]),
    st.sampled_from(list(Allocation)),
    st.floats(1.0, 2.0),
    st.sampled_from([1, 4]),
)
@settings(max_examples=40, deadline=None)
def test_a_budget_is_met_and_not_undercut(
    quantity: Quantity, allocation: Allocation, ratio: float, multiple: int
) -> None:
    amount = measure(quantity, MODEL, STRUCTURE, "cortex-m4")
    held = limit(Budget(quantity, ratio=ratio), amount, GROUPS)
    scores = [channel_importance(g, STRUCTURE, Evidence.of(MODEL.layers), Importance.L2) for g in GROUPS]
    rounding = Rounding(multiple)
    sizes = allocate(GROUPS, [held], allocation, scores, amount, rounding)
    assert amount(sizes) * ratio <= amount([group.size for group in GROUPS]) * (1 + 1e-6)
    for number, group in enumerate(GROUPS):
        assert sizes[number] == group.size or sizes[number] % rounding.unit(group) == 0
        larger = [*sizes]
        larger[number] = min(group.size, sizes[number] + rounding.unit(group))
        assert larger[number] == sizes[number] or not held.holds(larger)


def test_several_budgets_hold_together() -> None:
    held = [
        limit(Budget.parse(text), measure(Budget.parse(text).quantity, MODEL, STRUCTURE, None), GROUPS)
        for text in ("macs/1.5", "sram=2KiB", "flash/2")
    ]
    sizes = allocate(GROUPS, held, Allocation.UNIFORM, [], held[0].measure, Rounding(1))
    assert all(each.holds(sizes) for each in held)


def test_what_is_decided_and_the_minimum_stay() -> None:
    amount = measure(Quantity.MACS, MODEL, STRUCTURE, None)
    held = limit(Budget(Quantity.MACS, ratio=1.3), amount, GROUPS)
    scores = [channel_importance(g, STRUCTURE, Evidence.of(MODEL.layers), Importance.L1) for g in GROUPS]
    for allocation in Allocation:
        rounding = Rounding(1, minimum=3, fixed={0: GROUPS[0].size})
        sizes = allocate(GROUPS, [held], allocation, scores, amount, rounding)
        assert sizes[0] == GROUPS[0].size
        assert min(sizes) >= 3


def test_cost_takes_more_where_more_is_saved() -> None:
    """Two groups that matter alike, one ten times dearer."""
    amount = measure(Quantity.CHANNELS, MODEL, STRUCTURE, None)
    groups = GROUPS[:2]
    scores = [np.linspace(1, 2, group.size) for group in groups]
    dear = lambda sizes: 10.0 * sizes[0] / groups[0].size + sizes[1] / groups[1].size  # noqa: E731
    held = limit(Budget(Quantity.CHANNELS, ratio=1.5), amount, groups)
    by_cost = allocate(groups, [held], Allocation.COST, scores, dear, Rounding(1))
    assert by_cost[0] / groups[0].size < by_cost[1] / groups[1].size


def test_cost_sees_past_a_step_that_saves_nothing() -> None:
    """A staircase of four channels a step, as some kernels have, must not send all loss to the other group."""
    groups = [Group("stairs", ("a",), np.arange(16)), Group("slope", ("b",), np.arange(16, 32))]
    stairs = lambda sizes: float(-(-sizes[0] // 4) * 4 + sizes[1])  # noqa: E731
    held = limit(Budget(Quantity.CYCLES, ratio=2), stairs, groups)
    assert allocate(groups, [held], Allocation.COST, [np.ones(16)] * 2, stairs, Rounding(1)) == (8, 8)


def test_importance_of_each_kind() -> None:
    layers = keras().layers
    i = keras().Input((4,))
    x = layers.BatchNormalization(name="bn")(layers.Dense(3, use_bias=False, name="a")(i))
    model = keras().Model(i, layers.Dense(2, name="b")(layers.ReLU()(x)))
    kernel = np.array([[3, 1, 1], [0, 1, 1], [0, 1, 1], [0, 1, 1.0]], np.float32)
    model.get_layer("a").set_weights([kernel])
    model.get_layer("bn").set_weights([np.array([1, -5, 0.5]), *(np.ones(3),) * 3])
    structure = analyse(model)
    (group,) = structure.removable
    gradients = {layer.name: [np.zeros_like(w) for w in layer.get_weights()] for layer in model.layers}
    gradients["a"][0][:, 2] = 1
    gradients["a"][0][:2, 1] = [1, -1]
    evidence = Evidence.of(model.layers, 7, gradients)
    order = {
        i: np.argsort(channel_importance(group, structure, evidence, i), kind="stable").tolist() for i in Importance
    }
    assert order[Importance.L1][0] == 0
    assert order[Importance.L2][-1] == 0
    assert order[Importance.GAMMA] == [2, 0, 1]
    assert order[Importance.FPGM][-1] == 0
    assert order[Importance.TAYLOR] == [0, 1, 2]
    again = channel_importance(group, structure, Evidence.of(model.layers, 7), Importance.RANDOM)
    assert order[Importance.RANDOM] == np.argsort(again, kind="stable").tolist()


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"budget": ("cycles/2",)}, UserError, "needs a target"),
        ({"budget": ("cycles/2",), "target": "phone-a76"}, TargetError, "choose a microcontroller"),
        ({"budget": ("cycles/2",), "target": "abacus"}, TargetError, "known targets"),
        ({"budget": ("sram=10",)}, UserError, "at most 10 B of SRAM are out of reach.*are left"),
        ({"layers": {"stemm": "skip"}}, UserError, "the closest name is 'stem'"),
        ({"layers": {"stem": 1.5}}, UserError, "no share of the channels"),
    ],
)
def test_budgets_that_cannot_be_met(
    trained: FloatModel, data: Dataset, tmp_path: Path, change: dict[str, Any], error: type, words: str
) -> None:
    from edgeprune.prune import steps_of

    (step,) = steps_of("channel", change, "here")
    with pytest.raises(error, match=words):
        prune_channels(trained, data, step.settings, tmp_path)


def test_schedules() -> None:
    from edgeprune.prune.channels.schedule import Schedule, Timing

    shares = {t: [Schedule(t, 100, 5).share_at(step) for step in range(100)] for t in Timing}
    done = {t: [s for s in s_ if s is not None] for t, s_ in shares.items()}
    assert done[Timing.ONE_SHOT] == [1.0]
    assert done[Timing.ITERATIVE] == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])
    assert len(done[Timing.GRADUAL]) >= 20
    assert all(a < b for a, b in itertools.pairwise(done[Timing.GRADUAL]))
    assert ChannelPruning().schedule is Timing.GRADUAL
