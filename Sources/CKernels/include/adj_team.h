// The threads that share an operator's work.
#ifndef ADJ_TEAM_H
#define ADJ_TEAM_H
#include "adj_types.h"

// Runs `body(context, part)` for each part of 0 ..< parts, on the caller and up to `threads - 1` others; returns when
// all are done. Each takes the parts of its own stretch, then what others have left, so that the caller waits for no
// thread that has not begun. One team at a time: a call from within a part, or while another thread's parts run, does all of its
// parts itself.
//
// A thread that has had work looks out for more for a short while and then sleeps. One that is awake takes part within
// a microsecond; waking it takes tens of them, and is done for work that is worth it: `nanoseconds` is about what all
// parts take one thread, and small jobs that follow one another closely are added up. The smallest are not shared.
void adj_team_run(int64_t parts, int32_t threads, int64_t nanoseconds, void (*body)(void *context, int64_t part),
                  void *context);

#endif
