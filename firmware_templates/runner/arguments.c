#include "arguments.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEFAULT_WARMUP = 10, DEFAULT_RUNS = 50, MAX_THREADS = 64, MAX_CPU = 1023 };

void ep_fail(int code, const char *format, ...) {
    va_list values;
    va_start(values, format);
    vfprintf(stderr, format, values);
    va_end(values);
    fputc('\n', stderr);
    exit(code);
}

static int number(const char *option, const char *text, const char **end, long lowest,
                  long highest) {
    char *stop = NULL;
    errno = 0;
    long value = strtol(text, &stop, 10);
    if (errno != 0 || stop == text || value < lowest || value > highest) {
        ep_fail(EP_EXIT_USAGE, "%s takes whole numbers from %ld to %ld, not '%s'", option, lowest,
                highest, text);
    }
    *end = stop;
    return (int)value;
}

static int single(const char *option, const char *text, long lowest, long highest) {
    const char *end = NULL;
    int value = number(option, text, &end, lowest, highest);
    if (*end != '\0') {
        ep_fail(EP_EXIT_USAGE, "%s takes one whole number, not '%s'", option, text);
    }
    return value;
}

static void read_cpus(ep_arguments *arguments, const char *text) {
    const char *end = text;
    arguments->cpu_count = 0;
    do {
        if (arguments->cpu_count == EP_MAX_CPUS) {
            ep_fail(EP_EXIT_USAGE, "--cpus takes at most %d numbers", (int)EP_MAX_CPUS);
        }
        arguments->cpus[arguments->cpu_count++] = number("--cpus", end, &end, 0, MAX_CPU);
    } while (*end++ == ',');
    if (end[-1] != '\0') {
        ep_fail(EP_EXIT_USAGE, "--cpus takes numbers with commas between them, not '%s'", text);
    }
}

/* Handles an option that has a value; false where there is no such option. */
static int read_option(ep_arguments *arguments, const char *option, const char *value) {
    if (strcmp(option, "--threads") == 0) {
        arguments->threads = single(option, value, 1, MAX_THREADS);
    } else if (strcmp(option, "--cpus") == 0) {
        read_cpus(arguments, value);
    } else if (strcmp(option, "--warmup") == 0) {
        arguments->warmup = single(option, value, 0, EP_MAX_RUNS);
    } else if (strcmp(option, "--runs") == 0) {
        arguments->runs = single(option, value, 1, EP_MAX_RUNS);
    } else if (strcmp(option, "--inputs") == 0) {
        arguments->inputs = value;
    } else if (strcmp(option, "--outputs") == 0) {
        arguments->outputs = value;
    } else if (strcmp(option, "--library") == 0) {
        arguments->library = value;
    } else {
        return 0;
    }
    return 1;
}

ep_arguments ep_read_arguments(int argc, char **argv) {
    ep_arguments arguments = {.threads = 1, .warmup = DEFAULT_WARMUP, .runs = DEFAULT_RUNS};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--profile") == 0) {
            arguments.profile = 1;
        } else if (strncmp(argv[i], "--", 2) == 0) {
            const char *value = i + 1 < argc ? argv[i + 1] : "";
            if (!read_option(&arguments, argv[i], value)) {
                ep_fail(EP_EXIT_USAGE, "there is no option %s", argv[i]);
            }
            if (++i == argc) {
                ep_fail(EP_EXIT_USAGE, "%s needs a value", argv[i - 1]);
            }
        } else if (arguments.model != NULL) {
            ep_fail(EP_EXIT_USAGE, "one model at a time: %s or %s", arguments.model, argv[i]);
        } else {
            arguments.model = argv[i];
        }
    }
    if (arguments.model == NULL) {
        ep_fail(EP_EXIT_USAGE,
                "usage: %s MODEL|- [--threads N] [--cpus 4,5] [--warmup N] [--runs N] "
                "[--inputs FILE] [--outputs FILE] [--profile] [--library FILE]",
                argc > 0 ? argv[0] : "runner");
    }
    return arguments;
}
