"""The cores of a machine, from `/proc/cpuinfo` and `/sys/devices/system/cpu`."""

from __future__ import annotations

import re

from edgeprune.devices.machine import Core

_ARM, _QUALCOMM, _SAMSUNG = 0x41, 0x51, 0x53

#: Names by implementer and part number (MIDR_EL1; the Linux kernel's `cputype.h`).  Qualcomm's
#: older cores are Arm's with changes, and are named after those.
_NAMES = {
    (_ARM, 0xC05): "Cortex-A5", (_ARM, 0xC07): "Cortex-A7", (_ARM, 0xC08): "Cortex-A8",
    (_ARM, 0xC09): "Cortex-A9", (_ARM, 0xC0D): "Cortex-A17", (_ARM, 0xC0E): "Cortex-A17",
    (_ARM, 0xC0F): "Cortex-A15", (_ARM, 0xD01): "Cortex-A32", (_ARM, 0xD02): "Cortex-A34",
    (_ARM, 0xD03): "Cortex-A53", (_ARM, 0xD04): "Cortex-A35", (_ARM, 0xD05): "Cortex-A55",
    (_ARM, 0xD06): "Cortex-A65", (_ARM, 0xD07): "Cortex-A57", (_ARM, 0xD08): "Cortex-A72",
    (_ARM, 0xD09): "Cortex-A73", (_ARM, 0xD0A): "Cortex-A75", (_ARM, 0xD0B): "Cortex-A76",
    (_ARM, 0xD0C): "Neoverse-N1", (_ARM, 0xD0D): "Cortex-A77", (_ARM, 0xD0E): "Cortex-A76AE",
    (_ARM, 0xD40): "Neoverse-V1", (_ARM, 0xD41): "Cortex-A78", (_ARM, 0xD42): "Cortex-A78AE",
    (_ARM, 0xD44): "Cortex-X1", (_ARM, 0xD46): "Cortex-A510", (_ARM, 0xD47): "Cortex-A710",
    (_ARM, 0xD48): "Cortex-X2", (_ARM, 0xD49): "Neoverse-N2", (_ARM, 0xD4B): "Cortex-A78C",
    (_ARM, 0xD4C): "Cortex-X1C", (_ARM, 0xD4D): "Cortex-A715", (_ARM, 0xD4E): "Cortex-X3",
    (_ARM, 0xD4F): "Neoverse-V2", (_ARM, 0xD80): "Cortex-A520", (_ARM, 0xD81): "Cortex-A720",
    (_ARM, 0xD82): "Cortex-X4", (_ARM, 0xD84): "Neoverse-V3", (_ARM, 0xD85): "Cortex-X925",
    (_ARM, 0xD87): "Cortex-A725",
    (_QUALCOMM, 0x001): "Oryon", (_QUALCOMM, 0x201): "Kryo", (_QUALCOMM, 0x205): "Kryo", (_QUALCOMM, 0x211): "Kryo",
    (_QUALCOMM, 0x800): "Cortex-A73", (_QUALCOMM, 0x801): "Cortex-A53", (_QUALCOMM, 0x802): "Cortex-A75",
    (_QUALCOMM, 0x803): "Cortex-A55", (_QUALCOMM, 0x804): "Cortex-A76", (_QUALCOMM, 0x805): "Cortex-A55",
    (_SAMSUNG, 0x001): "Exynos-M1", (_SAMSUNG, 0x002): "Exynos-M3", (_SAMSUNG, 0x003): "Exynos-M4",
    (_SAMSUNG, 0x004): "Exynos-M5",
}  # fmt: skip


def parse_cores(cpuinfo: str, possible: str, frequencies: str, policies: str) -> tuple[Core, ...]:
    """The cores, by index.

    Args:
        cpuinfo: `/proc/cpuinfo`, where cores that sleep may be missing.
        possible: `/sys/devices/system/cpu/possible`, such as `0-7`.
        frequencies: A line `INDEX KILOHERTZ` per core.
        policies: A line per frequency domain, with the indices of its cores.
    """
    names = _names(cpuinfo)
    highest = {int(index): 1000 * int(khz) for index, khz in re.findall(r"^(\d+) (\d+)$", frequencies, re.MULTILINE)}
    domains = sorted(tuple(map(int, re.findall(r"\d+", line))) for line in policies.splitlines())
    clusters = {index: number for number, domain in enumerate(domains) for index in domain}
    every = {*_indices(possible), *names, *highest, *clusters}
    return tuple(Core(index, names.get(index), highest.get(index), clusters.get(index)) for index in sorted(every))


def _names(cpuinfo: str) -> dict[int, str | None]:
    """Names by index; blocks are separated by empty lines and hold `key : value`."""
    found: dict[int, str | None] = {}
    for block in re.split(r"\n\s*\n", cpuinfo):
        fields = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in block.splitlines())}
        if fields.get("processor", "").isdigit():
            found[int(fields["processor"])] = _name(fields)
    return found


def _name(fields: dict[str, str]) -> str | None:
    """A core that the table does not know is called by its numbers, so that it can be looked up."""
    implementer, part = fields.get("CPU implementer", ""), fields.get("CPU part", "")
    if re.fullmatch("0x[0-9a-fA-F]+", implementer) and re.fullmatch("0x[0-9a-fA-F]+", part):
        numbers = int(implementer, 16), int(part, 16)
        return _NAMES.get(numbers, f"implementer {implementer} part {part}")
    return fields.get("model name") or None


def _indices(ranges: str) -> list[int]:
    """The numbers of `0-3,6`."""
    found: list[int] = []
    for first, last in re.findall(r"(\d+)(?:-(\d+))?", ranges):
        found += range(int(first), int(last or first) + 1)
    return found
