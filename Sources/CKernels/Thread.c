// Per-thread state, the list of all threads' records, and the sequence that they share.
#include "ThreadRecord.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Thread_local adj_thread_record *adj_own_record ADJ_TLS_FAST;

static pthread_mutex_t records_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t key_once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static adj_thread_record *records;      // every record ever made
static adj_thread_record *idle_records; // those without a thread
static int64_t ended_live_nodes;        // sum over the threads that have ended

void adj_records_lock(void) { pthread_mutex_lock(&records_mutex); }
void adj_records_unlock(void) { pthread_mutex_unlock(&records_mutex); }
adj_thread_record *adj_records_first(void) { return records; }

// Runs when a thread ends. A destructor that runs later and frees a tensor makes adj_record_begin take
// up a record again, and the system then calls this once more; after its last round
// (PTHREAD_DESTRUCTOR_ITERATIONS) the record stays in the list, counted but without a thread.
static void record_end(void *argument) {
  adj_thread_record *record = argument;
  adj_own_record = NULL;
  void **parked = record->state.parked;
  void *product_memory = record->product_memory;
  pthread_mutex_lock(&records_mutex);
  adj_allocator_abandon(record);
  ended_live_nodes += record->state.live_nodes;
  memset(&record->state, 0, sizeof record->state);
  record->product_memory = NULL;
  record->in_use = false;
  record->next_idle = idle_records;
  idle_records = record;
  pthread_mutex_unlock(&records_mutex);
  free(parked);
  free(product_memory);
}

static void make_key(void) {
  if (pthread_key_create(&key, record_end) != 0) {
    fputs("adjoint: no thread-specific key is left\n", stderr);
    abort();
  }
}

adj_thread_record *adj_record_begin(void) {
  pthread_once(&key_once, make_key);
  pthread_mutex_lock(&records_mutex);
  adj_thread_record *record = idle_records;
  if (record != NULL) {
    idle_records = record->next_idle;
  } else {
    // 128: two lines, since processors fetch lines in pairs, so that threads do not share any.
    void *memory = NULL;
    if (posix_memalign(&memory, 128, (sizeof *record + 127) / 128 * 128) != 0) {
      fputs("adjoint: out of memory\n", stderr);
      abort();
    }
    record = memory;
    memset(record, 0, sizeof *record);
    record->next = records;
    records = record;
  }
  record->in_use = true;
  record->next_idle = NULL;
  adj_allocator_adopt(record);
  pthread_mutex_unlock(&records_mutex);
  adj_own_record = record;
  pthread_setspecific(key, record);
  return record;
}

adj_thread_state *adj_thread(void) { return &adj_record()->state; }

void adj_park(adj_thread_state *state, void *reference) {
  if (ADJ_UNLIKELY(state->parked_count == state->parked_capacity)) {
    int64_t capacity = state->parked_capacity > 0 ? state->parked_capacity * 2 : 256;
    void **grown = realloc(state->parked, (size_t)capacity * sizeof(void *));
    if (grown == NULL) {
      fputs("adjoint: out of memory\n", stderr);
      abort();
    }
    state->parked = grown;
    state->parked_capacity = capacity;
  }
  state->parked[state->parked_count++] = reference;
}

int64_t adj_live_nodes(void) {
  pthread_mutex_lock(&records_mutex);
  int64_t sum = ended_live_nodes;
  for (adj_thread_record *record = records; record != NULL; record = record->next)
    sum += ADJ_READ(record->state.live_nodes);
  pthread_mutex_unlock(&records_mutex);
  return sum;
}

uint64_t adj_next_sequence(uint64_t count) {
  static uint64_t next = 1;
  return __atomic_fetch_add(&next, count, __ATOMIC_RELAXED);
}

int32_t adj_watch_count;

void adj_watch(int32_t change) { __atomic_fetch_add(&adj_watch_count, change, __ATOMIC_RELAXED); }

int32_t adj_meter_count;

void adj_meter_begin(void) { __atomic_fetch_add(&adj_meter_count, 1, __ATOMIC_RELAXED); }
void adj_meter_end(void) { __atomic_fetch_sub(&adj_meter_count, 1, __ATOMIC_RELAXED); }
void adj_meter_add(adj_meter *meter, int64_t flops) {
  __atomic_fetch_add(&meter->flops, flops, __ATOMIC_RELAXED);
}
