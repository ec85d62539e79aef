"""Power from the meters on a phone's own supply rails (Pixel 6 and later), by the system's tracer.

`perfetto` is on every Android since 9 and may be used from the shell; its data source
`android.power` reads the accumulated energy of each rail in microwatt-seconds.
"""

from __future__ import annotations

from edgeprune.errors import DeviceError
from edgeprune.measure.energy.account import Window
from edgeprune.measure.protobuf import Schema, message_class

_POLL_MS = 250
#: What the tracer is told, in its text format.
RAILS_CONFIG = (
    "buffers { size_kb: 8192 fill_policy: RING_BUFFER } data_sources { config { name: 'android.power' "
    f"android_power_config {{ battery_poll_ms: {_POLL_MS} collect_power_rails: true }} }} }} "
    "write_into_file: true file_write_period_ms: 2000"
)
#: From protos/perfetto/trace/trace_packet.proto and power/power_rails.proto.
_SCHEMA: Schema = {
    "RailDescriptor": (("index", 1, "uint32"), ("rail_name", 2, "string"), ("subsys_name", 3, "string")),
    "EnergyData": (("index", 1, "uint32"), ("timestamp_ms", 2, "uint64"), ("energy", 3, "uint64")),
    "PowerRails": (("rail_descriptor", 1, "RailDescriptor*"), ("energy_data", 2, "EnergyData*")),
    "TracePacket": (("power_rails", 40, "PowerRails"),),
    "Trace": (("packet", 1, "TracePacket*"),),
}


def rails_window(trace: bytes, inferences: int) -> Window:
    """The window that a trace covers: all rails together, from their first reading to their last.

    Raises:
        DeviceError: The trace is damaged, or the phone has no rails that can be read.
    """
    from google.protobuf.message import DecodeError

    try:
        packets = message_class(_SCHEMA, "Trace").FromString(trace).packet
    except DecodeError:
        raise DeviceError("the power trace is damaged or cut; measure again") from None
    readings: dict[int, list[tuple[int, int]]] = {}
    for packet in packets:
        for data in packet.power_rails.energy_data:
            readings.setdefault(data.index, []).append((data.timestamp_ms, data.energy))
    spans = [(min(of_rail), max(of_rail)) for of_rail in readings.values() if len(set(of_rail)) > 1]
    if not spans:
        raise DeviceError("the phone tells no energy of its power rails; use the battery's gauge")
    # Rails are read one after the other, so each has its own stretch of time.
    watts = sum((last[1] - first[1]) / (last[0] - first[0]) / 1000 for first, last in spans if last[0] > first[0])
    seconds = max(last[0] for _, last in spans) / 1000 - min(first[0] for first, _ in spans) / 1000
    return Window(seconds, watts * seconds, inferences, "the meters on its power rails")
