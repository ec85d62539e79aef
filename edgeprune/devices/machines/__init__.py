"""One module per way to reach a machine that runs programs; see `edgeprune.devices.machine`."""
