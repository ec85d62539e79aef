/* The firmware's parser under libFuzzer: the input is what the host sends, the platform is this
 * file.  A prefix of one byte says where the line goes quiet for a while. */
#include "crc32.h"
#include "platform.h"
#include "protocol.h"

#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { MOST_INFERENCES = 200, MOST_SENT = 1 << 20 };

static const uint8_t *input;
static size_t left, pause_at;
static uint64_t cycles;
static uint32_t inferences, sent;
static jmp_buf out;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int platform_try_char(void) {
    cycles += 1000;
    if (left == 0) {
        return -1;
    }
    if (left == pause_at) { /* for as long as it takes to call the line quiet */
        pause_at = 0;
        cycles += platform_clock_hz();
        return -1;
    }
    left--;
    return *input++;
}

/* What was sent must be text, but for raw outputs; that it is bounded is all that is checked. */
void platform_put_char(char c) {
    (void)c;
    if (++sent > MOST_SENT) {
        longjmp(out, 1);
    }
}

void platform_flush(void) {
}

/* A command may ask for 2^32 inferences, which is no fault of the parser. */
void platform_alive(void) {
    if (++inferences > MOST_INFERENCES) {
        longjmp(out, 1);
    }
}

void platform_reset(void) {
    longjmp(out, 1);
}

uint64_t platform_cycles(void) {
    return cycles += 10;
}

uint64_t platform_time_us(void) {
    return cycles;
}

/* A longjmp may leave a command half read or an inference half run: both happen on a board too. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0) {
        return 0;
    }
    input = data + 1;
    left = size - 1;
    pause_at = data[0];
    inferences = sent = 0;
    if (setjmp(out) == 0) {
        /* What earlier inputs left must not decide what this one does. */
        for (const char *c = "%ep sync 00000001%ep input 0%"; *c != '\0'; c++) {
            protocol_receive(*c);
        }
        while (left > 0) {
            int c = platform_try_char();
            if (c >= 0) {
                protocol_receive((char)c);
            }
        }
        protocol_receive('%');
    }
    return 0;
}
