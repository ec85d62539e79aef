"""The pruning patterns, one per file; each file has a `PATTERN`.

No file here may import TensorFlow at its top: the command line lists the patterns.
"""
