"""Layers that work on each channel by itself over the other axes: pooling, padding, resizing."""

from __future__ import annotations

from edgeprune.prune.channels.site import Passage, Rule, Site

_KINDS = """
    AveragePooling1D AveragePooling2D AveragePooling3D CenterCrop Cropping1D Cropping2D Cropping3D
    GlobalAveragePooling1D GlobalAveragePooling2D GlobalAveragePooling3D GlobalMaxPooling1D GlobalMaxPooling2D
    GlobalMaxPooling3D MaxPooling1D MaxPooling2D MaxPooling3D RandomCrop RandomFlip RandomHeight RandomRotation
    RandomTranslation RandomWidth RandomZoom RepeatVector Resizing UpSampling1D UpSampling2D UpSampling3D
    ZeroPadding1D ZeroPadding2D ZeroPadding3D
"""


def per_channel(site: Site) -> Passage:
    """The channels stay on the last axis, whatever happens on the others."""
    return site.passes(site.last())


RULES: dict[str, Rule] = dict.fromkeys(_KINDS.split(), per_channel)
