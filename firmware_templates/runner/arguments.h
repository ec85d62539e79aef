/* The command line that every runner understands:
 *
 *   PROGRAM MODEL|- [--threads N] [--cpus 4,5] [--warmup N] [--runs N] [--inputs FILE]
 *           [--outputs FILE] [--profile] [--library FILE]
 */
#ifndef EP_RUNNER_ARGUMENTS_H
#define EP_RUNNER_ARGUMENTS_H

enum { EP_MAX_CPUS = 64, EP_MAX_RUNS = 1000000 };

/* What a program's exit code tells; 0 is success. */
enum { EP_EXIT_CANNOT_RUN = 1, EP_EXIT_USAGE = 2 };

typedef struct {
    const char *model;   /* a path, or "-" for the one that is built in */
    const char *library; /* NULL: found as the system finds libraries */
    const char
        *inputs; /* raw bytes of all inputs of one inference after the other; NULL: made up */
    const char *outputs; /* receives the raw outputs of each; NULL: not wanted */
    int threads;
    int warmup;
    int runs;
    int profile;
    int cpu_count; /* 0: not to be pinned */
    int cpus[EP_MAX_CPUS];
} ep_arguments;

/* Reads the command line; ends the program with EP_EXIT_USAGE and a sentence where it is wrong. */
ep_arguments ep_read_arguments(int argc, char **argv);

/* Prints a sentence to stderr, with a newline, and ends the program with that code. */
#if defined(__GNUC__)
__attribute__((noreturn, format(printf, 2, 3)))
#endif
void ep_fail(int code, const char *format, ...);

#endif
