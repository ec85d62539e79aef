#include "profile.h"

#include "arguments.h"
#include "machine.h"

#include <stdlib.h>
#include <string.h>

static void add_run(ep_profile *profile, const litert_event *events, int count, int run) {
    int place = 0;
    for (int i = 0; i < count; i++) {
        bool within_delegate = (events[i].event_type & LITERT_EVENT_DELEGATE_OPERATOR) != 0;
        if (!within_delegate && !(events[i].event_type & LITERT_EVENT_OPERATOR)) {
            continue;
        }
        if (place == EP_MAX_OPERATORS || (run > 0 && place >= profile->count)) {
            ep_fail(EP_EXIT_CANNOT_RUN, "operator %d ran in one inference and not in another",
                    place);
        }
        ep_operator *operator_ = &profile->operators[place++];
        snprintf(operator_->name, sizeof operator_->name, "%s", events[i].tag);
        operator_->us += (double)events[i].elapsed_us;
        operator_->calls = 1;
        profile->delegated |= within_delegate;
    }
    profile->count = place;
}

ep_profile ep_take_profile(ep_session *session, int runs) {
    const litert_api *api = session->api;
    ep_profile profile = {.operators = ep_allocate(EP_MAX_OPERATORS * sizeof(ep_operator))};
    litert_profiler profiler = NULL;
    ep_check(api->CompiledModelGetProfiler(session->compiled, &profiler), "profile");
    ep_run(session); /* the first inference is not like the others */
    for (int run = 0; run < runs; run++) {
        int count = 0;
        ep_check(api->ResetProfiler(profiler), "reset the profile");
        ep_check(api->StartProfiler(profiler), "start the profile");
        ep_run(session);
        ep_check(api->StopProfiler(profiler), "stop the profile");
        ep_check(api->GetNumProfilerEvents(profiler, &count), "count the profile's events");
        litert_event *events = ep_allocate((size_t)count * sizeof *events);
        if (count > 0) {
            ep_check(api->GetProfilerEvents(profiler, count, events), "tell the profile's events");
        }
        add_run(&profile, events, count, run);
        free(events);
    }
    for (int i = 0; i < profile.count; i++) {
        profile.operators[i].us /= runs;
    }
    return profile;
}
