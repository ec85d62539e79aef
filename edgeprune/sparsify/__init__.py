"""Makes the zeros of a .tflite file save time on phones, where XNNPACK's sparse inference can use them."""

from edgeprune.sparsify.deployment import Sparse, SparseLayer, deployable, sparse
from edgeprune.sparsify.part import Blocker

__all__ = ["Blocker", "Sparse", "SparseLayer", "deployable", "sparse"]
