"""Windows of emulated time: calls of firmware that runs by itself, layers, and images without names."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeprune.build.image import write_bin_and_hex
from edgeprune.emulate import Core, load_image, measure_call, measure_layers, monitored_calls
from edgeprune.errors import UserError
from emulate.firmware import mcu_target


def booted(elf: Path) -> Core:
    core = Core(load_image(elf), mcu_target())
    core.boot()
    return core


def test_a_monitored_call_costs_what_a_measured_one_does(release_elf: Path) -> None:
    core = booted(release_elf)
    alone = measure_call(core, "ep_invoke")
    with monitored_calls(core, "ep_invoke") as calls:
        core.call("inference_run")
        core.call("inference_run")
    assert len(calls) == 2
    for call in calls:
        assert call.instructions == alone.instructions
        # The branch back to the caller belongs to the call when there is a caller.
        assert alone.cycles <= call.cycles <= alone.cycles + 4
        assert [f.name for f in call.functions] == [f.name for f in alone.functions]
    core.call("inference_run")
    assert len(calls) == 2


def test_layers_seen_from_outside_are_what_the_firmware_tells(profile_elf: Path) -> None:
    core = booted(profile_elf)
    layers = measure_layers(core)
    whole = measure_call(core, "ep_invoke").cycles
    assert [layer.index for layer in layers] == list(range(len(layers)))
    assert all(layer.cycles > 0 for layer in layers)
    assert sum(layer.cycles for layer in layers) < whole


def test_firmware_that_times_no_layers_says_so(release_elf: Path) -> None:
    with pytest.raises(UserError, match="no symbol 'ep_profile_layer'"):
        measure_layers(booted(release_elf))


def test_hex_and_bin_run_as_the_elf_does(release_elf: Path, tmp_path: Path) -> None:
    elf = tmp_path / "firmware.elf"
    elf.write_bytes(release_elf.read_bytes())
    write_bin_and_hex(elf)
    target = mcu_target()
    invoke = load_image(elf).address_of("main")
    found = []
    for file in ("firmware.elf", "firmware.hex", "firmware.bin"):
        core = Core(load_image(tmp_path / file, base=target.flash.base), target)
        core.reset()
        core.run(until=invoke)
        found.append((core.pc, core.cycles))
    assert found == [found[0]] * 3


def test_a_bin_needs_its_place(tmp_path: Path) -> None:
    (tmp_path / "x.bin").write_bytes(b"1234")
    with pytest.raises(UserError, match="give its base address"):
        load_image(tmp_path / "x.bin")


@pytest.mark.parametrize(("name", "content", "message"), [
    ("x.hex", b"hello", "not an Intel hex file"),
    ("x.hex", b":00000001FF\n", "holds no code"),
    ("x.hex", b":04000000FFFFFFFF01\n", "not an Intel hex file"),  # checksum
    ("x.bin", b"", "holds no code"),
])  # fmt: skip
def test_bad_images_are_one_sentence(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=message):
        load_image(tmp_path / name, base=0)
