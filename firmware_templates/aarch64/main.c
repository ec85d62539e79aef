/* Runs the model that is built in and tells how long it took: see ../runner/arguments.h for the
 * command line and ../runner/report.h for what it prints.
 *
 * First come the inferences of --inputs, whose outputs are kept, then inferences that only warm
 * up, then those that count. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "arguments.h"
#include "ep_model.h"
#include "machine.h"
#include "report.h"

#ifndef EP_VERSION
#error "define EP_VERSION: the report names what made the program"
#endif
#if EP_ABI_VERSION != 1
#error "ep_model.h follows another version of the generated API than this program: build again"
#endif

/* The inputs of all inferences, one after the other; or zeros for one. */
typedef struct {
    const unsigned char *bytes;
    size_t inferences;
} samples;

static struct {
    int is_wanted;
    double begin_us;
    double total_us[EP_LAYER_COUNT + 1]; /* one more, for no array is empty */
} profile;

void ep_profile_layer(int index) {
    if (profile.is_wanted) {
        profile.total_us[index] += ep_now_us() - profile.begin_us;
        profile.begin_us = ep_now_us(); /* what the clock takes belongs to no layer */
    }
}

static samples read_samples(const char *path) {
    samples s = {NULL, 1};
    size_t bytes = EP_INPUT_BYTES_TOTAL;
    s.bytes = path == NULL ? ep_allocate(bytes) : ep_read_file(path, &bytes);
    s.inferences = bytes / EP_INPUT_BYTES_TOTAL;
    if (bytes == 0 || bytes % EP_INPUT_BYTES_TOTAL != 0) {
        ep_fail(EP_EXIT_USAGE, "%s has %zu bytes, and an inference takes %d", path, bytes,
                EP_INPUT_BYTES_TOTAL);
    }
    return s;
}

/* Time of one inference, without that of filling its inputs. */
static double timed_run(const unsigned char *sample) {
    for (int i = 0; i < EP_INPUT_COUNT; i++) {
        memcpy(ep_input(i), sample, ep_input_info(i)->bytes);
        sample += ep_input_info(i)->bytes;
    }
    const double start = ep_now_us();
    profile.begin_us = start;
    ep_invoke();
    return ep_now_us() - start;
}

static void time_runs(const samples *s, double *times, int count) {
    for (int i = 0; i < count; i++) {
        times[i] = timed_run(s->bytes);
    }
}

static int write_outputs(FILE *file) {
    for (int i = 0; i < EP_OUTPUT_COUNT; i++) {
        const size_t bytes = ep_output_info(i)->bytes;
        if (fwrite(ep_output(i), 1, bytes, file) != bytes) {
            return 0;
        }
    }
    return 1;
}

/* All samples once where their outputs are wanted, else the first; the time of the first. */
static double first_runs(const samples *s, const char *path) {
    if (path == NULL) {
        return timed_run(s->bytes);
    }
    FILE *file = fopen(path, "wb");
    if (file == NULL) {
        ep_fail(EP_EXIT_USAGE, "cannot write %s: %s", path, strerror(errno));
    }
    double first = 0;
    int complete = 1;
    for (size_t i = 0; i < s->inferences && complete; i++) {
        const double us = timed_run(s->bytes + i * EP_INPUT_BYTES_TOTAL);
        first = i == 0 ? us : first;
        complete = write_outputs(file);
    }
    if (fclose(file) != 0 || !complete) {
        ep_fail(EP_EXIT_USAGE, "cannot write all of %s", path);
    }
    return first;
}

/* Layers with their mean times. */
static const ep_operator *operators(int runs) {
    static ep_operator found[EP_LAYER_COUNT + 1];
    for (int i = 0; i < EP_LAYER_COUNT; i++) {
        snprintf(found[i].name, sizeof found[i].name, "%s", ep_layer_name[i]);
        found[i].us = profile.total_us[i] / runs;
        found[i].calls = 1;
    }
    return found;
}

static void check_arguments(const ep_arguments *arguments) {
    if (strcmp(arguments->model, "-") != 0) {
        ep_fail(EP_EXIT_USAGE, "this program holds its model; give - in place of %s",
                arguments->model);
    }
    if (arguments->threads != 1) {
        ep_fail(EP_EXIT_USAGE, "this program computes on one thread; leave --threads out");
    }
    if (arguments->library != NULL) {
        ep_fail(EP_EXIT_USAGE, "this program needs no library; leave --library out");
    }
}

int main(int argc, char **argv) {
    const ep_arguments arguments = ep_read_arguments(argc, argv);
    check_arguments(&arguments);
    if (arguments.cpu_count > 0) {
        ep_pin(arguments.cpus, arguments.cpu_count);
    }
    const samples s = read_samples(arguments.inputs);
    double *warmup = ep_allocate((size_t)arguments.warmup * sizeof *warmup);
    double *runs = ep_allocate((size_t)arguments.runs * sizeof *runs);
    ep_report report = {
        .runtime = "edgeprune " EP_VERSION, .delegate = "", .warmup_us = warmup, .runs_us = runs};
    const double start = ep_now_us();
    ep_reset_states();
    report.init_us = ep_now_us() - start;
    report.first_us = first_runs(&s, arguments.outputs);
    time_runs(&s, warmup, arguments.warmup);
    profile.is_wanted = arguments.profile;
    time_runs(&s, runs, arguments.runs);
    report.peak_bytes = ep_peak_bytes();
    if (arguments.profile) {
        report.operators = operators(arguments.runs);
        report.operator_count = EP_LAYER_COUNT;
    }
    ep_print_report(&report, &arguments);
    return 0;
}
