#include "protocol.h"

#include "commands.h"
#include "platform.h"
#include "small.h"
#include "text.h"

#include <string.h>

SMALL_CODE_BEGIN

/* Built to act as one of the suite's models, the firmware reports that model's name, and takes
 * pixels as the suite's data files hold them: unsigned, where the model's are signed. */
#if defined(EP_MLPERF_MODEL)
#define QUOTED(name) #name
#define EXPANDED_AND_QUOTED(name) QUOTED(name)
#define REPORTED_MODEL EXPANDED_AND_QUOTED(EP_MLPERF_MODEL)
#else
#define REPORTED_MODEL ep_model_name
#endif
#if defined(EP_MLPERF_UINT8) && EP_MLPERF_UINT8
#define DB_FLIP 0x80 /* x - 128 in eight bits */
#else
#define DB_FLIP 0
#endif

enum {
    LINE_CHARACTERS = 80, /* of a command, without its '%' */
    BYTES_PER_BUFFER_LINE = 8,
    DEFAULT_WARMUP = 10
};

static char line[LINE_CHARACTERS + 1];
static uint32_t line_length; /* LINE_CHARACTERS + 1: too long, to be refused at its '%' */

/* The input that db fills, and how far. */
static int selected;
static uint32_t load_expected, load_position;

static command_infer_record latest_infer;

