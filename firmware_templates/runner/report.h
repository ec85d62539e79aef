/* The one line of JSON that a runner prints last on stdout. */
#ifndef EP_RUNNER_REPORT_H
#define EP_RUNNER_REPORT_H

#include "arguments.h"

typedef struct {
    char name[96];
    double us; /* mean per inference */
    int calls; /* per inference */
} ep_operator;

typedef struct {
    const char *runtime;  /* with its version */
    const char *delegate; /* "": none took a part of the graph */
    double init_us;
    double first_us;
    const double *warmup_us;
    const double *runs_us;
    unsigned long long peak_bytes;
    const ep_operator *operators; /* in the order in which they ran; NULL: not profiled */
    int operator_count;
} ep_report;

void ep_print_report(const ep_report *report, const ep_arguments *arguments);

#endif
