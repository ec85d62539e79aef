"""Training while and after a model is pruned: batches, losses, checkpoints.

Import its modules inside functions only: they import TensorFlow.
"""
