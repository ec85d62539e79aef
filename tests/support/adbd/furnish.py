"""What a phone's file system tells of its processor, its battery and its temperatures."""

from __future__ import annotations

from support.adbd.phone import Phone

_CPUINFO = "processor\t: {n}\nFeatures\t: fp asimd asimddp\nCPU implementer\t: 0x41\nCPU part\t: 0x{part:x}\n\n"
#: Of the only core that is used: small ones come first on phones, but this machine may have few.
_PARTS = (0xD0B, 0xD05)
CLOCK = "/sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq"


def android(phone: Phone, battery: int = 80, charging: bool = False) -> Phone:
    """A phone with a Cortex-A76 as CPU 0 and a Cortex-A55 as CPU 1; returns it."""
    plug = str(charging).lower()
    properties = (
        "product.model]: [Test Phone",
        "soc.model]: [T1",
        "build.version.release]: [14",
        "product.cpu.abi]: [arm64-v8a",
    )
    _write(phone, "properties", "".join(f"[ro.{entry}]\n" for entry in properties))
    _write(phone, "services/battery", f"Current Battery Service state:\n  AC powered: false\n  USB powered: {plug}\n"
           f"  level: {battery}\n  scale: 100\n")  # fmt: skip
    _write(phone, "services/thermalservice", "IsStatusOverride: false\nThermal Status: 0\n")
    _write(phone, "proc/cpuinfo", "".join(_CPUINFO.format(n=n, part=part) for n, part in enumerate(_PARTS)))
    _write(phone, "proc/uptime", "1000.50 900.00\n")
    _write(phone, "sys/devices/system/cpu/possible", "0-1\n")
    for cpu, khz in enumerate((2_800_000, 1_800_000)):
        folder = f"sys/devices/system/cpu/cpu{cpu}/cpufreq"
        for name, value in (("cpuinfo_max_freq", khz), ("scaling_max_freq", khz), ("scaling_cur_freq", khz)):
            _write(phone, f"{folder}/{name}", f"{value}\n")
        _write(phone, f"{folder}/scaling_governor", "schedutil\n")
    _write(phone, "sys/class/thermal/thermal_zone0/type", "cpu-1\n")
    _write(phone, "sys/class/thermal/thermal_zone0/temp", "38000\n")
    return phone


def board(phone: Phone) -> Phone:
    """The same processor under Debian; returns it."""
    android(phone)
    _write(phone, "properties", "")
    _write(
        phone,
        "etc/os-release",
        'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nNAME="Debian GNU/Linux"\nVERSION_ID="12"\n',
    )
    program(phone, "uname", 'case "$1" in -m) echo aarch64 ;; -s) echo Linux ;; *) echo 6.1.0 ;; esac')
    return phone


def program(phone: Phone, name: str, script: str) -> None:
    """A program of the phone's, by its shell script."""
    _write(phone, f"bin/{name}", f"#!/bin/sh\n{script}\n")
    phone.path(f"bin/{name}").chmod(0o755)


def _write(phone: Phone, path: str, text: str) -> None:
    file = phone.path(path)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
