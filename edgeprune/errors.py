"""The one error tree of edgeprune.

Every error that is the user's to mend derives from `EdgepruneError`; its text is
one sentence that names the thing, the number and the next step.  Only `cli`
catches them.  Anything else that escapes is a bug of ours and keeps its traceback.
"""

from __future__ import annotations

from typing import ClassVar


class EdgepruneError(Exception):
    """Base of all expected failures.

    Attributes:
        exit_code: What the command line returns.
        details: Lines that the command line shows below the sentence, for those who can use them.
    """

    exit_code: ClassVar[int] = 1
    details: tuple[str, ...] = ()


class JobFailed(EdgepruneError):
    """The job ran and failed on its merits: a budget missed, a validation mismatch."""

    exit_code: ClassVar[int] = 1


class UserError(EdgepruneError):
    """The user's input or environment is at fault."""

    exit_code: ClassVar[int] = 2


class ModelError(UserError):
    """A model file that is missing, damaged or of a kind that cannot be used."""


class DataError(UserError):
    """A data file whose arrays are missing, or do not fit the model."""


class RecipeError(UserError):
    """A recipe with an unknown key, a wrong value or a missing file."""


class TargetError(UserError):
    """A target profile that does not exist or does not follow the schema."""


class UnsupportedError(UserError):
    """A model that is sound but that the chosen target cannot run.

    Attributes:
        fault: The sentence without its next step.
    """

    def __init__(self, fault: str, advice: str = "") -> None:
        """Take what is wrong, and what to do."""
        super().__init__(f"{fault}; {advice}" if advice else fault)
        self.fault = fault


class DoesNotFit(UserError):
    """A model whose code or buffers exceed the target's flash or RAM."""


class ToolchainError(UserError):
    """A compiler or other tool that is missing or refuses its input."""


class DeviceError(UserError):
    """A board, phone or port that does not answer, or answers nonsense."""


class VerificationError(JobFailed):
    """A pruned model that does not compute what it was shown to compute."""


class ValidationMismatch(JobFailed):
    """Device output that differs from the reference kernels."""


class TrainingDiverged(JobFailed):
    """A loss that became NaN or infinite; the last good checkpoint is kept."""
