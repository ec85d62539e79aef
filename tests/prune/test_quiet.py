"""No step writes TensorFlow's notes to the terminal."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_SCRIPT = """
from pathlib import Path
import numpy as np
from edgeprune.models import Dataset, FloatModel
from edgeprune.models.tensorflow import keras
from edgeprune.prune import ChannelPruning, Training, prune_channels
k = keras()
i = k.Input((6, 6, 1))
x = k.layers.Conv2D(8, 3)(i)
model = FloatModel(k.Model(i, k.layers.Dense(2, activation="softmax")(k.layers.Flatten()(x))), "m", Path("m"))
x, y = np.random.rand(32, 6, 6, 1).astype("f4"), np.arange(32) % 2
settings = ChannelPruning(fraction=0.5, training=Training(gradual_epochs=1, recovery_epochs=1, batch_size=16))
result = prune_channels(model, Dataset(x, y, x, y), settings, Path("work"))
assert result.report.removed[0].after == 4
"""


def test_pruning_writes_nothing(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", _SCRIPT], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_listing_the_patterns_imports_no_tensorflow() -> None:
    script = "import sys, edgeprune.prune as p; p.patterns(); assert 'tensorflow' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
