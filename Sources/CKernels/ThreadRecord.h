// One record for each thread: its public state, its share of the allocator, and what its products pack operands into.
//
// A record is never given back to the system, so that a reader who walks the list of records needs no
// more than the lock of the list; the record of a thread that ended is handed to the next thread that starts.
#ifndef ADJ_THREAD_RECORD_H
#define ADJ_THREAD_RECORD_H
#include "include/adj_thread.h"

#define ADJ_LIKELY(x) __builtin_expect(!!(x), 1)
#define ADJ_UNLIKELY(x) __builtin_expect(!!(x), 0)

// Sizes 64, 128 ... 512, then four sizes for each power of two up to 64 KiB.
#define ADJ_SMALL_MAX ((size_t)65536)
#define ADJ_SMALL_CLASSES 36

// A stack of free blocks of one size, linked through their first words. Only the owner changes head and
// count; `bound` is set to 0 by other threads to send the owner's next free to the slow path.
typedef struct adj_small_list {
  void *head;
  uint32_t count;
  uint32_t bound;
} adj_small_list;

typedef struct adj_thread_record {
  adj_thread_state state; // first: adj_thread() returns the record's address
  int64_t live_bytes;     // allocated minus freed on this thread
  adj_small_list small[ADJ_SMALL_CLASSES];
  uint64_t epoch;         // the allocator's epoch at which the lists were last emptied
  void *product_memory;   // where products pack their operands (Product.c), or null
  struct adj_thread_record *next;      // all records, under the lock
  struct adj_thread_record *next_idle; // those of ended threads, under the lock
  bool in_use;
} adj_thread_record;

// The initial-exec model makes the access one load relative to the thread register even in a shared
// library; eight bytes fit in what the loader keeps for libraries that are opened late.
#if defined(__linux__)
#define ADJ_TLS_FAST __attribute__((visibility("hidden"), tls_model("initial-exec")))
#else
#define ADJ_TLS_FAST __attribute__((visibility("hidden")))
#endif
extern _Thread_local adj_thread_record *adj_own_record ADJ_TLS_FAST;

// Makes (or takes up) a record for this thread; called when adj_own_record is null, which is so at the
// thread's first use and again when destructors of the ending thread run after the record's own.
__attribute__((visibility("hidden"))) adj_thread_record *adj_record_begin(void);

// The lock of the list of records and of the allocator's shared lists.
__attribute__((visibility("hidden"))) void adj_records_lock(void);
__attribute__((visibility("hidden"))) void adj_records_unlock(void);
// All records, newest first; to be walked under the lock.
__attribute__((visibility("hidden"))) adj_thread_record *adj_records_first(void);

// What the allocator does with a record when its thread starts and ends; called under the lock.
__attribute__((visibility("hidden"))) void adj_allocator_adopt(adj_thread_record *record);
__attribute__((visibility("hidden"))) void adj_allocator_abandon(adj_thread_record *record);

static inline adj_thread_record *adj_record(void) {
  adj_thread_record *record = adj_own_record;
  return ADJ_LIKELY(record != NULL) ? record : adj_record_begin();
}

// Counters that their thread alone changes and other threads read: relaxed atomics compile to plain
// loads and stores and keep the readers' behaviour defined.
#define ADJ_READ(place) __atomic_load_n(&(place), __ATOMIC_RELAXED)
#define ADJ_WRITE(place, value) __atomic_store_n(&(place), (value), __ATOMIC_RELAXED)

#endif
