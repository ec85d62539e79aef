"""Channels: which can go together, how much they matter, and the model without them."""
