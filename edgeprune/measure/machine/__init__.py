"""Measuring on a phone or an Arm board: what runs there, in turns, under watched conditions."""

from edgeprune.measure.machine.session import MachineRun, measure_in_turns, run_on_machine
from edgeprune.measure.machine.settings import MachineSettings

__all__ = ["MachineRun", "MachineSettings", "measure_in_turns", "run_on_machine"]
