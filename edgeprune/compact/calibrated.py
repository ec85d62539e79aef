"""A .tflite file with fewer channels, chosen and made up for on data, without training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edgeprune.compact.activations import answers, divergence, sampled, stored_inputs
from edgeprune.compact.allocation import Choice, choices, kept
from edgeprune.compact.interpreter import Array
from edgeprune.compact.layers import MixingLayer
from edgeprune.compact.lossless import lossless
from edgeprune.compact.refit import Narrowing
from edgeprune.compact.selection import Level, levels
from edgeprune.compact.structure import structure_of
from edgeprune.compact.verify import macs
from edgeprune.errors import JobFailed, UnsupportedError, UserError
from edgeprune.measure.accuracy import AccuracyChange, Flags, accuracy_change, right_answers
from edgeprune.models.dataset import Dataset
from edgeprune.models.evaluate import predicted_classes
from edgeprune.progress import SILENT, Progress
from edgeprune.tflite import TfliteModel, rewritten

_TRIALS = 6
#: Held-out examples that tell how much each space matters; all of them judge the result.
_SENSITIVITY = 500


@dataclass(frozen=True)
class Calibration:
    """Settings of `calibrated`.

    Attributes:
        macs_ratio: How many times fewer multiply-accumulates are wanted; None for as many as `points` allows.
        points: Accuracy that may be lost, in percentage points, on training examples that are held out.
        examples: Training examples that layers are fitted on.
        held_out: Other training examples that the loss is judged on, at most.
        seed: Of the draw.
    """

    macs_ratio: float | None = None
    points: float = 1.0
    examples: int = 800
    held_out: int = 2000
    seed: int = 0


@dataclass(frozen=True)
class Calibrated:
    """What was reached.

    Attributes:
        model: The smaller file.
        macs_before, macs_after: Multiply-accumulates of one inference.
        bytes_before, bytes_after: Of the files.
        accuracy_before, accuracy_after: On the test split, 0 to 1.
        change: The same as a paired comparison.
        held_out_points: The change on the held-out training examples, in points, that the budget is about.
        widths: Per narrowed layer width, the channels before and after.
    """

    model: TfliteModel
    macs_before: int
    macs_after: int
    bytes_before: int
    bytes_after: int
    accuracy_before: float
    accuracy_after: float
    change: AccuracyChange
    held_out_points: float
    widths: tuple[tuple[int, int], ...]


@dataclass(frozen=True, eq=False)
class _Trial:
    model: TfliteModel
    choice: Choice
    points: float


def calibrated(source: TfliteModel, data: Dataset, settings: Calibration, progress: Progress = SILENT) -> Calibrated:
    """Narrow a classifier as far as the budget allows.

    The test split is looked at only for the report.

    Raises:
        DataError: the data does not fit the model.
        UnsupportedError: a model with states, or several inputs or outputs, or without a width that can shrink.
        UserError: a setting out of its range, or a ratio that cannot be reached.
        JobFailed: the ratio is reached, but costs more accuracy than allowed.
    """
    _check(source, data, settings)
    job = _Job(lossless(source).model, data, settings, progress)
    best = job.widest_ratio() if settings.macs_ratio is None else job.at_ratio(macs(source.graph), settings)
    tests = stored_inputs(source.graph, data.test_inputs())
    progress.start("accuracy on the test split", None)
    before, after = (right_answers(answers(model, tests), data) for model in (source, best.model))
    progress.finish()
    return Calibrated(
        model=best.model,
        macs_before=macs(source.graph),
        macs_after=macs(best.model.graph),
        bytes_before=len(source.content),
        bytes_after=len(best.model.content),
        accuracy_before=float(before.mean()),
        accuracy_after=float(after.mean()),
        change=accuracy_change(before, after),
        held_out_points=best.points,
        widths=job.widths(best.choice),
    )


def _check(source: TfliteModel, data: Dataset, settings: Calibration) -> None:
    graph = source.graph
    if graph.states or len(graph.inputs) != 1 or len(graph.outputs) != 1 or graph.input_tensors()[0].shape[:1] != (1,):
        raise UnsupportedError(
            f"--method calibrated takes classifiers of one input, one output, batch 1 and no memory, and {graph.name} "
            f"has {len(graph.inputs)} inputs, {len(graph.outputs)} outputs and {len(graph.states)} states; "
            "try --method lossless"
        )
    data.check_against(graph.input_tensors()[0].shape[1:], graph.output_tensors()[0].size)
    if settings.macs_ratio is not None and not settings.macs_ratio > 1:
        raise UserError(f"macs_ratio is {settings.macs_ratio}; it must be greater than 1")
    if settings.points < 0 or settings.examples < 1 or settings.held_out < 1:
        raise UserError("points must not be negative, and examples and held_out must be at least 1")
    if len(data.x_train) < 2:
        raise UserError(f"{data.source} has {len(data.x_train)} training example; give at least 2")


class _Job:
    """One model being narrowed; sensitivities are measured once."""

    def __init__(self, source: TfliteModel, data: Dataset, settings: Calibration, progress: Progress) -> None:
        self._source, self._progress, self._points = source, progress, settings.points
        order = np.random.default_rng(settings.seed).permutation(len(data.x_train))
        count = min(settings.examples, len(order) // 2)
        fitted, judged = order[:count], order[count : count + settings.held_out]
        self._judged = stored_inputs(source.graph, data.real(data.x_train[judged]))
        self._labels = data.y_train[judged]
        structure = structure_of(source.graph)
        if not structure.spaces:
            raise UnsupportedError(f"no layer of {source.graph.name} can be made narrower: nothing could be followed")
        inputs = stored_inputs(source.graph, data.real(data.x_train[fitted]))
        progress.start(f"run the model on {count:,} training examples", None)
        self._narrowing = Narrowing(source, structure, inputs, sampled(source, structure.layers, inputs))
        self._before = answers(source, self._judged)
        progress.start("choose channels", len(structure.spaces))
        self._levels: list[tuple[Level, ...]] = []
        losses = []
        for space in structure.spaces:
            self._levels.append(levels(structure, space, self._narrowing.samples))
            losses.append(self._losses(self._levels[-1]))
            progress.advance()
        self._choices = choices(structure, self._levels, losses)

    def _losses(self, own: Sequence[Level]) -> list[float]:
        """How far the answers move at each level of one space, all others being whole."""
        found, few = [0.0], self._judged[:_SENSITIVITY]
        for level in own[1:]:
            graph = self._narrowing.narrowed(kept(self._narrowing.structure, [level]), level.layers)
            found.append(divergence(self._before[: len(few)], answers(rewritten(self._source, graph), few)))
        return found

    def widest_ratio(self) -> _Trial:
        """The cheapest model within the points, by bisection over the choices."""
        low, high = 0, len(self._choices)
        best = _Trial(self._source, self._choices[0], 0.0)
        for _ in range(_TRIALS):
            middle = self._between(low, high)
            if middle is None:
                break
            trial = self._trial(self._choices[middle])
            low, high = (middle, high) if trial.points >= -self._points else (low, middle)
            if low == middle:
                best = trial
        return best

    def _between(self, low: int, high: int) -> int | None:
        """The choice halfway in multiply-accumulates, None where there is none between."""
        if high - low < 2:
            return None
        costs = [choice.macs for choice in self._choices]
        end = costs[high] if high < len(costs) else 0
        wanted = (costs[low] + end) / 2
        return min(range(low + 1, high), key=lambda index: abs(costs[index] - wanted))

    def at_ratio(self, before: int, settings: Calibration) -> _Trial:
        """The choice that reaches a ratio."""
        ratio = settings.macs_ratio or 1.0
        fitting = [choice for choice in self._choices if choice.macs * ratio <= before]
        if not fitting:
            least = before / self._choices[-1].macs
            raise UserError(f"macs_ratio {ratio} cannot be reached; the most that this model gives is {least:.2f}")
        trial = self._trial(fitting[0])
        if trial.points < -settings.points:
            raise JobFailed(
                f"{ratio} times fewer multiply-accumulates cost {-trial.points:.2f} points on {len(self._judged):,} "
                f"held-out examples, and {settings.points} are allowed; ask for less, or allow more with --set points"
            )
        return trial

    def _trial(self, choice: Choice) -> _Trial:
        chosen = [own[number] for own, number in zip(self._levels, choice.levels, strict=True)]
        layers: dict[int, MixingLayer] = {}
        for level in chosen:
            layers |= level.layers
        self._progress.start(f"fit {len(self._narrowing.structure.layers)} layers", None)
        model = self._narrowing.refitted(kept(self._narrowing.structure, chosen), layers)
        change = accuracy_change(self._right(self._before), self._right(answers(model, self._judged)))
        return _Trial(model, choice, change.points)

    def _right(self, outputs: Array) -> Flags:
        return np.asarray(predicted_classes(outputs.astype(np.float32)) == self._labels, np.bool_)

    def widths(self, choice: Choice) -> tuple[tuple[int, int], ...]:
        """Per space its width before and after."""
        pairs = zip(self._narrowing.structure.spaces, self._levels, choice.levels, strict=True)
        return tuple((len(s.groups), len(s.groups) - len(own[number].gone)) for s, own, number in pairs)
