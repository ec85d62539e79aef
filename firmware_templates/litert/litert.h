/* The part of LiteRT's C interface that the runner uses, as libLiteRt.so exports it (2.1 to 2.3).
 * The library is opened at run time, so that this program needs nothing but a C library. */
#ifndef EP_LITERT_H
#define EP_LITERT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LITERT_OK = 0, LITERT_CPU = 1, LITERT_MAX_RANK = 8 };
enum { LITERT_LOCK_READ = 0, LITERT_LOCK_WRITE = 1 };

/* Element types whose values the runner makes up; others stay zero. */
enum { LITERT_FLOAT32 = 1, LITERT_UINT8 = 3, LITERT_INT16 = 7, LITERT_INT8 = 9 };

/* Kinds of events of a profile that are operators: of the interpreter, and within a delegate, for
 * which the interpreter then has no event of its own. */
enum { LITERT_EVENT_OPERATOR = 2, LITERT_EVENT_DELEGATE_OPERATOR = 8 };

typedef struct LiteRtEnvironmentT *litert_environment;
typedef struct LiteRtModelT *litert_model;
typedef struct LiteRtOptionsT *litert_options;
typedef struct LiteRtOpaqueOptionsT *litert_opaque;
typedef struct LiteRtCompiledModelT *litert_compiled;
typedef struct LiteRtTensorBufferT *litert_buffer;
typedef struct LiteRtTensorBufferRequirementsT *litert_requirements;
typedef struct LiteRtSubgraphT *litert_subgraph;
typedef struct LiteRtSignatureT *litert_signature;
typedef struct LiteRtTensorT *litert_tensor;
typedef struct LiteRtProfilerT *litert_profiler;

typedef struct {
    unsigned int rank : 7;
    bool has_strides : 1;
    int32_t dimensions[LITERT_MAX_RANK];
    uint32_t strides[LITERT_MAX_RANK];
} litert_layout;

typedef struct {
    int element_type;
    litert_layout layout;
} litert_type;

typedef struct {
    const char *tag;
    int event_type;
    uint64_t start_us;
    uint64_t elapsed_us;
    size_t memory[6]; /* before and after */
    uint64_t metadata[2];
    int source;
} litert_event;

typedef struct {
    int tag;
    struct {
        int type;
        union {
            int64_t integer;
            const char *text;
        } is;
    } value;
} litert_environment_option;

/* name, arguments; all return a status */
#define LITERT_FUNCTIONS(F)                                                                        \
    F(CreateEnvironment, (int, const litert_environment_option *, litert_environment *))           \
    F(CreateModelFromBuffer, (litert_environment, const void *, size_t, litert_model *))           \
    F(CreateOptions, (litert_options *))                                                           \
    F(SetOptionsHardwareAccelerators, (litert_options, int))                                       \
    F(CreateOpaqueOptions, (const char *, void *, void (*)(void *), litert_opaque *))              \
    F(AddOpaqueOptions, (litert_options, litert_opaque))                                           \
    F(CreateCompiledModel, (litert_environment, litert_model, litert_options, litert_compiled *))  \
    F(CompiledModelIsFullyAccelerated, (litert_compiled, bool *))                                  \
    F(CompiledModelResizeInputTensor, (litert_compiled, size_t, size_t, const int *, size_t))      \
    F(GetCompiledModelInputTensorLayout, (litert_compiled, size_t, size_t, litert_layout *))       \
    F(GetCompiledModelOutputTensorLayouts,                                                         \
      (litert_compiled, size_t, size_t, litert_layout *, bool))                                    \
    F(GetCompiledModelInputBufferRequirements,                                                     \
      (litert_compiled, size_t, size_t, litert_requirements *))                                    \
    F(GetCompiledModelOutputBufferRequirements,                                                    \
      (litert_compiled, size_t, size_t, litert_requirements *))                                    \
    F(CreateManagedTensorBufferFromRequirements,                                                   \
      (litert_environment, const litert_type *, litert_requirements, litert_buffer *))             \
    F(GetTensorBufferPackedSize, (litert_buffer, size_t *))                                        \
    F(LockTensorBuffer, (litert_buffer, void **, int))                                             \
    F(UnlockTensorBuffer, (litert_buffer))                                                         \
    F(RunCompiledModel,                                                                            \
      (litert_compiled, size_t, size_t, litert_buffer *, size_t, litert_buffer *))                 \
    F(GetMainModelSubgraphIndex, (litert_model, size_t *))                                         \
    F(GetModelSubgraph, (litert_model, size_t, litert_subgraph *))                                 \
    F(GetNumSubgraphInputs, (litert_subgraph, size_t *))                                           \
    F(GetSubgraphInput, (litert_subgraph, size_t, litert_tensor *))                                \
    F(GetNumSubgraphOutputs, (litert_subgraph, size_t *))                                          \
    F(GetSubgraphOutput, (litert_subgraph, size_t, litert_tensor *))                               \
    F(GetModelSignature, (litert_model, size_t, litert_signature *))                               \
    F(GetNumSignatureInputs, (litert_signature, size_t *))                                         \
    F(GetNumSignatureOutputs, (litert_signature, size_t *))                                        \
    F(GetSignatureInputTensorByIndex, (litert_signature, size_t, litert_tensor *))                 \
    F(GetSignatureOutputTensorByIndex, (litert_signature, size_t, litert_tensor *))                \
    F(GetRankedTensorType, (litert_tensor, litert_type *))                                         \
    F(CompiledModelGetProfiler, (litert_compiled, litert_profiler *))                              \
    F(StartProfiler, (litert_profiler))                                                            \
    F(StopProfiler, (litert_profiler))                                                             \
    F(ResetProfiler, (litert_profiler))                                                            \
    F(GetNumProfilerEvents, (litert_profiler, int *))                                              \
    F(GetProfilerEvents, (litert_profiler, int, litert_event *))

#define LITERT_DECLARE(name, arguments) int(*name) arguments;
typedef struct {
    LITERT_FUNCTIONS(LITERT_DECLARE)
} litert_api;
#undef LITERT_DECLARE

/* Opens the library; with NULL the one that the system finds, or else that lies beside this
 * program. Ends the program with a sentence where there is none, or where it lacks a function. */
litert_api ep_open_litert(const char *path);

/* Ends the program with a sentence where the status is not success. */
void ep_check(int status, const char *what);

#endif
