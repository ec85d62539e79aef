"""Target profiles: those that ship, and what a broken one is told."""

from __future__ import annotations

import pytest

from edgeprune.errors import TargetError
from edgeprune.resources import targets_folder
from edgeprune.targets import McuTarget, list_targets, load_target

TEXT = (targets_folder() / "cortex-m4.toml").read_text()


def test_every_profile_loads_under_its_own_name() -> None:
    assert {"cortex-m4", "host", "phone-a76"} <= set(list_targets())
    for name in list_targets():
        assert load_target(name).name == name


def test_the_generic_target_is_as_promised() -> None:
    target = load_target("cortex-m4")
    assert isinstance(target, McuTarget)
    assert (target.flash.size, target.ram.size, target.cpu.clock_hz) == (1 << 20, 256 << 10, 120_000_000)


def test_unknown_target_names_the_known_ones() -> None:
    with pytest.raises(TargetError, match=r"no target 'esp32'; known targets: .*cortex-m4, host, .*phone-a76"):
        load_target("esp32")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "stack_bytes",
            "stack_byts",
            r"unknown key 'stack_byts'; did you mean 'stack_bytes'\?.*Allowed here: cpu, dtypes",
        ),
        ("clock_hz", "clock", r"cpu\.clock"),
        ("120_000_000", "-1", r"cpu\.clock_hz = -1 is not allowed"),
        ('kind = "mcu"', 'kind = "toaster"', "kind"),
        ('core = "cortex-m4"', 'core = "z80"', r"cpu\.core = 'z80' is not allowed: .*cortex-m4"),
        ('name = "cortex-m4"', "", "the key 'name' is missing"),
        ("[cpu]", "[cpu", "not a readable TOML file"),
        ("stack_bytes = 4096", "stack_bytes = true", "stack_bytes = True is not allowed"),
    ],
)
def test_faults_name_file_key_and_what_is_allowed(tmp_path, old: str, new: str, message: str) -> None:
    assert old in TEXT
    (tmp_path / "mine.toml").write_text(TEXT.replace(old, new, 1))
    with pytest.raises(TargetError, match=message) as caught:
        load_target(str(tmp_path / "mine.toml"))
    assert "mine.toml" in str(caught.value)
