#include "session.h"

#include "arguments.h"

#include <stdlib.h>
#include <string.h>

/* Tags of LiteRT's environment options, and the type of their values. */
enum { OPTION_ACCELERATORS = 24, OPTION_LOG_SEVERITY = 25, VALUE_INTEGER = 2, LOG_ERRORS = 3 };

static void add_options(const litert_api *api, litert_options options, const char *kind,
                        const char *toml) {
    litert_opaque opaque = NULL;
    char *payload = strdup(toml); /* the library keeps it and calls free */
    ep_check(api->CreateOpaqueOptions(kind, payload, free, &opaque), "make options");
    ep_check(api->AddOpaqueOptions(options, opaque), "take options");
}

static void compile(ep_session *session, int threads, bool profiling) {
    const litert_api *api = session->api;
    litert_options options = NULL;
    char toml[32];
    ep_check(api->CreateOptions(&options), "make options");
    ep_check(api->SetOptionsHardwareAccelerators(options, LITERT_CPU), "choose the CPU");
    snprintf(toml, sizeof toml, "num_threads = %d\n", threads);
    add_options(api, options, "xnnpack", toml);
    if (profiling) {
        add_options(api, options, "runtime_options_string", "enable_profiling = true\n");
    }
    ep_check(
        api->CreateCompiledModel(session->environment, session->model, options, &session->compiled),
        "prepare the model");
}

/* Where each tensor of the model's list stands in the signature's. */
static void find_order(ep_ports *ports, const litert_tensor *model, const litert_tensor *signature,
                       const char *what) {
    for (size_t i = 0; i < ports->count; i++) {
        size_t place = 0;
        while (place < ports->count && signature[place] != model[i]) {
            place++;
        }
        if (place == ports->count) {
            ep_fail(EP_EXIT_CANNOT_RUN, "the model's first signature leaves out %s %zu", what, i);
        }
        ports->order[i] = place;
    }
}

static size_t checked_count(size_t model, size_t signature, const char *what) {
    if (model != signature || model > EP_MAX_PORTS) {
        ep_fail(EP_EXIT_CANNOT_RUN,
                "the model has %zu %s, its first signature %zu; at most %d are handled", model,
                what, signature, (int)EP_MAX_PORTS);
    }
    return model;
}

static void make_buffer(ep_session *session, ep_ports *ports, size_t place, litert_type *type,
                        litert_requirements needed) {
    const litert_api *api = session->api;
    litert_buffer *buffer = &ports->buffers[place];
    ep_check(
        api->CreateManagedTensorBufferFromRequirements(session->environment, type, needed, buffer),
        "make a buffer");
    ep_check(api->GetTensorBufferPackedSize(*buffer, &ports->sizes[place]), "tell a size");
    ports->types[place] = type->element_type;
    ports->bytes += ports->sizes[place];
}

/* Extents that the file leaves open become 1. */
static void close_extents(ep_session *session, size_t place, litert_layout *layout) {
    bool open = false;
    for (unsigned int i = 0; i < layout->rank; i++) {
        if (layout->dimensions[i] < 1) {
            layout->dimensions[i] = 1;
            open = true;
        }
    }
    if (open) {
        ep_check(session->api->CompiledModelResizeInputTensor(session->compiled, 0, place,
                                                              layout->dimensions, layout->rank),
                 "settle the shape of an input");
    }
}

static void make_inputs(ep_session *session, litert_subgraph graph, litert_signature signature) {
    const litert_api *api = session->api;
    ep_ports *ports = &session->inputs;
    litert_tensor model[EP_MAX_PORTS], named[EP_MAX_PORTS];
    size_t count = 0, signature_count = 0;
    ep_check(api->GetNumSubgraphInputs(graph, &count), "tell its inputs");
    ep_check(api->GetNumSignatureInputs(signature, &signature_count), "tell its inputs");
    ports->count = checked_count(count, signature_count, "inputs");
    for (size_t i = 0; i < ports->count; i++) {
        litert_type type;
        litert_requirements needed = NULL;
        ep_check(api->GetSubgraphInput(graph, i, &model[i]), "tell an input");
        ep_check(api->GetSignatureInputTensorByIndex(signature, i, &named[i]), "tell an input");
        ep_check(api->GetRankedTensorType(named[i], &type), "tell an input's type");
        ep_check(api->GetCompiledModelInputTensorLayout(session->compiled, 0, i, &type.layout),
                 "tell an input's shape");
        close_extents(session, i, &type.layout);
        ep_check(api->GetCompiledModelInputBufferRequirements(session->compiled, 0, i, &needed),
                 "tell what an input needs");
        make_buffer(session, ports, i, &type, needed);
    }
    find_order(ports, model, named, "input");
}

