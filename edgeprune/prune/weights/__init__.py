"""Patterns of zeros among single weights: the shape of the model stays."""
