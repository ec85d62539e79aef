#include "protocol.h"

#include "crc32.h"
#include "inference.h"
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
    LINE_CHARACTERS = 80, /* of a command, without its '%' */
    CYCLES_PER_LINE = 16,
    BYTES_PER_LINE = 32,
    BYTES_PER_BUFFER_LINE = 8,
    DEFAULT_WARMUP = 10
};

static char line[LINE_CHARACTERS + 1];
static uint32_t line_length; /* LINE_CHARACTERS + 1: too long, to be refused at its '%' */

/* The input that db fills, and how far. */
static int selected;
static uint32_t load_expected, load_position;

typedef struct {
    const char *name;
    void (*run)(char *arguments);
    const char *help;
} command;

/* Cuts the next word off *text; NULL when there is none. */
static char *next_word(char **text) {
    while (**text == ' ') {
        (*text)++;
    }
    if (**text == '\0') {
        return NULL;
    }
    char *word = *text;
    while (**text != '\0' && **text != ' ') {
        (*text)++;
    }
    if (**text == ' ') {
        *(*text)++ = '\0';
    }
    return word;
}

/* Decimal digits only; 0 when the word is missing, no number or above 2^32 - 1. */
static int parse_unsigned(const char *word, uint32_t *value) {
    if (word == NULL || *word == '\0') {
        return 0;
    }
    uint64_t sum = 0;
    for (; *word != '\0'; word++) {
        if (*word < '0' || *word > '9') {
            return 0;
        }
        sum = sum * 10u + (uint32_t)(*word - '0');
        if (sum > UINT32_MAX) {
            return 0;
        }
    }
    *value = (uint32_t)sum;
    return 1;
}

static void error(const char *text) {
    text_string("e-[");
    text_string(text);
    text_line("]");
}

/* The host's own text goes back with what cannot be printed replaced. */
static void error_with(const char *text, const char *word) {
    text_string("e-[");
    text_string(text);
    for (; *word != '\0'; word++) {
        text_char(*word > ' ' && *word <= '~' ? *word : '?');
    }
    text_line("]");
}

static void item(uint64_t value, int first) {
    if (!first) {
        text_char(',');
    }
    text_unsigned(value);
}

static void run_or_refuse(const command *commands, uint32_t count, char *text, const char *missing,
                          const char *unknown) {
    const char *name = next_word(&text);
    if (name == NULL) {
        error(missing);
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (strcmp(name, commands[i].name) == 0) {
            commands[i].run(text);
            return;
        }
    }
    error_with(unknown, name);
}

/* ---- MLPerf Tiny ---- */

static void name_command(char *arguments) {
    (void)arguments;
    text_string("m-name-dut-[");
    text_string(platform_board_name());
    text_line("]");
}

static void profile_command(char *arguments) {
    (void)arguments;
    text_line("m-profile-[ULPMark for tinyML Firmware V0.0.1]");
    text_string("m-model-[");
    text_string(ep_model_name);
    text_line("]");
}

static void timestamp_command(char *arguments) {
    (void)arguments;
    text_string("m-lap-us-");
    text_unsigned(platform_time_us());
    text_line("");
}

static float element(const ep_tensor_info *info, const uint8_t *data, uint32_t index) {
    float real;
    int32_t integer;
    if (strcmp(info->dtype, "float32") == 0) {
        memcpy(&real, data + 4 * index, 4);
        return real;
    }
    if (strcmp(info->dtype, "int32") == 0) {
        memcpy(&integer, data + 4 * index, 4);
    } else if (strcmp(info->dtype, "int16") == 0) {
        int16_t narrow;
        memcpy(&narrow, data + 2 * index, 2);
        integer = narrow;
    } else if (strcmp(info->dtype, "uint8") == 0) {
        integer = data[index];
    } else {
        integer = (int8_t)data[index];
    }
    return ((float)integer - (float)info->zero_point) * info->scale;
}

static uint32_t element_bytes(const ep_tensor_info *info) {
    if (strcmp(info->dtype, "float32") == 0 || strcmp(info->dtype, "int32") == 0) {
        return 4;
    }
    return strcmp(info->dtype, "int16") == 0 ? 2 : 1;
}

static void results_command(char *arguments) {
    (void)arguments;
    text_string("m-results-[");
    for (int output = 0; output < EP_OUTPUT_COUNT; output++) {
        const ep_tensor_info *info = ep_output_info(output);
        uint32_t count = info->bytes / element_bytes(info);
        for (uint32_t i = 0; i < count; i++) {
            if (output + i > 0) {
                text_char(',');
            }
            text_float(element(info, ep_output(output), i));
        }
    }
    text_line("]");
}