static void make_outputs(ep_session *session, litert_subgraph graph, litert_signature signature) {
    const litert_api *api = session->api;
    ep_ports *ports = &session->outputs;
    litert_tensor model[EP_MAX_PORTS], named[EP_MAX_PORTS];
    litert_layout layouts[EP_MAX_PORTS];
    size_t count = 0, signature_count = 0;
    ep_check(api->GetNumSubgraphOutputs(graph, &count), "tell its outputs");
    ep_check(api->GetNumSignatureOutputs(signature, &signature_count), "tell its outputs");
    ports->count = checked_count(count, signature_count, "outputs");
    ep_check(api->GetCompiledModelOutputTensorLayouts(session->compiled, 0, count, layouts, true),
             "tell the outputs' shapes");
    for (size_t i = 0; i < ports->count; i++) {
        litert_type type;
        litert_requirements needed = NULL;
        ep_check(api->GetSubgraphOutput(graph, i, &model[i]), "tell an output");
        ep_check(api->GetSignatureOutputTensorByIndex(signature, i, &named[i]), "tell an output");
        ep_check(api->GetRankedTensorType(named[i], &type), "tell an output's type");
        type.layout = layouts[i];
        ep_check(api->GetCompiledModelOutputBufferRequirements(session->compiled, 0, i, &needed),
                 "tell what an output needs");
        make_buffer(session, ports, i, &type, needed);
    }
    find_order(ports, model, named, "output");
}

ep_session ep_open_session(const litert_api *api, const unsigned char *content, size_t bytes,
                           int threads, bool profiling) {
    /* Without the first option it looks for libraries of GPUs and complains that there are none. */
    const litert_environment_option quiet[] = {
        {OPTION_ACCELERATORS, {VALUE_INTEGER, {LITERT_CPU}}},
        {OPTION_LOG_SEVERITY, {VALUE_INTEGER, {LOG_ERRORS}}},
    };
    ep_session session = {.api = api};
    size_t index = 0;
    litert_subgraph graph = NULL;
    litert_signature signature = NULL;
    ep_check(api->CreateEnvironment(2, quiet, &session.environment), "start");
    ep_check(api->CreateModelFromBuffer(session.environment, content, bytes, &session.model),
             "read the model");
    compile(&session, threads, profiling);
    ep_check(api->GetMainModelSubgraphIndex(session.model, &index), "find the main graph");
    ep_check(api->GetModelSubgraph(session.model, index, &graph), "find the main graph");
    ep_check(api->GetModelSignature(session.model, 0, &signature), "find a signature");
    make_inputs(&session, graph, signature);
    make_outputs(&session, graph, signature);
    return session;
}

void ep_run(ep_session *session) {
    ep_check(session->api->RunCompiledModel(session->compiled, 0, session->inputs.count,
                                            session->inputs.buffers, session->outputs.count,
                                            session->outputs.buffers),
             "run the model");
}

static void *locked(ep_session *session, litert_buffer buffer, int mode) {
    void *memory = NULL;
    ep_check(session->api->LockTensorBuffer(buffer, &memory, mode), "open a buffer");
    return memory;
}

static void unlock(ep_session *session, litert_buffer buffer) {
    ep_check(session->api->UnlockTensorBuffer(buffer), "close a buffer");
}

void ep_set_inputs(ep_session *session, const unsigned char *values) {
    ep_ports *ports = &session->inputs;
    for (size_t i = 0; i < ports->count; i++) {
        size_t place = ports->order[i];
        memcpy(locked(session, ports->buffers[place], LITERT_LOCK_WRITE), values,
               ports->sizes[place]);
        unlock(session, ports->buffers[place]);
        values += ports->sizes[place];
    }
}

static void make_up(unsigned char *memory, size_t bytes, int type) {
    uint32_t state = 2463534242U; /* xorshift */
    bool whole_range = type == LITERT_INT8 || type == LITERT_UINT8 || type == LITERT_INT16;
    memset(memory, 0, bytes);
    for (size_t i = 0; i + 4 <= bytes && (whole_range || type == LITERT_FLOAT32); i += 4) {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        float value = (float)(state >> 8) / 16777216.0F;
        memcpy(memory + i, whole_range ? (const void *)&state : (const void *)&value, 4);
    }
}

void ep_make_up_inputs(ep_session *session) {
    ep_ports *ports = &session->inputs;
    for (size_t i = 0; i < ports->count; i++) {
        make_up(locked(session, ports->buffers[i], LITERT_LOCK_WRITE), ports->sizes[i],
                ports->types[i]);
        unlock(session, ports->buffers[i]);
    }
}

void ep_write_outputs(ep_session *session, FILE *file, const char *path) {
    ep_ports *ports = &session->outputs;
    for (size_t i = 0; i < ports->count; i++) {
        size_t place = ports->order[i];
        const void *memory = locked(session, ports->buffers[place], LITERT_LOCK_READ);
        if (fwrite(memory, 1, ports->sizes[place], file) != ports->sizes[place]) {
            ep_fail(EP_EXIT_USAGE, "cannot write all of %s", path);
        }
        unlock(session, ports->buffers[place]);
    }
}
