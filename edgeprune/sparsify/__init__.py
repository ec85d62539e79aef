"""Makes the zeros of a .tflite file save time on phones, where XNNPACK's sparse inference can use them."""

from edgeprune.sparsify.part import Blocker
from edgeprune.sparsify.sparse import Sparse, SparseLayer, deployable, sparse

__all__ = ["Blocker", "Sparse", "SparseLayer", "deployable", "sparse"]
