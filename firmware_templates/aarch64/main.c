/* Runs the model on 64-bit Arm Linux or Android and tells how long it takes.
 *
 * First come the inferences of --inputs, whose outputs are kept, then inferences that only warm
 * up, then those that count. */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "arguments.h"
#include "ep_model.h"
#include "report.h"

#if EP_ABI_VERSION != 1
#error "ep_model.h follows another version of the generated API than this program: build again"
#endif

/* The inputs of all inferences, or one of zeros. */
typedef struct {
    unsigned char *bytes;
    size_t inferences;
} samples;

static double layer_us[EP_LAYER_COUNT + 1]; /* sums; one more, for no array is empty */
static double layer_begin_us;
static int layers_are_timed;

static double now_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_RAW, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec * 1e-3;
}

void ep_profile_layer(int index) {
    if (layers_are_timed) {
        const double now = now_us();
        layer_us[index] += now - layer_begin_us;
        layer_begin_us = now_us(); /* what the clock takes belongs to no layer */
    }
}

static void pin(const arguments *a) {
    cpu_set_t set;
    CPU_ZERO(&set);
    for (int i = 0; i < a->cpu_count; i++) {
        CPU_SET(a->cpus[i], &set);
    }
    if (a->cpu_count > 0 && sched_setaffinity(0, sizeof set, &set) != 0) {
        fail(2, "the system does not let this program run on processor %d%s", a->cpus[0],
             a->cpu_count > 1 ? " and those beside it" : "");
    }
}

static void *allocated(size_t count, size_t size) {
    void *memory = calloc(count > 0 ? count : 1, size);
    if (memory == NULL) {
        fail(1, "there is no memory for %zu bytes", count * size);
    }
    return memory;
}

static samples read_samples(const char *name) {
    samples s = {NULL, 1};
    if (name == NULL) {
        s.bytes = allocated(EP_INPUT_BYTES_TOTAL, 1);
        return s;
    }
    FILE *file = fopen(name, "rb");
    long size = -1;
    if (file != NULL && fseek(file, 0, SEEK_END) == 0) {
        size = ftell(file);
        rewind(file);
    }
    if (size < 0) {
        fail(2, "cannot read %s", name);
    }
    if (size == 0 || size % EP_INPUT_BYTES_TOTAL != 0) {
        fail(2, "%s holds %ld bytes, which is no multiple of the %ld of an inference", name, size,
             (long)EP_INPUT_BYTES_TOTAL);
    }
    s.bytes = allocated((size_t)size, 1);
    s.inferences = (size_t)size / EP_INPUT_BYTES_TOTAL;
    if (fread(s.bytes, 1, (size_t)size, file) != (size_t)size) {
        fail(2, "cannot read %s", name);
    }
    fclose(file);
    return s;
}

/* Time of one inference, without that of filling its inputs. */
static double infer(const unsigned char *sample) {
    for (int i = 0; i < EP_INPUT_COUNT; i++) {
        memcpy(ep_input(i), sample, ep_input_info(i)->bytes);
        sample += ep_input_info(i)->bytes;
    }
    const double begin = now_us();
    layer_begin_us = begin;
    ep_invoke();
    return now_us() - begin;
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

/* All samples once, their outputs into a file; gives the time of the first. */
static double infer_all(const samples *s, const char *name) {
    FILE *file = fopen(name, "wb");
    double first = 0;
    int good = file != NULL;
    for (size_t i = 0; i < s->inferences && good; i++) {
        const double us = infer(s->bytes + i * EP_INPUT_BYTES_TOTAL);
        first = i == 0 ? us : first;
        good = write_outputs(file);
    }
    if (!good || fclose(file) != 0) {
        fail(2, "cannot write %s", name);
    }
    return first;
}

static double *infer_often(const samples *s, int count) {
    double *us = allocated((size_t)count, sizeof *us);
    for (int i = 0; i < count; i++) {
        us[i] = infer(s->bytes);
    }
    return us;
}

int main(int count, char **words) {
    static arguments a;
    results r;
    parse_arguments(&a, count, words);
    pin(&a);
    const samples s = read_samples(a.inputs);
    const double begin = now_us();
    ep_reset_states();
    r.init_us = now_us() - begin;
    r.pinned = a.cpu_count > 0;
    r.first_us = a.outputs != NULL ? infer_all(&s, a.outputs) : infer(s.bytes);
    r.warmup = a.warmup;
    r.warmup_us = infer_often(&s, a.warmup);
    layers_are_timed = a.profile;
    r.runs = a.runs;
    r.runs_us = infer_often(&s, a.runs);
    for (int i = 0; i < EP_LAYER_COUNT && a.runs > 0; i++) {
        layer_us[i] /= a.runs;
    }
    r.layer_us = a.profile ? layer_us : NULL;
    print_results(&r);
    return fflush(stdout) == 0 ? 0 : 2;
}
