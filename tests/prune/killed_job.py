"""A small pruning job with repeatable arithmetic that may kill itself: FOLDER STEP [FOLDER].

Prints the steps it takes and a digest of the weights it ends with.
"""

from __future__ import annotations

import hashlib
import os
import signal
import sys
from pathlib import Path
from typing import Any

import numpy as np

from edgeprune.models import Dataset, FloatModel
from edgeprune.models.tensorflow import keras, tensorflow
from edgeprune.prune import run_steps, steps_of
from edgeprune.prune.training import fit as training


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def job(folder: Path, kill_at: int) -> None:
    layers = keras().layers
    keras().utils.set_random_seed(1)
    i = keras().Input((6, 6, 1))
    x = layers.ReLU()(layers.BatchNormalization()(layers.Conv2D(8, 3)(i)))
    model = keras().Model(i, layers.Dense(3, activation="softmax")(layers.Flatten()(x)))
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(96, 6, 6, 1)).astype(np.float32), rng.integers(0, 3, 96)
    ended = training._Watch.on_train_batch_end

    def on_train_batch_end(self: Any, batch: int, logs: Any = None) -> None:
        ended(self, batch, logs)
        step = int(self.model.optimizer.iterations)
        say(f"step {step}")
        if step == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    training._Watch.on_train_batch_end = on_train_batch_end  # type: ignore[method-assign]
    say("job")
    values = {"gradual_epochs": 2, "recovery_epochs": 1, "batch_size": 32, "shift": 1}
    dense = FloatModel(model, "small", Path("small"))
    result = run_steps(dense, Dataset(x, y, x, y), steps_of("2:4", {"training": values}, ""), folder)
    training._Watch.on_train_batch_end = ended  # type: ignore[method-assign]
    weights = b"".join(weight.tobytes() for weight in result.model.model.get_weights())
    say(hashlib.sha256(weights).hexdigest())


tensorflow().config.threading.set_intra_op_parallelism_threads(1)
tensorflow().config.threading.set_inter_op_parallelism_threads(1)
keras().utils.set_random_seed(1)
tensorflow().config.experimental.enable_op_determinism()
job(Path(sys.argv[1]), int(sys.argv[2]))
for other in sys.argv[3:]:
    job(Path(other), 0)
