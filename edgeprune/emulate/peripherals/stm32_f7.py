"""Clocks, power and flash interface of the STM32F746 (RM0385): those of the F4 with over-drive, but for the USARTs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar

from edgeprune.emulate.peripherals.registers import Field
from edgeprune.emulate.peripherals.stm32_chip import KernelClock, UartPlace
from edgeprune.emulate.peripherals.stm32_f4 import OverDrive, Stm32F446

_APB1ENR, _APB2ENR, _DCKCFGR2 = 0x40, 0x44, 0x90


class Stm32F746(OverDrive):
    """STM32F745, F746 and F756."""

    layout = replace(
        Stm32F446.layout,
        manual="RM0385",
        ports="ABCDEFGHIJK",
        prefetch=None,  # ART, with its prefetch, is in front of the other way to the flash, through ITCM
        instruction_cache=None,
        data_cache=None,
        kernel_clocks={0: KernelClock.BUS, 1: KernelClock.SYSTEM, 2: KernelClock.HSI, 3: KernelClock.LSE},
    )
    uarts = (
        UartPlace("USART1", 0x4001_1000, 37, Field(_APB2ENR, 4), Field(_DCKCFGR2, 0, 2), 2,
                  tx=(("PA9", 7), ("PB6", 7)), rx=(("PA10", 7), ("PB7", 7))),
        UartPlace("USART2", 0x4000_4400, 38, Field(_APB1ENR, 17), Field(_DCKCFGR2, 2, 2), 1,
                  tx=(("PA2", 7), ("PD5", 7)), rx=(("PA3", 7), ("PD6", 7))),
        UartPlace("USART3", 0x4000_4800, 39, Field(_APB1ENR, 18), Field(_DCKCFGR2, 4, 2), 1,
                  tx=(("PB10", 7), ("PC10", 7), ("PD8", 7)), rx=(("PB11", 7), ("PC11", 7), ("PD9", 7))),
        UartPlace("USART6", 0x4001_1400, 71, Field(_APB2ENR, 5), Field(_DCKCFGR2, 10, 2), 2,
                  tx=(("PC6", 8), ("PG14", 8)), rx=(("PC7", 8), ("PG9", 8))),
    )  # fmt: skip
    scales: ClassVar[Mapping[int, tuple[float, float]]] = {1: (144e6, 144e6), 2: (168e6, 180e6), 3: (180e6, 216e6)}
    apb_limits = (54e6, 108e6)
