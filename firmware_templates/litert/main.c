/* Runs a .tflite file by LiteRT and tells how long it took: see ../runner/arguments.h for the
 * command line and ../runner/report.h for what it prints. */
#include "arguments.h"
#include "litert.h"
#include "machine.h"
#include "profile.h"
#include "report.h"
#include "session.h"

#include <errno.h>
#include <string.h>

#ifndef EP_LITERT_VERSION
#error "define EP_LITERT_VERSION: the library does not tell its version"
#endif

static double timed_run(ep_session *session) {
    double start = ep_now_us();
    ep_run(session);
    return ep_now_us() - start;
}

static void time_runs(ep_session *session, double *times, int count) {
    for (int i = 0; i < count; i++) {
        times[i] = timed_run(session);
    }
}

/* Sets the inputs and computes the outputs of all of them where they are wanted; the time of the
 * first inference. */
static double first_runs(ep_session *session, const ep_arguments *arguments) {
    size_t bytes = session->inputs.bytes, given = bytes;
    unsigned char *values = NULL;
    if (arguments->inputs == NULL) {
        ep_make_up_inputs(session);
    } else {
        values = ep_read_file(arguments->inputs, &given);
        if (bytes == 0 || given == 0 || given % bytes != 0) {
            ep_fail(EP_EXIT_USAGE, "%s has %zu bytes, and an inference takes %zu",
                    arguments->inputs, given, bytes);
        }
        ep_set_inputs(session, values);
    }
    double first = timed_run(session);
    if (arguments->outputs == NULL) {
        return first;
    }
    FILE *file = fopen(arguments->outputs, "wb");
    if (file == NULL) {
        ep_fail(EP_EXIT_USAGE, "cannot write %s: %s", arguments->outputs, strerror(errno));
    }
    ep_write_outputs(session, file, arguments->outputs);
    for (size_t at = bytes; at < given; at += bytes) {
        ep_set_inputs(session, values + at);
        ep_run(session);
        ep_write_outputs(session, file, arguments->outputs);
    }
    if (fclose(file) != 0) {
        ep_fail(EP_EXIT_USAGE, "cannot write all of %s", arguments->outputs);
    }
    return first;
}

/* A profile costs time, so it is taken of a second session when the times are known.  It also
 * tells whether a delegate took part of a graph that it did not take as a whole. */
static void look_inside(ep_report *report, const litert_api *api, const unsigned char *content,
                        size_t bytes, const ep_arguments *arguments, bool all_delegated) {
    report->delegate = all_delegated ? "XNNPACK" : "";
    if (all_delegated && !arguments->profile) {
        return;
    }
    ep_session session = ep_open_session(api, content, bytes, arguments->threads, true);
    ep_make_up_inputs(&session);
    ep_profile profile = ep_take_profile(&session, arguments->profile ? arguments->runs : 1);
    if (profile.delegated) {
        report->delegate = "XNNPACK";
    }
    if (arguments->profile) {
        report->operators = profile.operators;
        report->operator_count = profile.count;
    }
}

int main(int argc, char **argv) {
    ep_arguments arguments = ep_read_arguments(argc, argv);
    if (strcmp(arguments.model, "-") == 0) {
        ep_fail(EP_EXIT_USAGE, "no model is built into this program; give a .tflite file");
    }
    if (arguments.cpu_count > 0) {
        ep_pin(arguments.cpus, arguments.cpu_count);
    }
    litert_api api = ep_open_litert(arguments.library);
    size_t bytes = 0;
    bool all_delegated = false;
    const unsigned char *content = ep_read_file(arguments.model, &bytes);
    double *warmup = ep_allocate((size_t)arguments.warmup * sizeof *warmup);
    double *runs = ep_allocate((size_t)arguments.runs * sizeof *runs);
    ep_report report = {
        .runtime = "LiteRT " EP_LITERT_VERSION, .warmup_us = warmup, .runs_us = runs};
    double start = ep_now_us();
    ep_session session = ep_open_session(&api, content, bytes, arguments.threads, false);
    report.init_us = ep_now_us() - start;
    report.first_us = first_runs(&session, &arguments);
    time_runs(&session, warmup, arguments.warmup);
    time_runs(&session, runs, arguments.runs);
    report.peak_bytes = ep_peak_bytes();
    ep_check(api.CompiledModelIsFullyAccelerated(session.compiled, &all_delegated),
             "tell what is delegated");
    look_inside(&report, &api, content, bytes, &arguments, all_delegated);
    ep_print_report(&report, &arguments);
    return 0;
}
