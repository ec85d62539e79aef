/* A platform that is this machine: the protocol's bytes are standard input and output.
 * With the argument `floats`, prints every float32 read from standard input, and printf's
 * version of it, where the two differ. */
#include "platform.h"
#include "protocol.h"
#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char captured[64];
static size_t captured_length;
static int capturing;

int platform_try_char(void) {
    int c = getchar();
    if (c == EOF) {
        exit(0);
    }
    return c;
}

void platform_put_char(char c) {
    if (capturing) {
        captured[captured_length++ % sizeof captured] = c;
    } else {
        putchar(c);
    }
}

void platform_flush(void) {
}

uint64_t platform_cycles(void) {
    static uint64_t cycles = 0xFFFFFF00u; /* soon beyond 32 bits */
    return cycles += 10;
}

void platform_alive(void) {
}

void platform_reset(void) {
    exit(0);
}

uint64_t platform_time_us(void) {
    return UINT64_MAX;
}

static void compare_floats(void) {
    float value;
    capturing = 1;
    while (fread(&value, sizeof value, 1, stdin) == 1) {
        char expected[64];
        snprintf(expected, sizeof expected, "%.3f", (double)value);
        captured_length = 0;
        text_float(value);
        captured[captured_length] = '\0';
        if (strcmp(captured, expected) != 0) {
            printf("%s instead of %s\n", captured, expected);
        }
    }
}

int main(int count, char **arguments) {
    if (count > 1 && strcmp(arguments[1], "floats") == 0) {
        compare_floats();
        return 0;
    }
    protocol_start();
    for (;;) {
        protocol_receive((char)platform_try_char());
    }
}
