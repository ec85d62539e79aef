/* What a runner asks of the Linux system below it. */
#ifndef EP_RUNNER_MACHINE_H
#define EP_RUNNER_MACHINE_H

#include <stddef.h>

/* Microseconds since some moment; never goes back. */
double ep_now_us(void);

/* Confines this process, with the threads that it starts from now on, to `count` CPUs; ends the
 * program with a sentence where the system refuses. */
void ep_pin(const int *cpus, int count);

/* Writes the CPUs that this process is confined to into `cpus` and returns how many they are. */
int ep_pinned(int *cpus, int capacity);

/* The most memory that this process has had at one time, in bytes; 0 where that is not told. */
unsigned long long ep_peak_bytes(void);

/* Memory, or the end of the program. */
void *ep_allocate(size_t bytes);

/* The whole of a file and its length; ends the program with a sentence where it cannot be read. */
unsigned char *ep_read_file(const char *path, size_t *bytes);

#endif
