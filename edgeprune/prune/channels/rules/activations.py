"""Layers whose every output element depends on the input element at the same place alone."""

from __future__ import annotations

from typing import Any

from edgeprune.prune.channels.site import Barrier, Passage, Rule, Site
from edgeprune.prune.channels.structure import LabelArray

#: Functions of one element, by their last name: those of tf-keras, `tf.nn` and `tf.math`.
ELEMENTWISE = """
    abs acos acosh asin asinh atan atanh cast ceil celu clip_by_value cos cosh digamma elu erf exp exponential expm1
    floor gelu hard_sigmoid hard_silu hard_swish identity leaky_relu lgamma linear log log1p log_sigmoid mish neg
    negative ones_like reciprocal reciprocal_no_nan relu relu6 rint round rsqrt selu sigmoid sign silu sin sinh
    softplus softsign sqrt square stop_gradient swish tan tanh zeros_like
"""
_POINTWISE = """
    Activation ActivityRegularization AlphaDropout Dropout ELU GaussianDropout GaussianNoise LeakyReLU RandomBrightness
    RandomContrast ReLU SpatialDropout1D SpatialDropout2D SpatialDropout3D StochasticDepth ThresholdedReLU
"""
_MIXING = frozenset({"softmax", "log_softmax"})


def doubt(function: Any) -> str | None:
    """Why an activation function could mix channels; None where it surely does not."""
    if function is None or type(function).__name__ in ("ReLU", "LeakyReLU", "ELU", "ThresholdedReLU"):
        return None
    name = str(getattr(function, "__name__", type(function).__name__))
    if name in _MIXING:
        return f"{name} mixes its channels"
    home = str(getattr(function, "__module__", ""))
    known = home.startswith(("tf_keras.", "keras.", "tensorflow.")) and name in ELEMENTWISE.split()
    return None if known else f"its activation {name} is not known to keep channels apart"


def pin_activated(site: Site, labels: LabelArray, *functions: str) -> None:
    """Keep the channels that the layer produces where its activation may mix them."""
    for function in functions or ("activation",):
        why = doubt(getattr(site.layer, function, None))
        if why is not None:
            site.pin(labels, why)


def pointwise(site: Site) -> Passage:
    """ReLU, Dropout and the like: any axis may hold the channels."""
    why = doubt(getattr(site.layer, "activation", None))
    if why is not None:
        raise Barrier(why)
    return site.passes(site.inputs[0].labels, axis=site.inputs[0].axis)


def softmax(site: Site) -> Passage:
    """Softmax over other axes than the channels."""
    rank = len(site.input_shapes[0])
    axes = site.layer.axis if isinstance(site.layer.axis, (list, tuple)) else [site.layer.axis]
    if site.inputs[0].axis in [axis % rank for axis in axes]:
        raise Barrier("softmax mixes its channels")
    return site.passes(site.inputs[0].labels, axis=site.inputs[0].axis)


def preprocessing(site: Site) -> Passage:
    """Rescaling and Normalization: their numbers per channel lie in the configuration and stay."""
    labels = site.last()
    if site.kind == "Normalization" or any(
        getattr(getattr(site.layer, key, None), "__len__", None) for key in ("scale", "offset")
    ):
        site.pin(labels, "it holds numbers for each channel")
    return site.passes(labels)


RULES: dict[str, Rule] = {
    "Softmax": softmax,
    "Rescaling": preprocessing,
    "Normalization": preprocessing,
    **dict.fromkeys(_POINTWISE.split(), pointwise),
}
