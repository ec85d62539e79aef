"""Layer configurations of one Keras generation in the words of the other.

| layer | Keras 3 | Keras 2 |
|---|---|---|
| LeakyReLU | negative_slope | alpha |
| every layer | dtype is a policy object | dtype is a name; float32 here, for half precision serves training only |
| every layer | activations as names or objects | see `activations` |
| Bidirectional, TimeDistributed, RNN | inner layers and cells as objects | made anew, by these same rules |
| initialisers, regularisers, constraints | | left behind: they shape training from scratch, not what is computed |
| RandomFlip and other augmentation, Identity | nothing at inference | left out |
| LayerScale of ConvNeXt | in no public module | a depthwise 1x1 convolution, which both have and devices run |
| Lambda, look-up layers | | refused |
| all other settings that only one knows | | left out; the numeric comparison tells whether one mattered |
"""

from __future__ import annotations

import inspect
from typing import Any

from edgeprune.models import custom
from edgeprune.models.keras3.activations import for_keras2, for_keras3
from edgeprune.models.tensorflow import keras

#: Settings by their Keras 3 and their Keras 2 name.
_RENAMED = {"LeakyReLU": (("negative_slope", "alpha"),)}
_TRAINING_ONLY = ("_initializer", "_regularizer", "_constraint")
_LOOKS_UP = {"StringLookup", "IntegerLookup", "TextVectorization", "Hashing", "HashedCrossing"}
_AUGMENTATION = {"RandAugment", "AugMix", "MixUp", "CutMix"}
_INNER = ("layer", "cell", "backward_layer")


def refuse(kind: str) -> None:
    """Raise ValueError with the reason for layers that no translation takes."""
    if kind == "Lambda":
        raise ValueError("its code cannot be taken over; write it with functions of keras.ops or as a layer class")
    if kind in _LOOKS_UP:
        raise ValueError("it looks words up, which is done before the model runs on a device")


def vanishes(layer: Any) -> bool:
    """Whether the layer passes its input through at inference and has no use in pruning."""
    kind = type(layer).__name__
    return (
        kind in ("Identity", "StochasticDepth")
        or kind in _AUGMENTATION
        or (kind.startswith("Random") and kind != "RandomCrop")
    )


def to_keras2(old: Any) -> tuple[Any, str | None]:
    """A tf-keras layer like the Keras 3 layer, and the activation that must be computed after it.

    Raises:
        ValueError: Keras 2 has no such layer or activation.
    """
    return _translate(old, 2)


def to_keras3(old: Any) -> tuple[Any, str | None]:
    """A Keras 3 layer like the tf-keras layer, and the activation that must be computed after it.

    Raises:
        ValueError: Keras 3 has no such layer or activation.
    """
    return _translate(old, 3)


def _translate(old: Any, generation: int) -> tuple[Any, str | None]:
    kind = type(old).__name__
    refuse(kind)
    if kind == "LayerScale":
        return _layer_class("DepthwiseConv2D", generation)(1, use_bias=False, name=old.name), None
    layer_class = _layer_class(kind, generation)
    config = {n: v for n, v in old.get_config().items() if not n.endswith(_TRAINING_ONLY)}
    if "dtype" in config:
        config["dtype"] = "float32" if "float" in (dtype := _dtype(old)) else dtype
    for new_name, old_name in _RENAMED.get(kind, ()):
        source, target = (new_name, old_name) if generation == 2 else (old_name, new_name)
        if source in config:
            config[target] = config.pop(source)
    follows = _activations(old, config, generation)
    if any(name in config for name in _INNER) and not isinstance(old, custom.classes()):
        return _wrapper(old, layer_class, config, generation), follows
    if kind in ("LSTM", "GRU", "SimpleRNN"):
        config.pop("seed", None)  # Keras 2 draws its own
    if kind == "BatchNormalization" and not isinstance(config["axis"], int):
        (config["axis"],) = config["axis"]  # a list of one in Keras 2
    known = _parameters(layer_class)
    config = {name: value for name, value in config.items() if name in known}
    # Keras 2 wants shapes in the configuration of attention that Keras 3 does not keep.
    return layer_class(**config) if kind == "MultiHeadAttention" else layer_class.from_config(config), follows


def _layer_class(kind: str, generation: int) -> Any:
    if generation == 2:
        home = keras().layers
    else:
        import keras as keras3

        home = keras3.layers
    found = custom.objects(generation).get(kind) or getattr(home, kind, None)
    if found is None:
        raise ValueError(f"Keras {generation} has no such layer")
    return found


def _wrapper(old: Any, layer_class: Any, config: dict[str, Any], generation: int) -> Any:
    """A layer that holds other layers or cells."""
    kind = type(old).__name__
    if kind == "Bidirectional":
        inner = {"layer": old.forward_layer, "backward_layer": old.backward_layer}
    else:
        inner = {"cell": old.cell} if "cell" in config else {"layer": old.layer}
    made: dict[str, Any] = {name: _inner(value, generation) for name, value in inner.items()}
    known = _parameters(layer_class)
    rest = {n: v for n, v in config.items() if n not in (*_INNER, "zero_output_for_mask") and n in known}
    return layer_class(**made, **rest)


def _inner(old: Any, generation: int) -> Any:
    if type(old).__name__ == "StackedRNNCells":
        return _layer_class("StackedRNNCells", generation)([_inner(cell, generation) for cell in old.cells])
    made, follows = _translate(old, generation)
    if follows is not None:
        raise ValueError(f"its inner layer uses {follows}, which the two Kerases define differently")
    return made


def _activations(old: Any, config: dict[str, Any], generation: int) -> str | None:
    """Put the other generation's names in place; return what must follow the layer."""
    translate = for_keras2 if generation == 2 else for_keras3
    after = None
    for name in [n for n in config if n.endswith("activation")]:
        config[name], follows = translate(_activation_name(getattr(old, name, None), config[name]))
        if follows is not None and (name != "activation" or hasattr(old, "recurrent_activation")):
            raise ValueError(f"{name} {follows} is another function in Keras {generation}")
        after = follows or after
    return after


def _activation_name(function: Any, written: Any) -> str:
    if function is None and written is None:
        return "linear"
    name = getattr(function, "__name__", None)
    if name is None and isinstance(written, dict):
        name = written["config"] if isinstance(written.get("config"), str) else str(written.get("class_name")).lower()
    return str(name or written)


def _dtype(old: Any) -> str:
    """The type a layer computes in, by name."""
    return str(getattr(old, "compute_dtype", None) or "float32")


def _parameters(layer_class: type) -> set[str]:
    """Names that the constructors of the class and of its bases accept, plus Keras's common ones."""
    names = {"name", "trainable", "dtype"}
    for base in inspect.getmro(layer_class):
        names.update(inspect.signature(base).parameters if base is not object else ())
    return names - {"self", "args", "kwargs"}
