"""What machines tell about themselves, as they print it, and as they print it wrongly."""

from __future__ import annotations

import pytest

from edgeprune.devices import Core, MachineFacts, open_machine
from edgeprune.devices.remote.facts import parse_facts
from support.adbd import Phone

PIXEL = {
    "properties": "[ro.product.model]: [Pixel 8]\n[ro.soc.manufacturer]: [Google]\n[ro.soc.model]: [Tensor G3]\n"
    "[ro.board.platform]: [zuma]\n[ro.build.version.release]: [14]\n[ro.product.cpu.abi]: [arm64-v8a]\n",
    "services/battery": "Current Battery Service state:\n  AC powered: false\n  USB powered: true\n"
    "  Wireless powered: false\n  Dock powered: false\n  Max charging current: 500000\n  status: 2\n  health: 2\n"
    "  present: true\n  level: 41\n  scale: 50\n  voltage: 4107\n  temperature: 291\n  technology: Li-ion\n",
    "services/thermalservice": "IsStatusOverride: false\nThermalEventListeners:\n\tcallbacks: 2\nThermal Status: 2\n"
    "Cached temperatures:\n\tTemperature{mValue=38.1, mType=3, mName=VIRTUAL-SKIN, mStatus=2}\n",
    "proc/cpuinfo": "".join(
        f"processor\t: {i}\nBogoMIPS\t: 49.15\nFeatures\t: fp asimd asimddp\nCPU implementer\t: 0x41\n"
        f"CPU architecture: 8\nCPU variant\t: 0x1\nCPU part\t: {part}\nCPU revision\t: 0\n\n"
        for i, part in enumerate(["0xd46", "0xd46", "0xd4d", "0xd4e"])
    ),
    "sys/devices/system/cpu/possible": "0-3\n",
    "sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq": "1704000\n",
    "sys/devices/system/cpu/cpu1/cpufreq/cpuinfo_max_freq": "1704000\n",
    "sys/devices/system/cpu/cpu2/cpufreq/cpuinfo_max_freq": "2367000\n",
    "sys/devices/system/cpu/cpu3/cpufreq/cpuinfo_max_freq": "2914000\n",
    "sys/devices/system/cpu/cpufreq/policy0/related_cpus": "0 1\n",
    "sys/devices/system/cpu/cpufreq/policy2/related_cpus": "2\n",
    "sys/devices/system/cpu/cpufreq/policy3/related_cpus": "3\n",
    "sys/class/thermal/thermal_zone0/temp": "54200\n",
}


def printed(**sections: str) -> str:
    """What the script prints, with sections that are not given left empty as it does."""
    return "".join(f"\n@edgeprune {name}\n{text}" for name, text in sections.items())


def test_a_phone_is_read_over_adb(phone: Phone) -> None:
    for name, text in PIXEL.items():
        (phone.root / name).parent.mkdir(parents=True, exist_ok=True)
        (phone.root / name).write_text(text)
    with open_machine("adb:") as machine:
        facts = machine.facts()
    assert facts == MachineFacts(
        model="Pixel 8",
        soc="Google Tensor G3",
        system="Android 14",
        abi="arm64-v8a",
        cores=(
            Core(0, "Cortex-A510", 1_704_000_000, 0),
            Core(1, "Cortex-A510", 1_704_000_000, 0),
            Core(2, "Cortex-A715", 2_367_000_000, 1),
            Core(3, "Cortex-X3", 2_914_000_000, 2),
        ),
        battery_percent=82,
        charging=True,
        thermal="moderate",
    )


def test_a_phone_that_tells_nothing_is_empty_and_not_invented(phone: Phone) -> None:
    with open_machine("adb:") as machine:
        facts = machine.facts()
    assert (facts.model, facts.soc, facts.cores) == ("", "", ())
    assert (facts.battery_percent, facts.charging, facts.thermal) == (None, None, None)


