"""The one place that prepares and imports TensorFlow.

Pruning needs Keras 2, which current TensorFlow takes from tf-keras when
`TF_USE_LEGACY_KERAS` is set before its first import; the same moment decides
whether TensorFlow may write its start-up notes to the terminal.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import warnings
from collections.abc import Iterator
from typing import Any

from edgeprune.errors import UserError

_ENVIRONMENT = {
    "TF_USE_LEGACY_KERAS": "1",  # TF-MOT refuses models of Keras 3
    "TF_CPP_MIN_LOG_LEVEL": "3",
}


@contextlib.contextmanager
def muted(wanted: bool = True) -> Iterator[None]:
    """Send the process's error output nowhere: TensorFlow's C++ parts write past every log level."""
    if not wanted:
        yield
        return
    sys.stderr.flush()
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def tensorflow() -> Any:
    """Import TensorFlow with Keras 2 and without its log output, and return the module.

    Raises:
        UserError: TensorFlow was imported with Keras 3 before edgeprune could choose.
    """
    if "tensorflow" not in sys.modules:
        for name, value in _ENVIRONMENT.items():
            os.environ.setdefault(name, value)
    os.environ["TF_USE_LEGACY_KERAS"] = "1"
    with warnings.catch_warnings(), muted("tensorflow" not in sys.modules):
        warnings.simplefilter("ignore")
        import tensorflow as tf

        logging.getLogger("tensorflow").setLevel(logging.ERROR)
        tf.autograph.set_verbosity(0)
        version = getattr(tf.keras, "__version__", "2")
    if not str(version).startswith("2"):
        raise UserError(
            f"TensorFlow is already running with Keras {version}, and pruning needs Keras 2; "
            "set TF_USE_LEGACY_KERAS=1 before the first import of tensorflow"
        )
    return tf


def keras() -> Any:
    """Import and return tf-keras, the Keras 2 that TensorFlow runs with here."""
    tensorflow()
    import tf_keras

    logging.getLogger("tf_keras").setLevel(logging.ERROR)
    return tf_keras


def sparsity() -> Any:
    """Import and return TF-MOT's pruning interface, `tensorflow_model_optimization.sparsity.keras`."""
    tensorflow()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import tensorflow_model_optimization as tfmot
    return tfmot.sparsity.keras
