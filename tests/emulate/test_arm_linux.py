"""Programs for 64-bit Arm under qemu-aarch64, and what their instructions count to."""

from __future__ import annotations

import subprocess

import pytest

from edgeprune.build import find_toolchain
from edgeprune.build.toolchain import zig_environment
from edgeprune.emulate.arm_linux import ARM_CORES, ArmCore, qemu_aarch64, run_arm
from edgeprune.errors import DeviceError, ToolchainError

needs_qemu = pytest.mark.skipif(qemu_aarch64() is None, reason="qemu-aarch64 is not installed")

#: Without a C library, which would take long to compile.  Argument 1: a digit, thousands of rounds of a loop of
#: three instructions; argument 2: a file to print; argument 3: hang.  The exit code is 7.
PROGRAM = r"""
static long call(long number, long a, long b, long c) {
    register long x8 __asm__("x8") = number, x0 __asm__("x0") = a, x1 __asm__("x1") = b, x2 __asm__("x2") = c;
    __asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2) : "memory");
    return x0;
}
__attribute__((used)) static void run(long *stack) {
    long rounds = 1000 * (*(char *)stack[2] - '0'), length;
    static char text[512];
    __asm__ volatile("1: subs %0, %0, #1\n nop\n b.ne 1b\n" : "+r"(rounds) : : "cc");
    if (stack[0] > 2) {
        long file = call(56, -100, stack[3], 0);
        while ((length = call(63, file, (long)text, sizeof text)) > 0) {
            call(64, 1, (long)text, length);
        }
    }
    while (stack[0] > 3) {
        __asm__ volatile("");
    }
    call(93, 7, 0, 0);
}
__asm__(".globl _start\n_start: mov x0, sp\n b run\n");
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    folder = tmp_path_factory.mktemp("arm")
    (folder / "p.c").write_text(PROGRAM)
    command = [*find_toolchain().command, "-target", "aarch64-freestanding", "-O1", "-nostdlib", "p.c", "-o", "p"]
    subprocess.run(command, cwd=folder, env=zig_environment(), check=True)
    return str(folder / "p")


@needs_qemu
def test_instructions_are_counted_exactly(program) -> None:
    few, many = (run_arm([program, n], ARM_CORES["cortex-a53"], 60, count=True) for n in "19")
    assert (few.code, many.code) == (7, 7)
    assert many.instructions - few.instructions == 3 * 8000


@needs_qemu
@pytest.mark.parametrize("core", ARM_CORES.values(), ids=list(ARM_CORES))
def test_a_program_finds_the_core_and_not_this_machine(program, core: ArmCore) -> None:
    told = run_arm([program, "1", "/proc/cpuinfo"], core, 60)
    assert told.instructions is None
    assert f"CPU part\t: {core.part:#x}" in told.out.decode()
    assert ("asimddp" in told.out.decode()) == (core.name in {"cortex-a55", "cortex-a76"})
    assert run_arm([program, "1", "/sys/devices/system/cpu/possible"], core, 60).out == b"0\n"


@needs_qemu
def test_a_program_that_hangs_is_stopped(program) -> None:
    with pytest.raises(DeviceError, match=r"took more than 0.5 s on the emulated cortex-a76 and was stopped"):
        run_arm([program, "1", "/dev/null", "hang"], ARM_CORES["cortex-a76"], 0.5)


@needs_qemu
def test_what_is_no_arm_program(tmp_path) -> None:
    (tmp_path / "p").write_text("nothing")
    with pytest.raises(DeviceError, match="did not count the instructions of p: "):
        run_arm([str(tmp_path / "p")], ARM_CORES["cortex-a53"], 60, count=True)


def test_without_qemu_the_message_tells_what_to_install(monkeypatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ToolchainError, match=r"qemu-aarch64 is not on the PATH; install it with `apt-get install"):
        run_arm(["p"], ARM_CORES["cortex-a53"], 1)
