"""Layers of the user's own: registered once, known wherever a model is read.

A file given with `--custom FILE.py` registers them::

    import tf_keras
    from edgeprune.models.custom import register_layer

    @register_layer
    class Scale(tf_keras.layers.Layer):
        ...

A model that Keras 3 wrote also needs the class for Keras 3 (`import keras`) under the same name.
"""

from __future__ import annotations

import importlib
import runpy
import sys
import traceback
from pathlib import Path
from typing import Any, TypeVar

from edgeprune.errors import UserError
from edgeprune.models.tensorflow import keras, tensorflow

_Class = TypeVar("_Class", bound=type)
_LAYERS: dict[int, dict[str, type]] = {2: {}, 3: {}}
_FILES: list[Path] = []
#: Layers of keras.applications that no public module names; Keras itself cannot read a model with one.
_UNNAMED = {"CustomScaleLayer": "applications.inception_resnet_v2"}

#: What to do about a custom layer, for the end of a message.
REMEDY = "register its class with edgeprune.models.custom.register_layer in a file and give it as --custom FILE.py"


def register_layer(layer_class: _Class) -> _Class:
    """Let models that hold this layer class be read; also a class decorator.

    Args:
        layer_class: A layer class of tf-keras, or of Keras 3 for models that Keras 3 wrote.

    Raises:
        UserError: The argument is no layer class, or another class has its name.
    """
    generation = _generation(layer_class)
    taken = _LAYERS[generation].get(layer_class.__name__)
    again = taken is not None and taken.__qualname__ == layer_class.__qualname__
    if taken is not None and taken is not layer_class and not again:
        raise UserError(f"two layer classes are registered as {layer_class.__name__!r}; rename one of them")
    _LAYERS[generation][layer_class.__name__] = layer_class
    return layer_class


def _generation(layer_class: Any) -> int:
    if isinstance(layer_class, type):
        if issubclass(layer_class, keras().layers.Layer):
            return 2
        import keras as keras3

        if issubclass(layer_class, keras3.layers.Layer):
            return 3
    name = getattr(layer_class, "__name__", repr(layer_class))
    raise UserError(f"{name} is no layer class of tf-keras or Keras 3; register a subclass of keras.layers.Layer")


def objects(generation: int = 2) -> dict[str, type]:
    """The layer classes of Keras 2 or 3 that Keras does not know by name: the registered ones and its own."""
    package = "tf_keras.src" if generation == 2 else "keras.src"
    own = {name: getattr(importlib.import_module(f"{package}.{home}"), name) for name, home in _UNNAMED.items()}
    return {**own, **_LAYERS[generation]}


def classes() -> tuple[type, ...]:
    """All registered layer classes."""
    return tuple(cls for known in _LAYERS.values() for cls in known.values())


def files() -> tuple[Path, ...]:
    """The files that `run_file` ran, so that another process can run them too."""
    return tuple(_FILES)


def run_file(path: Path | str) -> None:
    """Run the user's own Python file, which registers layers and rules.

    Raises:
        UserError: The file does not exist, is no Python, or fails; the message names the line.
    """
    path = Path(path).resolve()
    if not path.is_file():
        raise UserError(f"{path}: there is no such file; give a Python file that registers layers")
    tensorflow()  # decides for Keras 2 before the file imports TensorFlow
    sys.path.insert(0, str(path.parent))
    try:
        runpy.run_path(str(path), run_name=f"edgeprune_custom_{path.stem}")
    except UserError:
        raise
    except SyntaxError as error:
        raise UserError(f"{path}: line {error.lineno} is not valid Python ({error.msg}); correct it") from error
    except (Exception, SystemExit) as error:  # it is the user's code: any failure is the user's to mend
        lines = [f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == str(path)]
        line = f"line {lines[-1]}" if lines else "the file"
        text = next((t.strip() for t in str(error).splitlines() if t.strip()), "no message")
        raise UserError(f"{path}: {line} fails with {type(error).__name__} ({text[:200]}); correct it") from error
    finally:
        sys.path.remove(str(path.parent))
    if path not in _FILES:
        _FILES.append(path)