static void infer_command(char *arguments) {
    uint32_t runs = 1, warmup = DEFAULT_WARMUP;
    const char *word = next_word(&arguments);
    if (word != NULL && (!parse_unsigned(word, &runs) || runs == 0)) {
        error("Inference iterations must be >0");
        return;
    }
    word = next_word(&arguments);
    if (word != NULL && !parse_unsigned(word, &warmup)) {
        error("Inference warmup must be >=0");
        return;
    }
    text_string("m-warmup-start-");
    text_unsigned(warmup);
    text_line("");
    for (; warmup > 0; warmup--) {
        inference_run();
    }
    text_line("m-warmup-done");
    text_string("m-infer-start-");
    text_unsigned(runs);
    text_line("");
    timestamp_command(NULL);
    for (; runs > 0; runs--) {
        inference_run();
    }
    timestamp_command(NULL);
    text_line("m-infer-done");
    results_command(NULL);
}

/* ---- db: fill the selected input ---- */

static void db_load(char *arguments) {
    uint32_t size, wanted = ep_input_info(selected)->bytes;
    load_expected = 0;
    if (!parse_unsigned(next_word(&arguments), &size) || size == 0) {
        error("Command 'db load' requires the number of bytes");
        return;
    }
    if (size != wanted) {
        text_string("e-[Input ");
        text_unsigned((uint32_t)selected);
        text_string(" has ");
        text_unsigned(wanted);
        text_string(" bytes, not ");
        text_unsigned(size);
        text_line("]");
        return;
    }
    load_expected = size;
    load_position = 0;
    text_string("m-[Expecting ");
    text_unsigned(size);
    text_line(" bytes]");
}

static void db_print(char *arguments) {
    (void)arguments;
    const uint8_t *data = inference_input(selected);
    uint32_t size = ep_input_info(selected)->bytes;
    for (uint32_t i = 0; i < size; i++) {
        text_string(i % BYTES_PER_BUFFER_LINE == 0 ? "m-buffer-" : "-");
        text_hex8(data[i]);
        if ((i + 1) % BYTES_PER_BUFFER_LINE == 0 || i + 1 == size) {
            text_line("");
        }
    }
}

static int hex_digit(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Digits beyond the expected size are disregarded, as the reference firmware does. */
static void db_bytes(const char *digits) {
    uint8_t *data = inference_input(selected);
    if (load_expected == 0) {
        error("Command 'db' with bytes requires 'db load' first");
        return;
    }
    if (strlen(digits) % 2 != 0) {
        error("Insufficient number of hex digits");
        return;
    }
    for (; *digits != '\0'; digits += 2) {
        int high = hex_digit(digits[0]), low = hex_digit(digits[1]);
        if (high < 0 || low < 0) {
            error_with("Invalid hex digits ", digits);
            return;
        }
        data[load_position++] = (uint8_t)(high << 4 | low);
        if (load_position == load_expected) {
            load_expected = 0;
            text_line("m-load-done");
            return;
        }
    }
}

static void db_command(char *arguments) {
    const char *word = next_word(&arguments);
    if (word == NULL) {
        error("Command 'db' requires a subcommand");
    } else if (strcmp(word, "load") == 0) {
        db_load(arguments);
    } else if (strcmp(word, "print") == 0) {
        db_print(arguments);
    } else {
        db_bytes(word);
    }
}

/* ---- ep: what edgeprune adds ---- */

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
    text_line(PROFILE ? ",1]" : ",0]");
}

static void ep_origin(char *arguments) {
    (void)arguments;
    static const char *const lines[] = {"ep-origin-[hardware]", "ep-origin-[emulated]",
                                        "ep-origin-[qemu]"};
    text_line(lines[platform_origin()]);
}

/* The tensor that the next word names; -1 after refusing it. */
static int tensor_index(char **arguments, uint32_t count, const char *refusal) {
    uint32_t index;
    if (!parse_unsigned(next_word(arguments), &index) || index >= count) {
        error(refusal);
        return -1;
    }
    return (int)index;
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

static void crc_line(const void *data, uint32_t size) {
    text_string("ep-crc32-[");
    text_hex32(crc32(data, size));
    text_line("]");
}

static void ep_select_input(char *arguments) {
    int index = tensor_index(&arguments, EP_INPUT_COUNT, "There is no such input");
    if (index >= 0) {
        selected = index;
        load_expected = 0;
        tensor_line("ep-input-[", index, ep_input_info(index));
    }
}

static void ep_input_crc(char *arguments) {
    (void)arguments;
    crc_line(inference_input(selected), ep_input_info(selected)->bytes);
}

/* A line is sent when it is full, and after half a second so that the host need not
 * wonder whether the board is alive. */
static void ep_run(char *arguments) {
    uint32_t runs;
    if (!parse_unsigned(next_word(&arguments), &runs) || runs == 0) {
        error("Command 'ep run' requires the number of inferences");
        return;
    }
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
            item(cycles[i], i == 0);
        }
        text_line("]");
    }
}

