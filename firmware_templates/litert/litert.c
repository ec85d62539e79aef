#include "litert.h"

#include "arguments.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char LIBRARY[] = "libLiteRt.so";

void ep_check(int status, const char *what) {
    if (status != LITERT_OK) {
        ep_fail(EP_EXIT_CANNOT_RUN, "LiteRT cannot %s (status %d)", what, status);
    }
}

/* The library's path in the folder of this program. */
static void beside_program(char *path, size_t capacity) {
    ssize_t length = readlink("/proc/self/exe", path, capacity - sizeof LIBRARY);
    path[length > 0 ? length : 0] = '\0';
    char *slash = strrchr(path, '/');
    memcpy(slash != NULL ? slash + 1 : path, LIBRARY, sizeof LIBRARY);
}

static void *open_library(const char *path) {
    char beside[4096];
    void *library = dlopen(path != NULL ? path : LIBRARY, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL && path == NULL) {
        beside_program(beside, sizeof beside);
        library = dlopen(beside, RTLD_NOW | RTLD_LOCAL);
    }
    if (library == NULL) {
        ep_fail(EP_EXIT_USAGE, "cannot open LiteRT's library: %s; give its path with --library",
                dlerror());
    }
    return library;
}

litert_api ep_open_litert(const char *path) {
    void *library = open_library(path);
    litert_api api;
/* Through void **, since ISO C does not convert object pointers to function pointers. */
#define LITERT_FIND(name, arguments)                                                               \
    *(void **)&api.name = dlsym(library, "LiteRt" #name);                                          \
    if (api.name == NULL) {                                                                        \
        ep_fail(EP_EXIT_USAGE, "LiteRT's library lacks LiteRt%s; use version 2.1 or later",        \
                #name);                                                                            \
    }
    LITERT_FUNCTIONS(LITERT_FIND)
#undef LITERT_FIND
    return api;
}