char *command_word(char **text) {
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

int command_unsigned(const char *word, uint32_t *value) {
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

void command_error(const char *text) {
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

void command_item(uint64_t value, int first) {
    if (!first) {
        text_char(',');
    }
    text_unsigned(value);
}

void command_run(const command *commands, uint32_t count, char *text, const char *missing,
                 const char *unknown) {
    const char *name = command_word(&text);
    if (name == NULL) {
        command_error(missing);
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
    text_string(REPORTED_MODEL);
    text_line("]");
}

static uint64_t time_stamp(void) {
    uint64_t now = platform_time_us();
    text_string("m-lap-us-");
    text_unsigned(now);
    text_line("");
    return now;
}

static void timestamp_command(char *arguments) {
    (void)arguments;
    time_stamp();
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
    } else if (strcmp(info->dtype, "int64") == 0) {
        memcpy(&integer, data + 8 * index, 4); /* the lower half: places and counts are small */
    } else if (strcmp(info->dtype, "int16") == 0) {
        int16_t narrow;
        memcpy(&narrow, data + 2 * index, 2);
        integer = narrow;
    } else if (strcmp(info->dtype, "uint8") == 0) {
        integer = data[index];
    } else {
        integer = (int8_t)data[index];
    }
    if (info->scale == 0.0f) {
        return (float)integer; /* not quantized */
    }
    return ((float)integer - (float)info->zero_point) * info->scale;
}

static uint32_t element_bytes(const ep_tensor_info *info) {
    if (strcmp(info->dtype, "float32") == 0 || strcmp(info->dtype, "int32") == 0) {
        return 4;
    }
    if (strcmp(info->dtype, "int64") == 0) {
        return 8;
    }
    return strcmp(info->dtype, "int16") == 0 ? 2 : 1;
}

void command_results(char *arguments) {
    (void)arguments;
    text_string("m-results-[");
    for (int output = 0; output < EP_OUTPUT_COUNT; output++) {
        const ep_tensor_info *info = ep_output_info(output);
        uint32_t count = info->bytes / element_bytes(info);
        for (uint32_t i = 0; i < count; i++) {
            if (output > 0 || i > 0) {
                text_char(',');
            }
            text_float(element(info, inference_output(output), i));
        }
    }
    text_line("]");
}

static void infer_command(char *arguments) {
    uint32_t runs = 1, warmup = DEFAULT_WARMUP;
    const char *word = command_word(&arguments);
    if (word != NULL && (!command_unsigned(word, &runs) || runs == 0)) {
        command_error("Inference iterations must be >0");
        return;
    }
    word = command_word(&arguments);
    if (word != NULL && !command_unsigned(word, &warmup)) {
        command_error("Inference warmup must be >=0");
        return;
    }
    text_string("m-warmup-start-");
    text_unsigned(warmup);
    text_line("");
    uint32_t warmup_runs = warmup;
    for (; warmup > 0; warmup--) {
        inference_run();
    }
    text_line("m-warmup-done");
    text_string("m-infer-start-");
    text_unsigned(runs);
    text_line("");
    latest_infer.number++;
    latest_infer.runs = runs;
    latest_infer.warmup = warmup_runs;
    latest_infer.start_us = time_stamp();
    for (; runs > 0; runs--) {
        inference_run();
    }
    latest_infer.end_us = time_stamp();
    text_line("m-infer-done");
    command_results(NULL);
}

const command_infer_record *command_latest_infer(void) {
    return &latest_infer;
}

/* ---- db: fill the selected input ---- */

int command_selected_input(void) {
    return selected;
}

void command_select_input(int index) {
    selected = index;
    load_expected = 0;
}

static void db_load(char *arguments) {
    uint32_t size, wanted = ep_input_info(selected)->bytes;
    load_expected = 0;
    if (!command_unsigned(command_word(&arguments), &size) || size == 0) {
        command_error("'db load' requires a number of bytes");
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
        text_hex8(data[i] ^ DB_FLIP);
        if ((i + 1) % BYTES_PER_BUFFER_LINE == 0 || i + 1 == size) {
            text_line("");
        }
    }
}

int command_hex_digit(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Digits beyond the expected size are disregarded, as the reference firmware does. */
static void db_bytes(const char *digits) {
    uint8_t *data = inference_load(selected);
    if (load_expected == 0) {
        command_error("Bytes require 'db load' first");
        return;
    }
    if (strlen(digits) % 2 != 0) {
        command_error("Insufficient number of hex digits");
        return;
    }
    for (; *digits != '\0'; digits += 2) {
        int high = command_hex_digit(digits[0]), low = command_hex_digit(digits[1]);
        if (high < 0 || low < 0) {
            error_with("Invalid hex digits ", digits);
            return;
        }
        data[load_position++] = (uint8_t)((high << 4 | low) ^ DB_FLIP);
        if (load_position == load_expected) {
            load_expected = 0;
            text_line("m-load-done");
            return;
        }
    }
}

static void db_command(char *arguments) {
    const char *word = command_word(&arguments);
    if (word == NULL) {
        command_error("Command 'db' requires a subcommand");
    } else if (strcmp(word, "load") == 0) {
        db_load(arguments);
    } else if (strcmp(word, "print") == 0) {
        db_print(arguments);
    } else {
        db_bytes(word);
    }
}

static void help_command(char *arguments);

/* Names and arguments only: flash belongs to the model, and docs/protocol.md explains them. */
static const command top_commands[] = {
    {"name", name_command, "name"},
    {"profile", profile_command, "profile"},
    {"timestamp", timestamp_command, "timestamp"},
    {"db", db_command,
     "db load N\r\n"
     "db HH[HH]*\r\n"
     "db print"},
    {"infer", infer_command, "infer N [W=10]"},
    {"results", command_results, "results"},
    {"ep", command_ep,
     "ep sync HHHHHHHH\r\n"
     "ep id\r\n"
     "ep origin\r\n"
     "ep input I\r\n"
     "ep input-crc [I]\r\n"
     "ep put I O N C S\r\n"
     "ep run N\r\n"
     "ep step HHHHHHHH\r\n"
     "ep states\r\n"
     "ep infer\r\n"
     "ep output I\r\n"
     "ep get I [O N]\r\n"
     "ep memory\r\n"
     "ep layers N\r\n"
     "ep reset"},
    {"help", help_command, "help"},
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

static void run_line(void) {
    text_crc_start();
    if (line_length > LINE_CHARACTERS) {
        command_error("Command longer than 80 characters");
    } else {
        line[line_length] = '\0';
        text_crc_add(line, line_length);
        text_crc_add("\n", 1);
        command_run(top_commands, TOP_COMMANDS, line, "Empty command", "Unknown command: ");
    }
    line_length = 0;
    text_line("m-ready");
    if (command_take_reset()) {
        platform_flush();
        platform_reset();
    }
}

void protocol_receive(char c) {
    if (c == '%') {
        run_line();
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
