// What the allocator's files share: sizes, the system's memory, and the blocks that all threads keep together.
#ifndef ADJ_ALLOCATOR_LISTS_H
#define ADJ_ALLOCATOR_LISTS_H
#include "include/adj_memory.h"
#include "ThreadRecord.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ADJ_PLAIN_MALLOC 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define ADJ_PLAIN_MALLOC 1
#endif
#ifndef ADJ_PLAIN_MALLOC
#define ADJ_PLAIN_MALLOC 0
#endif

#define ADJ_LARGE_CLASSES ((46 - 16) * 8)

#pragma GCC visibility push(hidden)

// ---- Sizes ----

static inline unsigned adj_small_class(size_t bytes) {
  if (bytes <= 512) return (unsigned)((bytes + 63 + (bytes == 0)) >> 6) - 1;
  size_t n = bytes - 1;
  unsigned log = 63 - (unsigned)__builtin_clzll(n);
  return 8 + (log - 9) * 4 + (unsigned)(n >> (log - 2)) - 4;
}

static inline size_t adj_small_size(unsigned class) {
  if (class < 8) return ((size_t)class + 1) << 6;
  unsigned log = (class - 8) / 4 + 9, step = (class - 8) % 4;
  return (size_t)(step + 5) << (log - 2);
}

// Eight sizes for each power of two, so that less than an eighth is lost.
static inline unsigned adj_large_class(size_t bytes) {
  size_t n = bytes - 1;
  unsigned log = 63 - (unsigned)__builtin_clzll(n);
  return (log - 16) * 8 + (unsigned)(n >> (log - 3)) - 8;
}

static inline size_t adj_large_size(unsigned class) {
  return (size_t)(class % 8 + 9) << (class / 8 + 16 - 3);
}

// ---- The system's memory ----

void *adj_system_allocate(size_t capacity); // null where the system has none left
void adj_system_free(void *block, size_t capacity);

// ---- Blocks kept by all threads together (everything here under the lock) ----

// What the first words of a large block hold while it is kept.
typedef struct adj_kept_block {
  struct adj_kept_block *next, *previous; // in the list of its size
  struct adj_kept_block *newer, *older;   // in the list by age
  size_t capacity;
} adj_kept_block;

typedef struct adj_shared_list {
  void *head;
  size_t count;
} adj_shared_list;

typedef struct adj_kept_lists {
  adj_shared_list small[ADJ_SMALL_CLASSES];
  adj_kept_block *large[ADJ_LARGE_CLASSES];
  adj_kept_block *newest, *oldest;
  size_t bytes; // in all the lists above
  size_t limit;
  uint64_t epoch; // changes when threads must empty their lists
  int64_t ended_live_bytes;
  size_t threads_in_use;
  adj_peak_watch *watches; // read without the lock where a wrong answer does no harm
} adj_kept_lists;

extern adj_kept_lists adj_kept;

void adj_keep_large(void *block, size_t capacity);
void adj_take_large(adj_kept_block *kept);
size_t adj_record_cached_bytes(adj_thread_record *record);
size_t adj_thread_cached_bytes(void);

// Blocks on their way to the system: collected under the lock, freed after it.
typedef struct adj_doomed_list {
  adj_kept_block *large;
  struct { void *head; } small[ADJ_SMALL_CLASSES];
} adj_doomed_list;

// Takes blocks out, the oldest large ones first, until what is kept is within `allowed`.
void adj_shrink(size_t allowed, adj_doomed_list *doomed);
void adj_free_doomed(adj_doomed_list *doomed); // not under the lock

// ---- A thread's lists ----

// Moves `count` blocks from a thread's list to the shared one.
void adj_share_small(adj_small_list *list, unsigned class, uint32_t count);
// The thread's own lists, to be freed to the system.
void adj_doom_lists(adj_thread_record *record, adj_doomed_list *doomed);
// What a thread's list of a class may hold.
uint32_t adj_list_bound(unsigned class);
void adj_renew_bounds(adj_thread_record *record);

// ---- What is held ----

static inline void adj_count_live(adj_thread_record *record, int64_t bytes) {
  ADJ_WRITE(record->live_bytes, record->live_bytes + bytes);
}

// For blocks that did not come from a thread's own list; not under the lock.
void adj_count_allocated(adj_thread_record *record, size_t capacity);

#pragma GCC visibility pop

#endif
