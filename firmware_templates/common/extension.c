/* The commands of edgeprune: `ep` and a word.  Every reply ends with a checksum over the
 * command as it arrived, the reply and the host's session word, so that no damage on the line
 * and no reset of the board can pass a wrong number off on the host. */
#include "commands.h"
#include "crc32.h"
#include "platform.h"
#include "small.h"
#include "text.h"

#include <string.h>

SMALL_CODE_BEGIN

#if defined(EP_PROFILE) && EP_PROFILE
#define PROFILE 1
#else
#define PROFILE 0
#endif

enum {
    CYCLES_PER_LINE = 16,
    BYTES_PER_LINE = 32,
    BYTES_PER_BLOCK = 1024, /* of raw bytes */
    SESSION_DIGITS = 8,
    QUIET_PARTS = 4 /* of a second: a line that says nothing for so long is quiet */
};

/* The host's word, and its first one since start, by which it sees a reset.  0: none yet. */
static uint32_t session, first_session;
static int reset_wanted;

static int hex32(const char *word, uint32_t *value) {
    uint32_t sum = 0;
    int count = 0;
    for (; word != NULL && word[count] != '\0'; count++) {
        int digit = command_hex_digit(word[count]);
        if (digit < 0 || count == 8) {
            return 0;
        }
        sum = sum << 4 | (uint32_t)digit;
    }
    *value = sum;
    return count == 8;
}

/* As it enters checksums: not the bytes of the number, which differ between processors. */
static const char *session_digits(void) {
    static char digits[SESSION_DIGITS];
    for (int i = 0; i < SESSION_DIGITS; i++) {
        digits[i] = "0123456789ABCDEF"[session >> 4 * (SESSION_DIGITS - 1 - i) & 15];
    }
    return digits;
}

static void hex_item(const char *separator, uint32_t value) {
    text_string(separator);
    text_hex32(value);
}

/* ---- who is there ---- */

static void ep_sync(char *arguments) {
    uint32_t word;
    if (!hex32(command_word(&arguments), &word) || word == 0) {
        command_error("A word of 8 hex digits that is not 0 is required");
        return;
    }
    session = word;
    if (first_session == 0) {
        first_session = word;
    }
    hex_item("ep-sync-[", session);
    hex_item(",", first_session);
    text_line("]");
}

static void ep_id(char *arguments) {
    (void)arguments;
    text_string("ep-id-[");
    text_string(ep_model_name);
    text_char(',');
    text_string(ep_model_sha256);
    text_char(',');
    text_string(platform_firmware_version());
    text_char(',');
    text_unsigned(platform_clock_hz());
    text_string(PROFILE ? ",1," : ",0,");
    text_string(platform_image_sha256());
    text_char(',');
    text_string(platform_board_name());
    text_line("]");
}

static void ep_origin(char *arguments) {
    (void)arguments;
    static const char *const lines[] = {"ep-origin-[hardware]", "ep-origin-[emulated]",
                                        "ep-origin-[qemu]"};
    text_line(lines[platform_origin()]);
}

static void ep_memory(char *arguments) {
    (void)arguments;
    text_string("ep-memory-[");
    command_item(platform_stack_used(), 1);
    command_item(platform_stack_size(), 0);
    command_item(EP_ARENA_BYTES, 0);
    text_line("]");
}

static void ep_reset(char *arguments) {
    (void)arguments;
    text_line("ep-reset-[]");
    reset_wanted = 1; /* once the reply is out */
}

/* ---- inputs and outputs ---- */

/* The tensor that the next word names; -1 after refusing it. */
static int tensor_index(char **arguments, uint32_t count, const char *refusal) {
    uint32_t index;
    if (!command_unsigned(command_word(arguments), &index) || index >= count) {
        command_error(refusal);
        return -1;
    }
    return (int)index;
}

static int input_index(char **arguments) {
    return tensor_index(arguments, EP_INPUT_COUNT, "There is no such input");
}

static int output_index(char **arguments) {
    return tensor_index(arguments, EP_OUTPUT_COUNT, "There is no such output");
}

static void tensor_line(const char *kind, int index, const ep_tensor_info *info) {
    text_string(kind);
    text_unsigned((uint32_t)index);
    text_char(',');
    text_string(info->dtype);
    text_char(',');
    text_unsigned(info->bytes);
    text_line("]");
}

static void ep_select_input(char *arguments) {
    int index = input_index(&arguments);
    if (index >= 0) {
        command_select_input(index);
        tensor_line("ep-input-[", index, ep_input_info(index));
    }
}

