"""Checkpoints of one training: the last epochs to continue from, and the best one to end with.

Import this module inside functions only: it imports TensorFlow.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from edgeprune.errors import UserError
from edgeprune.models.tensorflow import tensorflow

_tf = tensorflow()
_KEPT = 2
_INDEX = "checkpoint"  # TensorFlow's name for the file that lists the checkpoints of a folder


class Checkpoints:
    """The state of a training on disk.

    Attributes:
        epoch: Epochs that are done.
        best_epoch, best_loss: The epoch with the least held-out loss so far, counted from 1, and that loss.
        ignored: Why checkpoints that lay in the folder were not continued from; empty where they were.
    """

    def __init__(self, model: Any, optimizer: Any, folder: Path) -> None:
        """Continue from what lies in `folder`, as far as it can be read.

        Raises:
            UserError: The folder cannot be made.
        """
        self.ignored = ""
        self._folder = folder
        self._model, self._optimizer = model, optimizer
        self._epoch = _tf.Variable(0, dtype=_tf.int64, trainable=False)
        self._best_epoch = _tf.Variable(0, dtype=_tf.int64, trainable=False)
        self._best_loss = _tf.Variable(math.inf, dtype=_tf.float64, trainable=False)
        self._state = _tf.train.Checkpoint(
            model=model, optimizer=optimizer, epoch=self._epoch, best_epoch=self._best_epoch, best_loss=self._best_loss
        )
        self._best = _tf.train.Checkpoint(model=model)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(
                f"checkpoints cannot be written to {folder} ({error.strerror}); give another folder"
            ) from None
        self._manager = self._managed(self._state, folder, _KEPT)
        self._best_manager = self._managed(self._best, folder / "best", 1)
        self._continue()

    @property
    def epoch(self) -> int:
        """Epochs that are done."""
        return int(self._epoch)

    @property
    def best_epoch(self) -> int:
        """The epoch with the least held-out loss, counted from 1; 0 before there was one."""
        return int(self._best_epoch)

    @property
    def latest(self) -> str | None:
        """The newest checkpoint, None before there is one."""
        return None if self._manager.latest_checkpoint is None else str(self._manager.latest_checkpoint)

    def save(self, epoch: int, loss: float | None) -> None:
        """Write the state after `epoch` epochs; with a held-out loss, keep the best epoch's weights apart.

        The best is written first: an interruption between the two repeats the epoch and both files.
        """
        if loss is not None and loss < float(self._best_loss):
            self._best_loss.assign(loss)
            self._best_epoch.assign(epoch)
            self._best_manager.save(checkpoint_number=epoch)
        self._epoch.assign(epoch)
        self._manager.save(checkpoint_number=epoch)

    def take_best(self) -> None:
        """Give the model the weights of the best epoch, where there is one."""
        if self.best_epoch:
            self._best.restore(self._best_manager.latest_checkpoint).expect_partial()

    def _managed(self, checkpoint: Any, folder: Path, kept: int) -> Any:
        try:
            return _tf.train.CheckpointManager(checkpoint, str(folder), max_to_keep=kept)
        except Exception as error:  # a damaged list of checkpoints raises what its parser raises
            self.ignored = f"the list of checkpoints in {folder} is damaged ({type(error).__name__})"
            (folder / _INDEX).unlink(missing_ok=True)
            return _tf.train.CheckpointManager(checkpoint, str(folder), max_to_keep=kept)

    def _continue(self) -> None:
        """Restore the newest checkpoint that is whole, else leave everything as it was."""
        variables = [*self._model.weights, *self._optimizer.variables]
        before = [variable.numpy() for variable in variables]
        own = (self._epoch, self._best_epoch, self._best_loss)
        start = [variable.numpy() for variable in own]
        for path in reversed(self._manager.checkpoints):
            if self._restored(path):
                return
            for variable, value in zip((*variables, *own), (*before, *start), strict=True):
                variable.assign(value)

    def _restored(self, path: str) -> bool:
        """Whether this checkpoint could be restored; a failure may leave half of it behind."""
        try:
            self._state.restore(path).assert_existing_objects_matched()
            if self.best_epoch:
                _tf.train.load_checkpoint(self._best_manager.latest_checkpoint or "")
        except Exception as error:  # damaged and foreign files raise a dozen classes
            self.ignored = f"{path} is damaged or of another job ({type(error).__name__})"
            return False
        return True
