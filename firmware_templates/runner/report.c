#include "report.h"

#include "machine.h"

#include <stdio.h>
#include <string.h>

static void print_text(const char *text) {
    putchar('"');
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\') {
            printf("\\%c", c);
        } else if (c < ' ' || c > '~') {
            printf("\\u%04x", c);
        } else {
            putchar(c);
        }
    }
    putchar('"');
}

static void print_times(const char *key, const double *times, int count) {
    printf("\"%s\":[", key);
    for (int i = 0; i < count; i++) {
        printf("%s%.3f", i > 0 ? "," : "", times[i]);
    }
    printf("],");
}

static void print_cpus(int wanted) {
    int cpus[EP_MAX_CPUS];
    int count = wanted > 0 ? ep_pinned(cpus, EP_MAX_CPUS) : 0;
    printf("\"cpus\":[");
    for (int i = 0; i < count; i++) {
        printf("%s%d", i > 0 ? "," : "", cpus[i]);
    }
    printf("],");
}

static void print_operators(const ep_operator *operators, int count) {
    int sparse = 0;
    for (int i = 0; i < count; i++) {
        sparse |= strstr(operators[i].name, "SPMM") != NULL;
    }
    printf("\"spmm\":%s,\"operators\":[", operators == NULL ? "null" : sparse ? "true" : "false");
    for (int i = 0; i < count; i++) {
        printf("%s{\"name\":", i > 0 ? "," : "");
        print_text(operators[i].name);
        printf(",\"us\":%.3f,\"calls\":%d}", operators[i].us, operators[i].calls);
    }
    printf("]");
}

void ep_print_report(const ep_report *report, const ep_arguments *arguments) {
    printf("{\"format\":1,\"runtime\":");
    print_text(report->runtime);
    printf(",\"threads\":%d,", arguments->threads);
    print_cpus(arguments->cpu_count);
    printf("\"delegate\":");
    print_text(report->delegate);
    printf(",\"init_us\":%.3f,\"first_us\":%.3f,", report->init_us, report->first_us);
    print_times("warmup_us", report->warmup_us, arguments->warmup);
    print_times("runs_us", report->runs_us, arguments->runs);
    printf("\"peak_bytes\":%llu,", report->peak_bytes);
    print_operators(report->operators, report->operator_count);
    printf("}\n");
}
