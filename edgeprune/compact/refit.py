"""Graphs with fewer channels whose layers are fitted anew, one after the other, to what they computed before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from edgeprune.compact.activations import Samples, sampled
from edgeprune.compact.interpreter import Array
from edgeprune.compact.layers import MixingLayer, Reals, with_layer, without_groups
from edgeprune.compact.structure import Structure
from edgeprune.graph import Graph
from edgeprune.optimize.constant_channels.groups import Mask
from edgeprune.tflite import TfliteModel, rewritten

_RIDGE = 1e-3


@dataclass(frozen=True, eq=False)
class Narrowing:
    """A model, and what its layers saw and computed on the calibration data.

    Attributes:
        source: The model.
        structure: Of its graph.
        inputs: The calibration data, as the model takes it.
        samples: What each mixing layer saw.
    """

    source: TfliteModel
    structure: Structure
    inputs: Array
    samples: dict[int, Samples]

    def narrowed(self, keep: Mask, layers: Mapping[int, MixingLayer]) -> Graph:
        """The graph with the groups in `keep`; `layers` are new versions of layers, in full width."""
        structure = self.structure
        graph = without_groups(structure.graph, structure.group, keep)
        for index, layer in layers.items():
            node = structure.graph.nodes[index]
            rows, columns = keep[structure.group[node.outputs[0]]], keep[structure.group[node.inputs[0]]]
            own = MixingLayer(layer.weights[rows][:, :, columns], layer.bias[rows], layer.window)
            graph = with_layer(graph, index, own)
        return graph

    def refitted(self, keep: Mask, layers: Mapping[int, MixingLayer]) -> TfliteModel:
        """As `narrowed`, then each layer fitted by least squares to what it computed in the source.

        Layers are fitted in order, each to inputs that have the errors of those before it
        (asymmetric reconstruction; He, Zhang, Sun, arXiv 1707.06168).
        """
        graph = self.narrowed(keep, layers)
        for index, old in self.structure.layers.items():
            node = self.structure.graph.nodes[index]
            rows, columns = keep[self.structure.group[node.outputs[0]]], keep[self.structure.group[node.inputs[0]]]
            model = rewritten(self.source, graph)
            seen = sampled(model, {index: old}, self.inputs)[index].rows
            before = self.samples[index].rows
            if seen.shape == before.shape and np.array_equal(seen, before):
                continue
            start = layers.get(index, old).weights[rows][:, :, columns]
            target = before @ old.weights.reshape(len(old.weights), -1)[rows].T + old.bias[rows]
            graph = with_layer(graph, index, _fitted(seen, target, start, old))
        return rewritten(self.source, graph)


def _fitted(seen: Reals, target: Reals, start: Reals, old: MixingLayer) -> MixingLayer:
    """The layer that comes nearest to `target` [N, outputs] from `seen` [N, columns], and does not leave `start`."""
    mean, centre = seen.mean(axis=0), target.mean(axis=0)
    centred = seen - mean
    covariance = centred.T @ centred / len(centred)
    ridge = _RIDGE * max(float(np.trace(covariance)) / len(covariance), 1e-9)
    first = start.reshape(len(start), -1)
    wanted = centred.T @ (target - centre) / len(centred) + ridge * first.T
    weights = np.linalg.solve(covariance + ridge * np.eye(len(covariance)), wanted).T
    return MixingLayer(weights.reshape(start.shape), centre - weights @ mean, old.window)
