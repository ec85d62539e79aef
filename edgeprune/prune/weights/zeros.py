"""Counting zeros."""

from __future__ import annotations

from typing import Any

import numpy as np


def kernel_zeros(model: Any) -> float:
    """Share of zeros among the weights of two or more axes, 0 to 1."""
    kernels = [weight for weight in model.get_weights() if weight.ndim > 1]
    total = sum(kernel.size for kernel in kernels)
    return 1.0 - sum(int(np.count_nonzero(kernel)) for kernel in kernels) / total if total else 0.0