static void ep_output_bytes(char *arguments) {
    int index = tensor_index(&arguments, EP_OUTPUT_COUNT, "There is no such output");
    if (index < 0) {
        return;
    }
    const ep_tensor_info *info = ep_output_info(index);
    const uint8_t *data = ep_output(index);
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
    crc_line(data, info->bytes);
}

static void ep_memory(char *arguments) {
    (void)arguments;
    text_string("ep-memory-[");
    item(platform_stack_used(), 1);
    item(platform_stack_size(), 0);
    item(EP_ARENA_BYTES, 0);
    text_line("]");
}

static void ep_layers(char *arguments) {
#if PROFILE
    enum { MAXIMUM_RUNS = 8 }; /* bounds the table below; the host asks repeatedly */
    static uint64_t table[MAXIMUM_RUNS][EP_LAYER_COUNT];
    uint32_t runs;
    if (!parse_unsigned(next_word(&arguments), &runs) || runs == 0 || runs > MAXIMUM_RUNS) {
        error("Command 'ep layers' requires 1 to 8 inferences");
        return;
    }
    for (uint32_t run = 0; run < runs; run++) {
        inference_run();
        memcpy(table[run], inference_layer_cycles(), sizeof table[run]);
    }
    for (uint32_t layer = 0; layer < EP_LAYER_COUNT; layer++) {
        text_string("ep-layer-[");
        text_unsigned(layer);
        text_char(',');
        text_string(ep_layer_name[layer]);
        for (uint32_t run = 0; run < runs; run++) {
            item(table[run][layer], 0);
        }
        text_line("]");
    }
#else
    (void)arguments;
    error("This firmware was built without per-layer profiling");
#endif
}

static void ep_command(char *arguments) {
    static const command commands[] = {
        {"id", ep_id, NULL},
        {"origin", ep_origin, NULL},
        {"input", ep_select_input, NULL},
        {"input-crc", ep_input_crc, NULL},
        {"run", ep_run, NULL},
        {"output", ep_output_bytes, NULL},
        {"memory", ep_memory, NULL},
        {"layers", ep_layers, NULL},
    };
    run_or_refuse(commands, sizeof commands / sizeof commands[0], arguments,
                  "Command 'ep' requires a subcommand", "Unknown command: ep ");
}

static void help_command(char *arguments);

static const command top_commands[] = {
    {"name", name_command, "name              Name of the board"},
    {"profile", profile_command, "profile           Protocol and model"},
    {"timestamp", timestamp_command, "timestamp         Microseconds since start"},
    {"db", db_command,
     "db load N         Expect N bytes for the selected input\r\n"
     "db HH[HH]*        Load bytes\r\n"
     "db print          Print the loaded bytes"},
    {"infer", infer_command, "infer N [W=10]    N inferences after W for warm-up"},
    {"results", results_command, "results           Outputs as real numbers"},
    {"ep", ep_command,
     "ep id             Model, its SHA-256, firmware, clock in Hz, profiling\r\n"
     "ep origin         Whether the board is emulated\r\n"
     "ep input I        Select input I for db\r\n"
     "ep input-crc      CRC-32 of the selected input\r\n"
     "ep run N          Cycles of each of N inferences\r\n"
     "ep output I       Bytes of output I and their CRC-32\r\n"
     "ep memory         Stack used, stack reserved, arena, in bytes\r\n"
     "ep layers N       Cycles per layer of N inferences, N up to 8"},
    {"help", help_command, "help              This text"},
};

enum { TOP_COMMANDS = sizeof top_commands / sizeof top_commands[0] };

static void help_command(char *arguments) {
    (void)arguments;
    text_line("Commands end with %");
    for (uint32_t i = 0; i < TOP_COMMANDS; i++) {
        text_line(top_commands[i].help);
    }
}

void protocol_start(void) {
    text_line("m-init-done");
    text_line("m-ready");
}

void protocol_receive(char c) {
    if (c == '%') {
        if (line_length > LINE_CHARACTERS) {
            error("Command longer than 80 characters");
        } else {
            line[line_length] = '\0';
            run_or_refuse(top_commands, TOP_COMMANDS, line, "Empty command", "Unknown command: ");
        }
        line_length = 0;
        text_line("m-ready");
    } else if ((unsigned char)c >= ' ') { /* line ends and noise of the line carry nothing */
        if (line_length < LINE_CHARACTERS) {
            line[line_length] = c;
        }
        if (line_length <= LINE_CHARACTERS) {
            line_length++;
        }
    }
}

SMALL_CODE_END
