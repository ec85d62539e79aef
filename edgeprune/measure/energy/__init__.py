"""Energy of an inference on a phone, from what the phone itself can tell."""

from edgeprune.measure.energy.account import Window, energy_per_inference
from edgeprune.measure.energy.battery import BATTERY_SAMPLE, BATTERY_SECONDS, battery_window
from edgeprune.measure.energy.rails import RAILS_CONFIG, rails_window

__all__ = [
    "BATTERY_SAMPLE",
    "BATTERY_SECONDS",
    "RAILS_CONFIG",
    "Window",
    "battery_window",
    "energy_per_inference",
    "rails_window",
]
