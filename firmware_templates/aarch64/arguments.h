/* The command line: PROGRAM - [--threads N] [--cpus 4,5] [--warmup N] [--runs N] [--inputs FILE]
 * [--outputs FILE] [--profile].  The first word is where runners of model files have theirs; `-`
 * stands for the model in the program. */
#ifndef ARGUMENTS_H
#define ARGUMENTS_H

#define MOST_CPUS 1024 /* what a cpu_set_t holds */

typedef struct {
    int cpus[MOST_CPUS]; /* to run on; none: wherever the system likes */
    int cpu_count;
    int warmup;
    int runs;
    const char *inputs;  /* file with the inputs of one or more inferences, NULL: zeros */
    const char *outputs; /* file for their outputs, NULL: not wanted */
    int profile;
} arguments;

/* Ends the program with one sentence and exit code 2 where the words make no sense. */
void parse_arguments(arguments *a, int count, char **words);

/* One sentence to standard error, and the end. */
void fail(int code, const char *format, ...) __attribute__((noreturn, format(printf, 2, 3)));

#endif
