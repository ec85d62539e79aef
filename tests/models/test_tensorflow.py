"""TensorFlow runs with Keras 2 or the user learns why not."""

from __future__ import annotations

import os
import subprocess
import sys


def test_tensorflow_that_already_runs_keras_3_is_refused_with_the_remedy() -> None:
    script = (
        "import tensorflow as tf; tf.keras.__version__\n"
        "from edgeprune.errors import UserError\n"
        "from edgeprune.models.tensorflow import tensorflow\n"
        "try:\n    tensorflow()\nexcept UserError as error:\n    print(error)\n"
    )
    environment = {**os.environ, "TF_USE_LEGACY_KERAS": "0", "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, env=environment)
    assert "Keras 3" in done.stdout
    assert "TF_USE_LEGACY_KERAS=1" in done.stdout
