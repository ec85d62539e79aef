"""EXP: e to the input."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from edgeprune.graph import Graph, Node, Tensor
from edgeprune.ops import lookup
from edgeprune.ops.interpolation import InterpolationKernel
from edgeprune.ops.lookup import Floats
from edgeprune.ops.unary import FloatKernel, Unary

_FOLDER = Path(__file__).parent


def _table(graph: Graph, node: Node) -> npt.NDArray[np.int8]:
    return lookup.float_table(graph.required(node, 0), graph.output(node), lookup.exponential)


def _real(values: Floats, output: Tensor) -> Floats:
    return lookup.exponential(values)


class _Float(FloatKernel):
    name = "ep_exp_f32"
    folder = _FOLDER
    cycles = 95.0


class Exp(Unary):
    """EXP of int8, int16 or float32."""

    name = "EXP"
    summary = "e to the input."
    kernels = (
        lookup.LookupKernel(_table),
        InterpolationKernel(_real),
        _Float(),
    )


OPERATOR = Exp()
