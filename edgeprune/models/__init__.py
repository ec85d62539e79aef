"""Trained float models and the data to prune, calibrate and judge them with."""

from edgeprune.models.dataset import Dataset, load_dataset
from edgeprune.models.evaluate import evaluate, scores
from edgeprune.models.loader import FloatModel, adopt, load, save

__all__ = ["Dataset", "FloatModel", "adopt", "evaluate", "load", "load_dataset", "save", "scores"]
