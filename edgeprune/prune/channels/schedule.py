"""When channels go while a model trains."""

from __future__ import annotations

import enum
from dataclasses import dataclass

#: The gradual phase's last part trains with all masks in place.
_SETTLING = 0.25
_UPDATES = 24


class Timing(enum.Enum):
    """The ways to get to the final number of channels.

    Attributes:
        ONE_SHOT: All at once, before the first step.
        GRADUAL: In many updates, fast while there is much to spare, slow towards the end: the cubic
            schedule of Zhu and Gupta (arXiv 1710.01878).
        ITERATIVE: In a few rounds of equal size, with training between them.
    """

    ONE_SHOT = "one-shot"
    GRADUAL = "gradual"
    ITERATIVE = "iterative"


@dataclass(frozen=True)
class Schedule:
    """The updates of the masks, as a function of the training step.

    Attributes:
        timing: One shot, gradual or iterative.
        steps: Of the whole training.
        rounds: Of ITERATIVE.
    """

    timing: Timing
    steps: int
    rounds: int = 5

    def share_at(self, step: int) -> float | None:
        """Share of the removal (0 to 1) that is to be done after `step` steps; None where nothing changes."""
        if self.timing is Timing.ONE_SHOT:
            return 1.0 if step == 0 else None
        end = max(1, int(self.steps * (1.0 - _SETTLING)))
        updates = _UPDATES if self.timing is Timing.GRADUAL else self.rounds
        every = max(1, end // updates)
        if self.timing is Timing.ITERATIVE:
            number, rest = divmod(step, every)
            return (number + 1) / self.rounds if not rest and number < self.rounds else None
        if step == 0 or step > end or step % every:
            return None
        return 1.0 - (1.0 - step / end) ** 3
