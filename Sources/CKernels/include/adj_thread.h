// What each thread knows: whether it records, what it must free, what it counted.
#ifndef ADJ_THREAD_H
#define ADJ_THREAD_H
#include "adj_types.h"

typedef struct adj_thread_state {
  int32_t recording_paused; // > 0: operators on this thread record nothing
  int32_t alone;            // > 0: operators on this thread use no other, because others do the same work
  int32_t draining;         // 1 while parked references are being released
  void **parked;            // references handed over by deinit, to be released without recursion
  int64_t parked_count;
  int64_t parked_capacity;
  int64_t live_nodes;       // made minus freed on this thread (may be negative: freed elsewhere)
  void *error_scope;        // what withTensorErrors installed, or null
} adj_thread_state;

// This thread's state; never null. Cheap: one thread-local address.
adj_thread_state *adj_thread(void);

void adj_park(adj_thread_state *state, void *reference); // pushes onto `parked`
int64_t adj_live_nodes(void);                            // summed over all threads, ended ones included

// The next number of a sequence that is shared by all threads: larger than any given before.
// Reserves `count` consecutive numbers and returns the first.
uint64_t adj_next_sequence(uint64_t count);

#endif
