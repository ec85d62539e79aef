"""Passes over the graph that leave every output as it is, bit by bit."""

from edgeprune.optimize.constant_channels import ConstantChannels, Removal, find, remove_constant_channels

__all__ = ["ConstantChannels", "Removal", "find", "remove_constant_channels"]
