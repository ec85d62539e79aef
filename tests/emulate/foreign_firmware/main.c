/* Somebody else's firmware for some STM32F4 board: 16 MHz from reset, a SysTick of 1 kHz, and a
 * USART2 that only an interrupt reads.  It answers each line with the line's checksum. */
#include <stddef.h>
#include <stdint.h>

#define REG(address) (*(volatile uint32_t *)(address))
#define SYST_CSR REG(0xE000E010)
#define SYST_RVR REG(0xE000E014)
#define NVIC_ISER1 REG(0xE000E104)
#define RCC_AHB1ENR REG(0x40023830)
#define RCC_APB1ENR REG(0x40023840)
#define GPIOA_MODER REG(0x40020000)
#define GPIOA_ODR REG(0x40020014)
#define GPIOA_AFRL REG(0x40020020)
#define USART_SR REG(0x40004400)
#define USART_DR REG(0x40004404)
#define USART_BRR REG(0x40004408)
#define USART_CR1 REG(0x4000440C)

extern uint32_t data_start[], data_end[], load[], bss_start[], bss_end[], stack_top[];

static volatile uint32_t milliseconds;
static volatile uint8_t received[64];
static volatile size_t count, taken;
static const char digits[] = "0123456789abcdef";
static const char *greeting = "up\n"; /* in .data, so that start-up has to copy it */

void SysTick_Handler(void) {
    milliseconds++;
}

void USART2_Handler(void) {
    if (USART_SR & 1u << 5) {
        received[count++ % sizeof received] = (uint8_t)USART_DR;
    }
}

static void put(char c) {
    while (!(USART_SR & 1u << 7)) {
    }
    USART_DR = (uint8_t)c;
}

__attribute__((noinline)) void work_begins(uint32_t sum) {
    GPIOA_ODR = 1u << 5;
    __asm volatile("" : : "r"(sum));
}

__attribute__((noinline)) void work_ends(uint32_t sum) {
    GPIOA_ODR = 0;
    __asm volatile("" : : "r"(sum));
}

__attribute__((noinline)) uint32_t checksum(uint32_t sum, uint8_t byte) {
    for (int bit = 0; bit < 8; bit++) {
        uint32_t odd = (sum ^ byte >> bit) & 1u;
        sum = sum >> 1 ^ (odd ? 0xEDB88320u : 0);
    }
    return sum;
}

static void answer(uint32_t sum) {
    for (int shift = 28; shift >= 0; shift -= 4) {
        put(digits[sum >> shift & 15]);
    }
    put(milliseconds ? '+' : '0');
    put('\n');
}

static void run(void) {
    uint32_t sum = ~0u;
    for (;;) {
        while (taken == count) {
            __asm volatile("wfi");
        }
        uint8_t byte = received[taken++ % sizeof received];
        if (byte == '\n') {
            answer(~sum);
            sum = ~0u;
        } else {
            work_begins(sum);
            sum = checksum(sum, byte);
            work_ends(sum);
        }
    }
}

void Start(void) {
    for (uint32_t *to = data_start, *from = load; to < data_end;) {
        *(volatile uint32_t *)to++ = *from++;
    }
    for (uint32_t *to = bss_start; to < bss_end;) {
        *(volatile uint32_t *)to++ = 0;
    }
    RCC_AHB1ENR |= 1;
    RCC_APB1ENR |= 1u << 17;
    GPIOA_MODER |= 2u << 4 | 2u << 6 | 1u << 10;
    GPIOA_AFRL |= 7u << 8 | 7u << 12;
    USART_BRR = 16000000 / 115200;
    USART_CR1 = 1u << 13 | 1u << 5 | 1u << 3 | 1u << 2;
    NVIC_ISER1 = 1u << (38 - 32);
    SYST_RVR = 16000 - 1;
    SYST_CSR = 7;
    for (const char *c = greeting; *c; c++) {
        put(*c);
    }
    run();
}

__attribute__((section(".vectors"), used)) const void *const vectors[16 + 82] = {
    [0] = stack_top,
    [1] = Start,
    [15] = SysTick_Handler,
    [16 + 38] = USART2_Handler,
};
