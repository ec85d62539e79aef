"""What a machine is: one script that prints what it can, and what is found in that."""

from __future__ import annotations

import re

from edgeprune.devices.machine import MachineFacts
from edgeprune.devices.remote.cores import parse_cores

_MARK = "@edgeprune"

#: Each section prints what the machine has, and nothing where it has not.
SCRIPT = f"""
section() {{ echo; echo "{_MARK} $1"; }}
section properties; getprop
section release; cat /etc/os-release
section board; tr -d '\\0' < /sys/firmware/devicetree/base/model
section product; cat /sys/class/dmi/id/product_name
section compatible; tr '\\0' '\\n' < /sys/firmware/devicetree/base/compatible
section kernel; uname -s; uname -r; uname -m
section cpuinfo; cat /proc/cpuinfo
section possible; cat /sys/devices/system/cpu/possible
section frequencies; for f in /sys/devices/system/cpu/cpu[0-9]*/cpufreq/cpuinfo_max_freq; do
    d=${{f%/cpufreq/*}}; echo "${{d##*/cpu}} $(cat "$f")"; done
section policies; for p in /sys/devices/system/cpu/cpufreq/policy*; do cat "$p/related_cpus"; done
section battery; dumpsys battery
section throttling; dumpsys thermalservice
section supplies; for s in /sys/class/power_supply/*; do
    echo "$(cat "$s/type") capacity=$(cat "$s/capacity") online=$(cat "$s/online") status=$(cat "$s/status")"; done
section zones; for z in /sys/class/thermal/thermal_zone*; do cat "$z/temp"; done
true
"""

#: `android.os.PowerManager.THERMAL_STATUS_*`.
_THROTTLING = ("none", "light", "moderate", "severe", "critical", "emergency", "shutdown")


def parse_facts(text: str) -> MachineFacts:
    """What the script printed, as facts; whatever is missing or unreadable is left out."""
    sections = _sections(text)
    properties = dict(re.findall(r"^\[([^\]]+)\]: \[(.*)\]\r?$", sections.get("properties", ""), re.MULTILINE))
    kernel = sections.get("kernel", "").split("\n")
    percent, charging = _battery(sections.get("battery", ""))
    if percent is None:
        percent, charging = _supplies(sections.get("supplies", ""))
    return MachineFacts(
        model=properties.get("ro.product.model") or sections.get("board") or sections.get("product", ""),
        soc=_soc(properties, sections),
        system=_system(properties, sections),
        abi=properties.get("ro.product.cpu.abi") or (kernel[2] if len(kernel) > 2 else ""),
        cores=parse_cores(*(sections.get(name, "") for name in ("cpuinfo", "possible", "frequencies", "policies"))),
        battery_percent=percent,
        charging=charging,
        thermal=_thermal(sections),
    )


def _sections(text: str) -> dict[str, str]:
    """Each section's text without the spaces around it."""
    found = {}
    for section in text.replace("\r\n", "\n").split(f"\n{_MARK} ")[1:]:
        name, _, body = section.partition("\n")
        found[name] = body.strip()
    return found


def _soc(properties: dict[str, str], sections: dict[str, str]) -> str:
    """The name of the chip; phones before Android 12 know only a platform's."""
    model, maker = properties.get("ro.soc.model", ""), properties.get("ro.soc.manufacturer", "")
    if model:
        return model if not maker or maker in model else f"{maker} {model}"
    for name in ("ro.board.platform", "ro.hardware"):
        if properties.get(name):
            return properties[name]
    hardware = re.search(r"^Hardware\s*: (.+)$", sections.get("cpuinfo", ""), re.MULTILINE)
    # The last entry is the most general one: the chip behind the board.
    compatible = sections.get("compatible", "").split()
    return hardware[1].strip() if hardware else compatible[-1].partition(",")[2] if compatible else ""


def _system(properties: dict[str, str], sections: dict[str, str]) -> str:
    if properties.get("ro.build.version.release"):
        return f"Android {properties['ro.build.version.release']}"
    release = dict(re.findall(r'^(\w+)="?([^"\n]*)"?$', sections.get("release", ""), re.MULTILINE))
    if release.get("NAME"):
        return f"{release['NAME']} {release.get('VERSION_ID', '')}".strip()
    return " ".join(sections.get("kernel", "").split("\n")[:2])


def _battery(text: str) -> tuple[int | None, bool | None]:
    """Percent and whether power comes in, from `dumpsys battery`."""
    fields = dict(re.findall(r"^\s*([\w ]+?): *(-?\w+)\s*$", text, re.MULTILINE))
    level, scale = fields.get("level", ""), fields.get("scale", "100")
    if not level.isdigit() or not scale.isdigit() or int(scale) == 0 or fields.get("present") == "false":
        return None, None
    powered = [value == "true" for name, value in fields.items() if name.endswith(" powered")]
    return round(100 * int(level) / int(scale)), any(powered) if powered else None


def _supplies(text: str) -> tuple[int | None, bool | None]:
    """The same from `/sys/class/power_supply`."""
    found = re.findall(r"^(\S+) capacity=(\d*) online=(\d*) status=(.*)$", text, re.MULTILINE)
    batteries = [(int(capacity), status) for kind, capacity, _, status in found if kind == "Battery" and capacity]
    if not batteries:
        return None, None
    outside = any(online == "1" for kind, _, online, _ in found if kind != "Battery")
    return batteries[0][0], outside or batteries[0][1] in ("Charging", "Full", "Not charging")


def _thermal(sections: dict[str, str]) -> str | None:
    status = re.search(r"^\s*Thermal Status: (\d+)\s*$", sections.get("throttling", ""), re.MULTILINE)
    if status and int(status[1]) < len(_THROTTLING):
        return _THROTTLING[int(status[1])]
    # Thousandths of a degree; phones have zones that are not temperatures.
    zones = [int(word) / 1000 for word in sections.get("zones", "").split() if re.fullmatch(r"\d{4,6}", word)]
    plausible = [celsius for celsius in zones if celsius < 150]
    return f"{max(plausible):.1f} °C" if plausible else None
