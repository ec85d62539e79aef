#include "machine.h"

#include "arguments.h"

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

double ep_now_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

void ep_pin(const int *cpus, int count) {
    cpu_set_t set;
    CPU_ZERO(&set);
    for (int i = 0; i < count; i++) {
        CPU_SET((size_t)cpus[i], &set);
    }
    if (sched_setaffinity(0, sizeof set, &set) != 0) {
        ep_fail(EP_EXIT_USAGE,
                "cannot pin to the CPUs of --cpus: %s; name some of /sys/devices/system/cpu/online",
                strerror(errno));
    }
}

int ep_pinned(int *cpus, int capacity) {
    cpu_set_t set;
    int count = 0;
    if (sched_getaffinity(0, sizeof set, &set) != 0) {
        return 0;
    }
    for (int i = 0; i < CPU_SETSIZE && count < capacity; i++) {
        if (CPU_ISSET((size_t)i, &set)) {
            cpus[count++] = i;
        }
    }
    return count;
}

unsigned long long ep_peak_bytes(void) {
    char line[256];
    unsigned long long kilobytes = 0;
    FILE *status = fopen("/proc/self/status", "r");
    while (status != NULL && fgets(line, sizeof line, status) != NULL) {
        if (strncmp(line, "VmHWM:", 6) == 0) {
            kilobytes = strtoull(line + 6, NULL, 10);
        }
    }
    if (status != NULL) {
        fclose(status);
    }
    return kilobytes * 1024;
}

void *ep_allocate(size_t bytes) {
    void *memory = calloc(bytes > 0 ? bytes : 1, 1);
    if (memory == NULL) {
        ep_fail(EP_EXIT_CANNOT_RUN, "there is no memory for %zu bytes", bytes);
    }
    return memory;
}

unsigned char *ep_read_file(const char *path, size_t *bytes) {
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0) {
        ep_fail(EP_EXIT_USAGE, "cannot read %s: %s", path, strerror(errno));
    }
    long length = ftell(file);
    if (length < 0 || length == LONG_MAX) { /* which Linux says of a folder */
        ep_fail(EP_EXIT_USAGE, "cannot read %s: it is no file", path);
    }
    rewind(file);
    unsigned char *content = ep_allocate((size_t)length);
    *bytes = fread(content, 1, (size_t)length, file);
    if (*bytes != (size_t)length) {
        ep_fail(EP_EXIT_USAGE, "cannot read all of %s", path);
    }
    fclose(file);
    return content;
}
