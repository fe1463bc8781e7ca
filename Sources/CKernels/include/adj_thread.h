// What each thread knows: whether it records, what it must free, what it counted, who watches it.
#ifndef ADJ_THREAD_H
#define ADJ_THREAD_H
#include "adj_types.h"

// Counts the floating-point operations that kernels are asked for.
typedef struct adj_meter {
  int64_t flops;
  int32_t rehearses; // 1: large kernels are counted but not run
} adj_meter;

typedef struct adj_thread_state {
  int32_t recording_paused; // > 0: operators on this thread record nothing
  int32_t alone;            // > 0: operators on this thread use no other, because others do the same work
  int32_t draining;         // 1 while parked references are being released
  void **parked;            // references handed over by deinit, to be released without recursion
  int64_t parked_count;
  int64_t parked_capacity;
  int64_t live_nodes;       // made minus freed on this thread (may be negative: freed elsewhere)
  void *error_scope;        // what withTensorErrors installed, or null
  void *nan_scope;          // what withNaNCheck installed, or null
  void *strict_scope;       // what withStrictDerivatives installed, or null
  void *evaluation;         // of a function that rules evaluate again: what it read at first; or null
  void *bindings;           // tensors that stand for a module's parameters, or null
  void *visited_node;       // the node that a walk on this thread is at, or null
  int32_t derivative_order; // of what is computed now: 0 outside of walks
  adj_meter *meter;         // what counts this thread's work, or null
} adj_thread_state;

// This thread's state; never null. Cheap: one thread-local address.
adj_thread_state *adj_thread(void);

void adj_park(adj_thread_state *state, void *reference); // pushes onto `parked`
int64_t adj_live_nodes(void);                            // summed over all threads, ended ones included

// How many meters there are in the process: while there is none, a kernel looks no further.
extern int32_t adj_meter_count;
static inline bool adj_meters_exist(void) { return __atomic_load_n(&adj_meter_count, __ATOMIC_RELAXED) != 0; }
void adj_meter_begin(void);
void adj_meter_end(void);
void adj_meter_add(adj_meter *meter, int64_t flops); // from any thread

// The next number of a sequence that is shared by all threads: larger than any given before.
// Reserves `count` consecutive numbers and returns the first.
uint64_t adj_next_sequence(uint64_t count);

// How many scopes of all threads look at operators' results. Read on every operator's call, so one plain load:
// the thread's own record is looked at only where it is not 0.
extern int32_t adj_watch_count;
static inline bool adj_is_watched(void) {
  return __builtin_expect(__atomic_load_n(&adj_watch_count, __ATOMIC_RELAXED) != 0, 0);
}
void adj_watch(int32_t change); // +1 where such a scope begins, -1 where it ends

#endif