def test_an_old_phone_knows_only_its_platform() -> None:
    properties = "[ro.product.model]: [Moto G]\r\n[ro.hardware]: [qcom]\r\n[ro.board.platform]: [msm8953]\r\n"
    facts = parse_facts(printed(properties=properties, possible="0-1"))
    assert (facts.model, facts.soc) == ("Moto G", "msm8953")
    assert facts.cores == (Core(0, None, None, None), Core(1, None, None, None))
    assert parse_facts(printed(properties="[ro.hardware]: [qcom]")).soc == "qcom"


def test_a_raspberry_pi_is_read() -> None:
    cores = "processor\t: 0\nCPU implementer\t: 0x41\nCPU part\t: 0xd0b\n\nprocessor\t: 1\nCPU implementer\t: 0x41\n"
    facts = parse_facts(
        printed(
            release='PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nNAME="Debian GNU/Linux"\nVERSION_ID="12"\n',
            board="Raspberry Pi 5 Model B Rev 1.0",
            compatible="raspberrypi,5-model-b\nbrcm,bcm2712\n",
            kernel="Linux\n6.6.20\naarch64\n",
            cpuinfo=f"{cores}CPU part\t: 0xd0b\n\nRevision\t: d04170\nModel\t\t: Raspberry Pi 5 Model B Rev 1.0\n",
            frequencies="0 2400000\n1 2400000\n",
            policies="0 1\n",
            zones="54250\n",
        )
    )
    assert facts == MachineFacts(
        model="Raspberry Pi 5 Model B Rev 1.0",
        soc="bcm2712",
        system="Debian GNU/Linux 12",
        abi="aarch64",
        cores=(Core(0, "Cortex-A76", 2_400_000_000, 0), Core(1, "Cortex-A76", 2_400_000_000, 0)),
        battery_percent=None,
        charging=None,
        thermal="54.2 °C",
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  level: 50\n  scale: 100\n", (50, None)),
        ("  AC powered: false\n  USB powered: false\n  level: 100\n", (100, False)),
        ("  AC powered: true\n  level: 7\n  scale: 0\n", (None, None)),
        ("  present: false\n  level: 0\n  scale: 100\n", (None, None)),
        ("  level: -1\n", (None, None)),
        ("Can't find service: battery\n", (None, None)),
        ("  level: 5", (5, None)),
    ],
)
def test_batteries_are_read_by_name(text: str, expected: tuple[int | None, bool | None]) -> None:
    facts = parse_facts(printed(battery=text))
    assert (facts.battery_percent, facts.charging) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Mains capacity= online=1 status=\nBattery capacity=80 online= status=Charging", (80, True)),
        ("Mains capacity= online=0 status=\nBattery capacity=80 online= status=Discharging", (80, False)),
        ("USB capacity= online=1 status=", (None, None)),
        ("", (None, None)),
    ],
)
def test_batteries_of_other_systems_are_read(text: str, expected: tuple[int | None, bool | None]) -> None:
    facts = parse_facts(printed(supplies=text))
    assert (facts.battery_percent, facts.charging) == expected


@pytest.mark.parametrize(
    ("throttling", "zones", "expected"),
    [
        ("Thermal Status: 0\n", "40000\n", "none"),
        ("Thermal Status: 99\n", "40000\n41500\n", "41.5 °C"),
        ("", "3\n-274000\n999999\nnot a number\n", None),
        ("", "", None),
    ],
)
def test_heat_is_what_the_system_says_of_it(throttling: str, zones: str, expected: str | None) -> None:
    assert parse_facts(printed(throttling=throttling, zones=zones)).thermal == expected


def test_a_core_that_is_not_known_is_called_by_its_numbers() -> None:
    text = "processor: 0\nCPU implementer: 0x99\nCPU part: 0x123\n\nprocessor: 1\nCPU implementer: what\n"
    names = [core.name for core in parse_facts(printed(cpuinfo=text)).cores]
    assert names == ["implementer 0x99 part 0x123", None]
