"""Models of Keras 3: translated to tf-keras, which pruning needs, and back."""

from edgeprune.models.keras3.incoming import translate as to_keras2
from edgeprune.models.keras3.load import keras3, load_file
from edgeprune.models.keras3.outgoing import translate as to_keras3
from edgeprune.models.keras3.outgoing import write

__all__ = ["keras3", "load_file", "to_keras2", "to_keras3", "write"]
