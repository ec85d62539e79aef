/* The one line of JSON that the program ends with. */
#ifndef REPORT_H
#define REPORT_H

#include "ep_model.h"

typedef struct {
    int pinned; /* whether particular processors were asked for */
    double init_us;
    double first_us;
    const double *warmup_us;
    int warmup;
    const double *runs_us;
    int runs;
    const double *layer_us; /* mean time of each layer, NULL where nobody asked */
} results;

void print_results(const results *r);

#endif
