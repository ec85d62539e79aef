"""Firmware folders: what is in them, that they are whole, and that faults come with numbers."""

from __future__ import annotations

import json
import shutil

import pytest
from elftools.elf.elffile import ELFFile
from intelhex import IntelHex

from edgeprune.build import build_firmware, find_toolchain, load_firmware
from edgeprune.errors import DoesNotFit, ToolchainError, UnsupportedError, UserError
from edgeprune.targets import load_target
from edgeprune.tflite import read_bytes
from support.small import float_model, small_model

MODEL = read_bytes(small_model(), "small.tflite")
M4 = load_target("cortex-m4")
TOOLCHAINS = ["zig", pytest.param("gcc", marks=pytest.mark.skipif(
    shutil.which("arm-none-eabi-gcc") is None, reason="arm-none-eabi-gcc is not installed"))]  # fmt: skip


@pytest.mark.parametrize("toolchain", TOOLCHAINS)
def test_everything_promised_is_there(tmp_path, toolchain: str) -> None:
    firmware = build_firmware(MODEL, M4, tmp_path / "fw", toolchain=find_toolchain(toolchain))
    manifest = json.loads((tmp_path / "fw" / "manifest.json").read_text())
    assert manifest["arena_bytes"] < manifest["ram_bytes"]
    assert manifest["layers"][0]["kernel"].startswith("ep_conv_2d_s8_")
    with firmware.elf.open("rb") as stream:
        elf = ELFFile(stream)
        symbols = {s.name: s for s in elf.get_section_by_name(".symtab").iter_symbols()}
        loaded = sum(s["p_filesz"] for s in elf.iter_segments() if s["p_type"] == "PT_LOAD")
    for name in ("main", "ep_invoke", "ep_input", "ep_output"):
        assert symbols[name]["st_info"]["bind"] == "STB_GLOBAL"
        assert symbols[name]["st_info"]["type"] == "STT_FUNC"
    assert not {"malloc", "free", "calloc", "sbrk", "_sbrk"} & set(symbols)
    binary = firmware.elf.with_suffix(".bin").read_bytes()
    image = IntelHex(str(firmware.elf.with_suffix(".hex")))
    assert image.minaddr() == M4.flash.base
    assert bytes(image.tobinarray()) == binary
    assert loaded <= len(binary) <= loaded + 16
    assert abs(manifest["flash_bytes"] - len(binary)) <= 16


def test_a_folder_reads_back(tmp_path) -> None:
    firmware = build_firmware(MODEL, M4, tmp_path / "fw", name="clothes")
    assert load_firmware(tmp_path / "fw") == firmware
    assert firmware.manifest.name == "clothes"
    assert firmware.model.read_bytes() == MODEL.content


def test_equal_models_give_equal_images_wherever_they_lie(tmp_path) -> None:
    first = build_firmware(MODEL, M4, tmp_path / "a", name="m")
    second = build_firmware(MODEL, M4, tmp_path / "deeper" / "b", name="m")
    assert first.elf.read_bytes() == second.elf.read_bytes()
    assert first.manifest.to_json() == second.manifest.to_json()


def test_the_size_of_a_small_model_stays_small(tmp_path) -> None:
    image = build_firmware(MODEL, M4, tmp_path / "fw").manifest.image
    assert image.flash_bytes - 4 * len(MODEL.content) < 16_000
    assert image.ram_bytes - image.arena_bytes < 2_000


def test_flash_too_small(tmp_path) -> None:
    tight = M4.model_copy(update={"flash": M4.flash.model_copy(update={"size": 2000})})
    with pytest.raises(DoesNotFit, match=r"exceed the flash of cortex-m4 \(2,000 B\) by [\d,]+ B; largest part: \w+"):
        build_firmware(MODEL, tight, tmp_path / "fw")
    assert list(tmp_path.iterdir()) == []


def test_ram_too_small_for_all_together(tmp_path) -> None:
    need = build_firmware(MODEL, M4, tmp_path / "ok").manifest.image
    tight = M4.model_copy(update={"ram": M4.ram.model_copy(update={"size": need.arena_bytes + M4.stack_bytes + 8})})
    with pytest.raises(DoesNotFit, match=r"RAM of cortex-m4 .* by [\d,]+ B; the arena takes .* largest tensor"):
        build_firmware(MODEL, tight, tmp_path / "fw")
    assert not (tmp_path / "fw").exists()


def test_what_was_there_stays_when_the_build_fails(tmp_path) -> None:
    before = build_firmware(MODEL, M4, tmp_path / "fw").elf.read_bytes()
    tight = M4.model_copy(update={"flash": M4.flash.model_copy(update={"size": 2000})})
    with pytest.raises(DoesNotFit):
        build_firmware(MODEL, tight, tmp_path / "fw")
    assert load_firmware(tmp_path / "fw").elf.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["fw"]


def test_a_foreign_folder_is_not_replaced(tmp_path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(UserError, match="was not made by this command"):
        build_firmware(MODEL, M4, tmp_path)
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


def test_litert_deployment(tmp_path) -> None:
    firmware = build_firmware(MODEL, load_target("phone-a76"), tmp_path / "phone")
    files = sorted(path.name for path in (tmp_path / "phone").iterdir())
    assert files == ["manifest.json", "model-aarch64", "model.tflite"]
    assert firmware.manifest.image is None


def test_float_model_for_an_int8_only_phone(tmp_path) -> None:
    phone = load_target("phone-a76").model_copy(update={"dtypes": ("int8",)})
    with pytest.raises(UnsupportedError, match="float32"):
        build_firmware(read_bytes(float_model(), "m"), phone, tmp_path / "fw")


def test_compiler_errors_are_quoted(tmp_path) -> None:
    broken = find_toolchain()
    broken = type(broken)(broken.name, broken.version, (*broken.command, "-DEP_ABI_VERSION=)"))
    with pytest.raises(ToolchainError, match=r"the compiler zig failed: .*error"):
        build_firmware(MODEL, M4, tmp_path / "fw", toolchain=broken)
    assert list(tmp_path.iterdir()) == []


def test_unknown_toolchain() -> None:
    with pytest.raises(ToolchainError, match="known toolchains: zig, gcc"):
        find_toolchain("turbo-c")


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"format": 2}'])
def test_damaged_manifest(tmp_path, damage: str) -> None:
    build_firmware(MODEL, load_target("host"), tmp_path / "fw")
    (tmp_path / "fw" / "manifest.json").write_text(damage)
    with pytest.raises(UserError, match=r"manifest\.json"):
        load_firmware(tmp_path / "fw")


def test_missing_pieces(tmp_path) -> None:
    with pytest.raises(UserError, match="there is no folder"):
        load_firmware(tmp_path / "none")
    firmware = build_firmware(MODEL, M4, tmp_path / "fw")
    firmware.profile_elf.unlink()
    with pytest.raises(UserError, match=r"firmware-profile\.elf is missing"):
        load_firmware(tmp_path / "fw")