static void ep_input_crc(char *arguments) {
    int index = *arguments == '\0' ? command_selected_input() : input_index(&arguments);
    if (index >= 0) {
        text_string("ep-input-crc-[");
        text_unsigned((uint32_t)index);
        hex_item(",", crc32(inference_input(index), ep_input_info(index)->bytes));
        text_line("]");
    }
}

static void ep_output_bytes(char *arguments) {
    int index = output_index(&arguments);
    if (index < 0) {
        return;
    }
    const ep_tensor_info *info = ep_output_info(index);
    const uint8_t *data = inference_output(index);
    tensor_line("ep-output-[", index, info);
    for (uint32_t i = 0; i < info->bytes; i++) {
        if (i % BYTES_PER_LINE == 0) {
            text_string("ep-data-");
        }
        text_hex8(data[i]);
        if ((i + 1) % BYTES_PER_LINE == 0 || i + 1 == info->bytes) {
            text_line("");
        }
    }
}

/* An offset and a count that lie within `size` bytes; 0 after refusing them. */
static int block(char **arguments, uint32_t size, uint32_t *offset, uint32_t *count) {
    if (command_unsigned(command_word(arguments), offset) &&
        command_unsigned(command_word(arguments), count) && *count > 0 &&
        *count <= BYTES_PER_BLOCK && *offset <= size && *count <= size - *offset) {
        return 1;
    }
    command_error("No such block of 1 to 1024 bytes");
    return 0;
}

static void block_line(const char *kind, int index, uint32_t offset, uint32_t count) {
    text_string(kind);
    command_item((uint32_t)index, 1);
    command_item(offset, 0);
    command_item(count, 0);
    text_line("]");
}

static void ep_get(char *arguments) {
    uint32_t offset, count;
    int index = output_index(&arguments);
    if (index < 0) {
        return;
    }
    const ep_tensor_info *info = ep_output_info(index);
    if (*arguments == '\0') {
        tensor_line("ep-output-[", index, info);
        return;
    }
    if (!block(&arguments, info->bytes, &offset, &count)) {
        return;
    }
    block_line("ep-get-[", index, offset, count);
    text_bytes(inference_output(index) + offset, count);
    text_line("");
}

/* The next byte; -1 once the line is quiet.  In cycles, because a time in microseconds costs a
 * long division, and a UART may hold no more than one byte. */
static int next_byte(void) {
    uint64_t quiet = platform_cycles() + platform_clock_hz() / QUIET_PARTS;
    int c = platform_try_char();
    while (c < 0 && platform_cycles() < quiet) {
        platform_alive();
        c = platform_try_char();
    }
    return c;
}

/* Raw bytes that are not wanted must not be taken for commands. */
static void drain(void) {
    while (next_byte() >= 0) {
        platform_alive();
    }
}

/* The last word of a `put` is the CRC-32 of what is before it and the session word: a damaged
 * command must not send bytes to a wrong place, and there is no RAM to keep them until they
 * have been checked themselves. */
static int put_is_whole(char *arguments) {
    uint32_t length = (uint32_t)strlen(arguments), check = 0;
    while (length > 0 && arguments[length - 1] != ' ') {
        length--;
    }
    uint32_t crc = crc32_more(crc32(arguments, length), session_digits(), SESSION_DIGITS);
    return length > 0 && hex32(arguments + length, &check) && check == crc;
}

static void ep_put(char *arguments) {
    uint32_t offset, count, crc = 0, got = 0;
    int index = -1;
    int whole = put_is_whole(arguments);
    if (!whole) {
        command_error("Damaged command");
    } else {
        index = input_index(&arguments);
    }
    if (index < 0 || !block(&arguments, ep_input_info(index)->bytes, &offset, &count)) {
        drain();
        return;
    }
    hex32(command_word(&arguments), &crc);
    uint8_t *data = inference_load(index) + offset;
    for (int c = next_byte(); c >= 0; c = got < count ? next_byte() : -1) {
        data[got++] = (uint8_t)c;
    }
    if (got < count) { /* and the line is quiet */
        command_error("Damaged bytes");
    } else if (crc32(data, count) != crc) {
        drain();
        command_error("Damaged bytes");
    } else {
        block_line("ep-put-[", index, offset, count);
    }
}

/* ---- inferences ---- */

/* The number that follows; 0 after refusing what is none. */
static uint32_t run_count(char *arguments) {
    uint32_t runs;
    if (!command_unsigned(command_word(&arguments), &runs) || runs == 0) {
        command_error("A number of inferences is required");
        return 0;
    }
    return runs;
}

