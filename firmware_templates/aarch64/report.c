#include "report.h"

#include <sched.h>
#include <stdio.h>

#include "version.h"

/* The most memory that was ever in use; 0 where the system does not tell. */
static long peak_bytes(void) {
    char line[256];
    long kilobytes = 0;
    FILE *status = fopen("/proc/self/status", "r");
    while (status != NULL && fgets(line, sizeof line, status) != NULL) {
        if (sscanf(line, "VmHWM: %ld kB", &kilobytes) == 1) {
            break;
        }
    }
    if (status != NULL) {
        fclose(status);
    }
    return kilobytes * 1024;
}

static void print_cpus(int pinned) {
    cpu_set_t set;
    const char *separator = "";
    printf("\"cpus\":[");
    if (pinned && sched_getaffinity(0, sizeof set, &set) == 0) {
        for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
            if (CPU_ISSET(cpu, &set)) {
                printf("%s%d", separator, cpu);
                separator = ",";
            }
        }
    }
    printf("],");
}

static void print_times(const char *key, const double *us, int count) {
    printf("\"%s\":[", key);
    for (int i = 0; i < count; i++) {
        printf("%s%.3f", i > 0 ? "," : "", us[i]);
    }
    printf("],");
}

static void print_layers(const double *us) {
    printf("\"operators\":[");
    for (int i = 0; us != NULL && i < EP_LAYER_COUNT; i++) {
        printf("%s{\"name\":\"%s\",\"us\":%.3f,\"calls\":1}", i > 0 ? "," : "", ep_layer_name[i],
               us[i]);
    }
    printf("]");
}

void print_results(const results *r) {
    printf("{\"format\":1,\"runtime\":\"edgeprune " EDGEPRUNE_VERSION "\",\"threads\":1,");
    print_cpus(r->pinned);
    printf("\"delegate\":\"\",\"init_us\":%.3f,\"first_us\":%.3f,", r->init_us, r->first_us);
    print_times("warmup_us", r->warmup_us, r->warmup);
    print_times("runs_us", r->runs_us, r->runs);
    printf("\"peak_bytes\":%ld,\"spmm\":%s,", peak_bytes(), r->layer_us != NULL ? "false" : "null");
    print_layers(r->layer_us);
    printf("}\n");
}
