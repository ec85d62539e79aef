"""Opening a Keras 3 file with Keras 3, without running code from it."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from edgeprune.errors import ModelError, UserError
from edgeprune.models import custom
from edgeprune.models.tensorflow import muted, tensorflow


def keras3() -> Any:
    """Import and return Keras 3, running on TensorFlow.

    Raises:
        UserError: Keras 3 already runs on another backend.
    """
    tensorflow()
    if "keras" not in sys.modules:
        os.environ["KERAS_BACKEND"] = "tensorflow"
    import keras as module

    if module.backend.backend() != "tensorflow":
        raise UserError(
            f"Keras 3 already runs on {module.backend.backend()} here, and edgeprune compares models in TensorFlow; "
            "set KERAS_BACKEND=tensorflow before the first import of keras"
        )
    return module


def load_file(path: Path) -> Any:
    """The Keras 3 model in the file, uncompiled.

    Raises:
        ModelError: Keras 3 cannot read the file.
    """
    module = keras3()
    try:
        with muted():
            return module.models.load_model(path, compile=False, safe_mode=True, custom_objects=custom.objects(3))
    except Exception as error:  # Keras has no common error class: any failure means this file cannot be read
        reason = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
        raise ModelError(f"{path}: cannot be loaded as a Keras 3 model ({reason[:200]}); export it again") from error
