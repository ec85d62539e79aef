/* The registers of a Cortex-M that firmware of every platform uses (Arm DDI0403, DDI0419 and
 * DDI0553, system control space), and what this one has. */
#ifndef CORE_H
#define CORE_H

#include <stdint.h>

/* Armv6-M: one fault, no cycle counter. */
#define CORE_ARMV6M (__ARM_ARCH_ISA_THUMB == 1)
/* Armv8-M: the stack pointer has a limit. */
#define CORE_ARMV8M (__ARM_ARCH >= 8)

#define CORE_REGISTER(address) (*(volatile uint32_t *)(address))

#define SYST_CSR CORE_REGISTER(0xE000E010u)
#define SYST_RVR CORE_REGISTER(0xE000E014u)
#define SYST_CVR CORE_REGISTER(0xE000E018u)
#define NVIC_ICER CORE_REGISTER(0xE000E180u) /* the first of NVIC_WORDS */
#define NVIC_ICPR CORE_REGISTER(0xE000E280u)
#define SCB_ICSR CORE_REGISTER(0xE000ED04u)
#define SCB_VTOR CORE_REGISTER(0xE000ED08u)
#define SCB_AIRCR CORE_REGISTER(0xE000ED0Cu)
#define SCB_CCR CORE_REGISTER(0xE000ED14u)
#define SCB_SHPR3 CORE_REGISTER(0xE000ED20u)
#define SCB_SHCSR CORE_REGISTER(0xE000ED24u)
#define SCB_CFSR CORE_REGISTER(0xE000ED28u)
#define SCB_HFSR CORE_REGISTER(0xE000ED2Cu)
#define SCB_MMFAR CORE_REGISTER(0xE000ED34u)
#define SCB_BFAR CORE_REGISTER(0xE000ED38u)
/* Auxiliary fault status: 0 on the hardware; edgeprune's emulator marks itself there. */
#define SCB_AFSR CORE_REGISTER(0xE000ED3Cu)
#define SCB_DEMCR CORE_REGISTER(0xE000EDFCu)
#define SCB_DCCMVAC CORE_REGISTER(0xE000EF68u)
#define DWT_CTRL CORE_REGISTER(0xE0001000u)
#define DWT_CYCCNT CORE_REGISTER(0xE0001004u)
#define DWT_LAR CORE_REGISTER(0xE0001FB0u)

enum {
    NVIC_WORDS = CORE_ARMV6M ? 1 : 8, /* 32 and up to 240 interrupts */
    EMULATOR_MARK = 0x554C4D45
};

#endif