/* The first line tells the host that the board is at work.  A line of cycles is sent when it
 * is full, and after half a second so that the host need not wonder whether the board lives. */
static void ep_run(char *arguments) {
    uint32_t runs = run_count(arguments);
    if (runs == 0) {
        return;
    }
    text_string("ep-run-[");
    text_unsigned(runs);
    text_line("]");
    while (runs > 0) {
        uint64_t cycles[CYCLES_PER_LINE];
        uint64_t limit = platform_clock_hz() / 2, spent = 0;
        uint32_t count = 0;
        while (count < CYCLES_PER_LINE && count < runs && spent < limit) {
            cycles[count] = inference_run();
            spent += cycles[count++];
        }
        runs -= count;
        text_string("ep-cycles-[");
        for (uint32_t i = 0; i < count; i++) {
            command_item(cycles[i], i == 0);
        }
        text_line("]");
    }
}

/* One inference, however often the line makes the host ask for it: models with state count. */
static void ep_step(char *arguments) {
    static uint32_t latest;
    static uint64_t cycles;
    uint32_t word;
    if (!hex32(command_word(&arguments), &word) || word == 0) {
        command_error("A word of 8 hex digits that is not 0 is required");
        return;
    }
    hex_item("ep-step-[", word);
    text_line("]");
    if (word != latest) {
        cycles = inference_run();
        latest = word;
    }
    text_string("ep-cycles-[");
    command_item(cycles, 1);
    text_line("]");
}

/* A stream begins anew. */
static void ep_states(char *arguments) {
    (void)arguments;
    ep_reset_states();
    text_string("ep-states-[");
    text_unsigned(EP_STATE_BYTES);
    text_line("]");
}

static void ep_infer(char *arguments) {
    const command_infer_record *latest = command_latest_infer();
    text_string("ep-infer-[");
    command_item(latest->number, 1);
    command_item(latest->runs, 0);
    command_item(latest->warmup, 0);
    command_item(latest->start_us, 0);
    command_item(latest->end_us, 0);
    text_line("]");
    command_results(arguments);
}

#if PROFILE
/* The cycles of all layers in the latest run, a line for every sixteen. */
static void layer_cycles(void) {
    const uint64_t *cycles = inference_layer_cycles();
    for (uint32_t layer = 0; layer < EP_LAYER_COUNT; layer++) {
        if (layer % CYCLES_PER_LINE == 0) {
            text_string("ep-layer-cycles-[");
            text_unsigned(layer);
        }
        command_item(cycles[layer], 0);
        if ((layer + 1) % CYCLES_PER_LINE == 0 || layer + 1 == EP_LAYER_COUNT) {
            text_line("]");
        }
    }
}
#endif

static void ep_layers(char *arguments) {
#if PROFILE
    uint32_t runs = run_count(arguments);
    if (runs == 0) {
        return;
    }
    for (uint32_t layer = 0; layer < EP_LAYER_COUNT; layer++) {
        text_string("ep-layer-[");
        text_unsigned(layer);
        text_char(',');
        text_string(ep_layer_name[layer]);
        text_line("]");
    }
    for (; runs > 0; runs--) {
        inference_run();
        layer_cycles();
    }
#else
    (void)arguments;
    command_error("Built without layer timing");
#endif
}

/* ---- the reply as a whole ---- */

void command_ep(char *text) {
    static const command commands[] = {
        {"sync", ep_sync, NULL},
        {"id", ep_id, NULL},
        {"origin", ep_origin, NULL},
        {"input", ep_select_input, NULL},
        {"input-crc", ep_input_crc, NULL},
        {"put", ep_put, NULL},
        {"run", ep_run, NULL},
        {"step", ep_step, NULL},
        {"states", ep_states, NULL},
        {"infer", ep_infer, NULL},
        {"output", ep_output_bytes, NULL},
        {"get", ep_get, NULL},
        {"memory", ep_memory, NULL},
        {"layers", ep_layers, NULL},
        {"reset", ep_reset, NULL},
    };
    command_run(commands, sizeof commands / sizeof commands[0], text,
                "Command 'ep' requires a subcommand", "Unknown command: ep ");
    text_crc_add(session_digits(), SESSION_DIGITS);
    hex_item("ep-crc32-[", text_crc());
    text_line("]");
}

int command_take_reset(void) {
    int wanted = reset_wanted;
    reset_wanted = 0;
    return wanted;
}

SMALL_CODE_END
