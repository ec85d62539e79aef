"""One module per way to reach a board; see `edgeprune.devices.transport`."""
