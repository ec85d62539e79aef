#include "arguments.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_RUNS 10000000L

void fail(int code, const char *format, ...) {
    va_list values;
    va_start(values, format);
    vfprintf(stderr, format, values);
    va_end(values);
    fputc('\n', stderr);
    exit(code);
}

static int number(const char *option, const char *text, long least, long most) {
    char *end;
    errno = 0;
    const long value = strtol(text, &end, 10);
    if (end == text || *end != '\0' || errno != 0 || value < least || value > most) {
        fail(2, "%s takes a number from %ld to %ld, not '%s'", option, least, most, text);
    }
    return (int)value;
}

static void parse_cpus(arguments *a, char *text) {
    a->cpu_count = 0;
    for (char *word = strtok(text, ","); word != NULL; word = strtok(NULL, ",")) {
        if (a->cpu_count == MOST_CPUS) {
            fail(2, "--cpus takes at most %d numbers", MOST_CPUS);
        }
        a->cpus[a->cpu_count++] = number("--cpus", word, 0, MOST_CPUS - 1);
    }
    if (a->cpu_count == 0) {
        fail(2, "--cpus takes numbers of processors, such as 4,5");
    }
}

static void parse_option(arguments *a, const char *option, char *value) {
    if (strcmp(option, "--threads") == 0) {
        if (number(option, value, 1, MOST_CPUS) != 1) {
            fail(2, "this program computes on one thread; leave --threads out");
        }
    } else if (strcmp(option, "--cpus") == 0) {
        parse_cpus(a, value);
    } else if (strcmp(option, "--warmup") == 0) {
        a->warmup = number(option, value, 0, MOST_RUNS);
    } else if (strcmp(option, "--runs") == 0) {
        a->runs = number(option, value, 0, MOST_RUNS);
    } else if (strcmp(option, "--inputs") == 0) {
        a->inputs = value;
    } else if (strcmp(option, "--outputs") == 0) {
        a->outputs = value;
    } else {
        fail(2,
             "there is no option %s; known are --threads, --cpus, --warmup, --runs, --inputs, "
             "--outputs and --profile",
             option);
    }
}

void parse_arguments(arguments *a, int count, char **words) {
    memset(a, 0, sizeof *a);
    a->warmup = 5;
    a->runs = 50;
    if (count < 2 || strcmp(words[1], "-") != 0) {
        fail(2, "this program holds its model: give - in place of a model file");
    }
    for (int i = 2; i < count; i++) {
        if (strcmp(words[i], "--profile") == 0) {
            a->profile = 1;
        } else if (i + 1 < count) {
            parse_option(a, words[i], words[i + 1]);
            i++;
        } else {
            fail(2, "the option %s lacks its value", words[i]);
        }
    }
}
