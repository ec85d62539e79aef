/* A plugin of QEMU that counts the instructions that the emulated program executes, and writes
 * the count to the file given as `out=PATH` when the program ends.  Only the part of QEMU's
 * plugin interface that it uses is declared here. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#ifndef EP_PLUGIN_VERSION
#error "define EP_PLUGIN_VERSION: QEMU takes a plugin only if it knows the version of its interface"
#endif

enum { NO_REGISTERS = 0, MAX_THREADS = 256 };

typedef uint64_t plugin_id;
struct qemu_plugin_tb;

void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id id,
                                           void (*call)(plugin_id, struct qemu_plugin_tb *));
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *block,
                                          void (*call)(unsigned int, void *), int flags,
                                          void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *block);
void qemu_plugin_register_atexit_cb(plugin_id id, void (*call)(plugin_id, void *), void *data);

extern const int qemu_plugin_version;
const int qemu_plugin_version = EP_PLUGIN_VERSION;

static char path[4096];
/* One per thread of the program, so that none waits for another. */
static uint64_t counts[MAX_THREADS];

static void executed(unsigned int thread, void *instructions) {
    counts[thread % MAX_THREADS] += (uintptr_t)instructions;
}

static void translated(plugin_id id, struct qemu_plugin_tb *block) {
    (void)id;
    /* The count travels in the pointer: a block has at most some thousand instructions. */
    qemu_plugin_register_vcpu_tb_exec_cb(block, executed, NO_REGISTERS,
                                         (void *)(uintptr_t)qemu_plugin_tb_n_insns(block));
}

static void ended(plugin_id id, void *data) {
    (void)id;
    (void)data;
    uint64_t total = 0;
    for (int i = 0; i < MAX_THREADS; i++) {
        total += counts[i];
    }
    FILE *file = fopen(path, "w");
    if (file != NULL) {
        fprintf(file, "%llu\n", (unsigned long long)total);
        fclose(file);
    }
}

int qemu_plugin_install(plugin_id id, const void *info, int argc, char **argv);

int qemu_plugin_install(plugin_id id, const void *info, int argc, char **argv) {
    (void)info;
    if (argc != 1 || strncmp(argv[0], "out=", 4) != 0 || strlen(argv[0] + 4) >= sizeof path) {
        fprintf(stderr, "the instruction counter needs out=PATH\n");
        return 1;
    }
    strcpy(path, argv[0] + 4);
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    qemu_plugin_register_atexit_cb(id, ended, NULL);
    return 0;
}
