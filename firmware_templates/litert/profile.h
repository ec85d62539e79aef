/* Time per operator, and who ran them. */
#ifndef EP_LITERT_PROFILE_H
#define EP_LITERT_PROFILE_H

#include "report.h"
#include "session.h"

enum { EP_MAX_OPERATORS = 4096 };

typedef struct {
    ep_operator *operators; /* in the order in which they ran */
    int count;
    bool delegated; /* whether any ran in a delegate */
} ep_profile;

/* Runs the session, which was opened for profiling, `runs` times. */
ep_profile ep_take_profile(ep_session *session, int runs);

#endif
