/* A model that is ready to run, with its inputs and outputs in the order of its file. */
#ifndef EP_LITERT_SESSION_H
#define EP_LITERT_SESSION_H

#include "litert.h"

#include <stdio.h>

enum { EP_MAX_PORTS = 64 };

/* Inputs or outputs; LiteRT numbers them as the signature does, files of raw bytes as the model. */
typedef struct {
    size_t count;
    litert_buffer buffers[EP_MAX_PORTS]; /* in the signature's order */
    size_t order[EP_MAX_PORTS];          /* per place in the model: place in the signature */
    size_t sizes[EP_MAX_PORTS];          /* bytes, in the signature's order */
    int types[EP_MAX_PORTS];             /* of elements, in the signature's order */
    size_t bytes;                        /* of all */
} ep_ports;

typedef struct {
    const litert_api *api;
    litert_environment environment;
    litert_model model;
    litert_compiled compiled;
    ep_ports inputs;
    ep_ports outputs;
} ep_session;

/* Prepares the model; ends the program with a sentence where LiteRT cannot.
 * `content` must outlive the session. */
ep_session ep_open_session(const litert_api *api, const unsigned char *content, size_t bytes,
                           int threads, bool profiling);

/* One inference. */
void ep_run(ep_session *session);

/* Fills the inputs from `session->inputs.bytes` raw bytes. */
void ep_set_inputs(ep_session *session, const unsigned char *values);

/* Fills the inputs with the same made-up values each time: floats in [0, 1), bytes and int16 over
 * their range; what may be an index stays zero. */
void ep_make_up_inputs(ep_session *session);

/* Appends the raw outputs to a file. */
void ep_write_outputs(ep_session *session, FILE *file, const char *path);

#endif
