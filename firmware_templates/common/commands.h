/* What the commands of MLPerf Tiny (protocol.c) and those of edgeprune (extension.c) share. */
#ifndef COMMANDS_H
#define COMMANDS_H

#include "inference.h"

#include <stdint.h>

typedef struct {
    const char *name;
    void (*run)(char *arguments);
    const char *help;
} command;

/* Runs the command that the first word of the text names, or refuses. */
void command_run(const command *commands, uint32_t count, char *text, const char *missing,
                 const char *unknown);

/* Cuts the next word off *text; NULL when there is none. */
char *command_word(char **text);
/* Decimal digits only; 0 when the word is missing, no number or above 2^32 - 1. */
int command_unsigned(const char *word, uint32_t *value);

/* -1 when it is none. */
int command_hex_digit(char c);

/* e-[text] */
void command_error(const char *text);
/* A number of a list, with a comma in front of all but the first. */
void command_item(uint64_t value, int first);

/* The input that db fills; selecting one forgets a load that is under way. */
int command_selected_input(void);
void command_select_input(int index);

/* The latest infer command. */
typedef struct {
    uint32_t number; /* how many there were since start */
    uint32_t runs, warmup;
    uint64_t start_us, end_us;
} command_infer_record;
const command_infer_record *command_latest_infer(void);

/* The line m-results-[...]. */
void command_results(char *arguments);

/* All that starts with `ep`; `text` is what follows. */
void command_ep(char *text);
/* Whether `ep reset` was among it since this was asked last. */
int command_take_reset(void);

#endif
