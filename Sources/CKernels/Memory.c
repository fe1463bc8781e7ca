// The caching allocator.
//
// Small blocks (up to 64 KiB) move between a thread's lists and the shared lists in batches; only the
// batches take the lock. Larger blocks are kept in shared lists, one for each size, and in one list by
// age, of which the oldest go back to the system when more than the limit is kept. The arrangement is
// that of thread-caching allocators (Berger, McKinley, Blumofe, Wilson, "Hoard", ASPLOS 2000;
// Ghemawat and Menage, "TCMalloc"). A block has no header: its size travels with its owner, as the
// capacity, so blocks stay aligned and a block may be freed by any thread.
//
// The most that is live at once is watched for only while somebody asks: the threads' lists are then kept
// empty, so that every block comes by the slow path, which looks. Otherwise it costs nothing.
//
// Under AddressSanitizer nothing is kept and blocks are as long as asked for, so that use after free
// and overruns are found.
//
// When the system has no memory left, what is kept is given back and the system asked again; if that
// fails too, adj_allocate returns null with a capacity of 0.
#include "include/adj_memory.h"
#include "ThreadRecord.h"
#include <stdlib.h>
#if defined(__linux__)
#include <sys/mman.h>
#endif

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

#define ALIGNMENT ((size_t)64)
#define HUGE_PAGE ((size_t)2 << 20)
#define MAPPED_MIN ((size_t)4 << 20) // from here on blocks are mapped one by one, in huge pages
#define LARGEST ((size_t)1 << 46)    // more than the address space of a process
#define LARGE_CLASSES ((46 - 16) * 8)
// What one list of a thread may hold; each of the 36 lists at most a 1/1024th of the limit.
#define THREAD_LIST_BYTES ((size_t)512 << 10)

// ---- Sizes ----

static inline unsigned small_class(size_t bytes) {
  if (bytes <= 512) return (unsigned)((bytes + 63 + (bytes == 0)) >> 6) - 1;
  size_t n = bytes - 1;
  unsigned log = 63 - (unsigned)__builtin_clzll(n);
  return 8 + (log - 9) * 4 + (unsigned)(n >> (log - 2)) - 4;
}

static inline size_t small_size(unsigned class) {
  if (class < 8) return ((size_t)class + 1) << 6;
  unsigned log = (class - 8) / 4 + 9, step = (class - 8) % 4;
  return (size_t)(step + 5) << (log - 2);
}

// Eight sizes for each power of two, so that less than an eighth is lost.
static inline unsigned large_class(size_t bytes) {
  size_t n = bytes - 1;
  unsigned log = 63 - (unsigned)__builtin_clzll(n);
  return (log - 16) * 8 + (unsigned)(n >> (log - 3)) - 8;
}

static inline size_t large_size(unsigned class) {
  return (size_t)(class % 8 + 9) << (class / 8 + 16 - 3);
}

// ---- The system's memory ----

#if !ADJ_PLAIN_MALLOC && defined(__linux__)
static void *map_huge(size_t capacity) {
  size_t length = capacity + HUGE_PAGE;
  char *start = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (start == MAP_FAILED) return NULL;
  char *block = (char *)(((uintptr_t)start + HUGE_PAGE - 1) & ~(uintptr_t)(HUGE_PAGE - 1));
  size_t before = (size_t)(block - start), after = length - before - capacity;
  if (before > 0) munmap(start, before);
  if (after > 0) munmap(block + capacity, after);
  // One page fault for 2 MiB instead of 512; advice, so a refusal does not matter.
  madvise(block, capacity, MADV_HUGEPAGE);
  return block;
}
#endif

static void *system_allocate(size_t capacity) {
#if !ADJ_PLAIN_MALLOC && defined(__linux__)
  if (capacity >= MAPPED_MIN) return map_huge(capacity);
#endif
  void *block = NULL;
  return posix_memalign(&block, ALIGNMENT, capacity) == 0 ? block : NULL;
}

static void system_free(void *block, size_t capacity) {
#if !ADJ_PLAIN_MALLOC && defined(__linux__)
  if (capacity >= MAPPED_MIN) {
    munmap(block, capacity);
    return;
  }
#endif
  (void)capacity;
  free(block);
}

// ---- Blocks kept by all threads together (everything here under the lock) ----

// What the first words of a large block hold while it is kept.
typedef struct kept_block {
  struct kept_block *next, *previous; // in the list of its size
  struct kept_block *newer, *older;   // in the list by age
  size_t capacity;
} kept_block;

typedef struct shared_list {
  void *head;
  size_t count;
} shared_list;

static shared_list shared_small[ADJ_SMALL_CLASSES];
static kept_block *shared_large[LARGE_CLASSES];
static kept_block *newest, *oldest;
static size_t shared_bytes; // in all the lists above
static size_t limit = (size_t)1 << 30;
static uint64_t epoch = 1;  // changes when threads must empty their lists
static int64_t ended_live_bytes;
static size_t threads_in_use;
static adj_peak_watch *watches; // read without the lock where a wrong answer does no harm

static uint32_t list_bound(unsigned class) {
  if (watches != NULL) return 0;
  size_t bytes = limit / 1024 < THREAD_LIST_BYTES ? limit / 1024 : THREAD_LIST_BYTES;
  return (uint32_t)(bytes / small_size(class));
}

static void keep_large(void *block, size_t capacity) {
  kept_block *kept = block;
  kept_block **list = &shared_large[large_class(capacity)];
  kept->capacity = capacity;
  kept->previous = NULL;
  kept->next = *list;
  if (*list != NULL) (*list)->previous = kept;
  *list = kept;
  kept->newer = NULL;
  kept->older = newest;
  if (newest != NULL) newest->newer = kept;
  else oldest = kept;
  newest = kept;
  shared_bytes += capacity;
}

static void take_large(kept_block *kept) {
  if (kept->previous != NULL) kept->previous->next = kept->next;
  else shared_large[large_class(kept->capacity)] = kept->next;
  if (kept->next != NULL) kept->next->previous = kept->previous;
  if (kept->newer != NULL) kept->newer->older = kept->older;
  else newest = kept->older;
  if (kept->older != NULL) kept->older->newer = kept->newer;
  else oldest = kept->newer;
  shared_bytes -= kept->capacity;
}

static size_t record_cached_bytes(adj_thread_record *record) {
  size_t sum = 0;
  for (unsigned class = 0; class < ADJ_SMALL_CLASSES; class++)
    sum += ADJ_READ(record->small[class].count) * small_size(class);
  return sum;
}

static size_t thread_cached_bytes(void) {
  size_t sum = 0;
  for (adj_thread_record *record = adj_records_first(); record != NULL; record = record->next)
    sum += record_cached_bytes(record);
  return sum;
}

// Blocks on their way to the system: collected under the lock, freed after it.
typedef struct doomed_list {
  kept_block *large;
  struct { void *head; } small[ADJ_SMALL_CLASSES];
} doomed_list;

static void doom_small(doomed_list *doomed, unsigned class, void *block) {
  *(void **)block = doomed->small[class].head;
  doomed->small[class].head = block;
}

// Takes blocks out, the oldest large ones first, until what is kept is within `allowed`.
static void shrink(size_t allowed, doomed_list *doomed) {
  // The walk over all threads' lists is done only if it can matter.
  size_t threads = threads_in_use * ADJ_SMALL_CLASSES * THREAD_LIST_BYTES;
  if (shared_bytes + threads <= allowed) return;
  threads = thread_cached_bytes();
  size_t shared_allowed = allowed > threads ? allowed - threads : 0;
  while (shared_bytes > shared_allowed && oldest != NULL) {
    kept_block *block = oldest;
    take_large(block);
    block->next = doomed->large;
    doomed->large = block;
  }
  for (unsigned class = ADJ_SMALL_CLASSES; class-- > 0 && shared_bytes > shared_allowed;) {
    shared_list *list = &shared_small[class];
    while (list->head != NULL && shared_bytes > shared_allowed) {
      void *block = list->head;
      ADJ_WRITE(list->head, *(void **)block);
      list->count--;
      shared_bytes -= small_size(class);
      doom_small(doomed, class, block);
    }
  }
}

static void free_doomed(doomed_list *doomed) {
  for (kept_block *block = doomed->large, *next; block != NULL; block = next) {
    next = block->next;
    system_free(block, block->capacity);
  }
  for (unsigned class = 0; class < ADJ_SMALL_CLASSES; class++) {
    for (void *block = doomed->small[class].head, *next; block != NULL; block = next) {
      next = *(void **)block;
      system_free(block, small_size(class));
    }
  }
}

// ---- A thread's lists ----

// Moves `count` blocks from a thread's list to the shared one.
static void share_small(adj_small_list *list, unsigned class, uint32_t count) {
  if (count == 0) return;
  void *first = list->head, *last = first;
  for (uint32_t i = 1; i < count; i++) last = *(void **)last;
  list->head = *(void **)last;
  ADJ_WRITE(list->count, list->count - count);
  *(void **)last = shared_small[class].head;
  ADJ_WRITE(shared_small[class].head, first);
  shared_small[class].count += count;
  shared_bytes += count * small_size(class);
}

// The thread's own lists, to be freed to the system.
static void doom_lists(adj_thread_record *record, doomed_list *doomed) {
  for (unsigned class = 0; class < ADJ_SMALL_CLASSES; class++) {
    adj_small_list *list = &record->small[class];
    while (list->head != NULL) {
      void *block = list->head;
      list->head = *(void **)block;
      doom_small(doomed, class, block);
    }
    ADJ_WRITE(list->count, 0);
  }
}

static void renew_bounds(adj_thread_record *record) {
  record->epoch = epoch;
  for (unsigned class = 0; class < ADJ_SMALL_CLASSES; class++)
    ADJ_WRITE(record->small[class].bound, list_bound(class));
}

void adj_allocator_adopt(adj_thread_record *record) {
  threads_in_use++;
  renew_bounds(record);
}

void adj_allocator_abandon(adj_thread_record *record) {
  for (unsigned class = 0; class < ADJ_SMALL_CLASSES; class++) {
    share_small(&record->small[class], class, record->small[class].count);
    ADJ_WRITE(record->small[class].bound, 0);
  }
  ended_live_bytes += record->live_bytes;
  ADJ_WRITE(record->live_bytes, 0);
  threads_in_use--;
}

static inline void count_live(adj_thread_record *record, int64_t bytes) {
  ADJ_WRITE(record->live_bytes, record->live_bytes + bytes);
}

// What all threads hold, under the lock.
static int64_t sum_live(void) {
  int64_t sum = ended_live_bytes;
  for (adj_thread_record *record = adj_records_first(); record != NULL; record = record->next)
    sum += ADJ_READ(record->live_bytes);
  return sum;
}

// For blocks that did not come from a thread's own list.
static void count_allocated(adj_thread_record *record, size_t capacity) {
  count_live(record, (int64_t)capacity);
  if (ADJ_LIKELY(ADJ_READ(watches) == NULL)) return;
  adj_records_lock();
  int64_t live = sum_live();
  for (adj_peak_watch *watch = watches; watch != NULL; watch = watch->next)
    if (live > watch->peak) watch->peak = live;
  adj_records_unlock();
}

// ---- Allocation ----

// A last attempt before giving up: everything that is kept goes back to the system first.
static void *system_allocate_or_empty(size_t capacity) {
  void *block = system_allocate(capacity);
  if (ADJ_UNLIKELY(block == NULL)) {
    adj_allocator_empty();
    block = system_allocate(capacity);
  }
  return block;
}

__attribute__((noinline)) static void *allocate_small_slow(unsigned class) {
  adj_thread_record *record = adj_record();
  adj_small_list *list = &record->small[class];
  void *block = NULL;
  // Looked at without the lock: when it is wrong, the block comes from the system instead.
  if (ADJ_READ(shared_small[class].head) != NULL) {
    adj_records_lock();
    shared_list *shared = &shared_small[class];
    if (shared->head != NULL) {
      // Up to half of what the thread may hold, so that the next frees find room too.
      size_t wanted = ADJ_READ(list->bound) / 2;
      if (wanted > shared->count) wanted = shared->count;
      if (wanted < 1) wanted = 1;
      block = shared->head;
      void *first = *(void **)block, *last = block;
      for (size_t i = 1; i < wanted; i++) last = *(void **)last;
      ADJ_WRITE(shared->head, *(void **)last);
      shared->count -= wanted;
      shared_bytes -= wanted * small_size(class);
      if (wanted > 1) {
        *(void **)last = list->head; // null, but for a record that was taken up just now
        list->head = first;
        ADJ_WRITE(list->count, list->count + (uint32_t)wanted - 1);
      }
    }
    adj_records_unlock();
  }
  if (block == NULL) block = system_allocate_or_empty(small_size(class));
  if (block != NULL) count_allocated(record, small_size(class));
  return block;
}

__attribute__((noinline)) static void *allocate_large(size_t bytes, size_t *capacity) {
  adj_thread_record *record = adj_record();
  unsigned class = large_class(bytes);
  void *block = NULL;
  *capacity = large_size(class);
  adj_records_lock();
  if (shared_large[class] != NULL) {
    block = shared_large[class];
    take_large(block);
  }
  adj_records_unlock();
  if (block == NULL) block = system_allocate_or_empty(*capacity);
  if (block != NULL) count_allocated(record, *capacity);
  else *capacity = 0;
  return block;
}

void *adj_allocate(size_t bytes, size_t *capacity) {
  if (ADJ_UNLIKELY(bytes > LARGEST)) {
    *capacity = 0;
    return NULL;
  }
  if (ADJ_PLAIN_MALLOC) {
    *capacity = bytes > 0 ? bytes : 1;
    void *block = system_allocate_or_empty(*capacity);
    if (block != NULL) count_allocated(adj_record(), *capacity);
    else *capacity = 0;
    return block;
  }
  if (ADJ_UNLIKELY(bytes > ADJ_SMALL_MAX)) return allocate_large(bytes, capacity);
  unsigned class = small_class(bytes);
  *capacity = small_size(class);
  adj_thread_record *record = adj_own_record;
  if (ADJ_LIKELY(record != NULL)) {
    adj_small_list *list = &record->small[class];
    void *block = list->head;
    if (ADJ_LIKELY(block != NULL)) {
      list->head = *(void **)block;
      ADJ_WRITE(list->count, list->count - 1);
      count_live(record, (int64_t)*capacity);
      return block;
    }
  }
  void *block = allocate_small_slow(class);
  if (ADJ_UNLIKELY(block == NULL)) *capacity = 0;
  return block;
}

// A small block whose list is full or must be emptied, or a large one.
__attribute__((noinline)) static void free_slow(void *block, size_t capacity) {
  adj_thread_record *record = adj_record();
  doomed_list doomed = {0};
  bool to_system = false;
  count_live(record, -(int64_t)capacity);
  adj_records_lock();
  if (record->epoch != epoch) {
    doom_lists(record, &doomed);
    renew_bounds(record);
  }
  if (capacity > ADJ_SMALL_MAX) {
    if (capacity > limit) to_system = true;
    else keep_large(block, capacity);
  } else {
    unsigned class = small_class(capacity);
    adj_small_list *list = &record->small[class];
    if (list->count >= list->bound) share_small(list, class, (list->count + 1) / 2);
    if (list->count < list->bound) {
      *(void **)block = list->head;
      list->head = block;
      ADJ_WRITE(list->count, list->count + 1);
    } else if (watches != NULL) {
      *(void **)block = shared_small[class].head;
      ADJ_WRITE(shared_small[class].head, block);
      shared_small[class].count++;
      shared_bytes += capacity;
    } else {
      to_system = true; // the bound is 0: the limit is too low for a list of this size
    }
  }
  shrink(limit, &doomed);
  adj_records_unlock();
  if (to_system) system_free(block, capacity);
  free_doomed(&doomed);
}

void adj_free(void *block, size_t capacity) {
  if (ADJ_UNLIKELY(block == NULL)) return;
  if (ADJ_PLAIN_MALLOC) {
    count_live(adj_record(), -(int64_t)capacity);
    system_free(block, capacity);
    return;
  }
  adj_thread_record *record = adj_own_record;
  if (ADJ_LIKELY(capacity <= ADJ_SMALL_MAX && record != NULL)) {
    adj_small_list *list = &record->small[small_class(capacity)];
    uint32_t count = list->count;
    if (ADJ_LIKELY(count < ADJ_READ(list->bound))) {
      *(void **)block = list->head;
      list->head = block;
      ADJ_WRITE(list->count, count + 1);
      count_live(record, -(int64_t)capacity);
      return;
    }
  }
  free_slow(block, capacity);
}

// ---- What is held ----

size_t adj_allocator_live_bytes(void) {
  adj_records_lock();
  int64_t sum = sum_live();
  adj_records_unlock();
  return sum > 0 ? (size_t)sum : 0;
}

size_t adj_allocator_cached_bytes(void) {
  adj_records_lock();
  size_t sum = shared_bytes + thread_cached_bytes();
  adj_records_unlock();
  return sum;
}

size_t adj_allocator_limit(void) {
  adj_records_lock();
  size_t bytes = limit;
  adj_records_unlock();
  return bytes;
}

// Under the lock: this thread's lists now, the others' at their next free, which finds no room.
static void empty_thread_lists(adj_thread_record *own, doomed_list *doomed) {
  epoch++;
  for (adj_thread_record *record = adj_records_first(); record != NULL; record = record->next)
    for (unsigned class = 0; class < ADJ_SMALL_CLASSES; class++)
      ADJ_WRITE(record->small[class].bound, 0);
  doom_lists(own, doomed);
  renew_bounds(own);
}

void adj_allocator_set_limit(size_t bytes) {
  adj_thread_record *own = adj_record();
  doomed_list doomed = {0};
  adj_records_lock();
  uint32_t before = list_bound(0);
  limit = bytes;
  // A change of the limit that changes what a thread may hold reaches the threads in the same way.
  if (list_bound(0) != before || record_cached_bytes(own) > bytes) empty_thread_lists(own, &doomed);
  shrink(limit, &doomed);
  adj_records_unlock();
  free_doomed(&doomed);
}

void adj_allocator_empty(void) {
  adj_thread_record *own = adj_record();
  doomed_list doomed = {0};
  adj_records_lock();
  empty_thread_lists(own, &doomed);
  shrink(0, &doomed);
  adj_records_unlock();
  free_doomed(&doomed);
}

// ---- The most that is held at once ----

void adj_allocator_watch(adj_peak_watch *watch) {
  adj_thread_record *own = adj_record();
  doomed_list doomed = {0};
  adj_records_lock();
  watch->start = watch->peak = sum_live();
  watch->next = watches;
  ADJ_WRITE(watches, watch);
  if (watch->next == NULL) empty_thread_lists(own, &doomed);
  adj_records_unlock();
  free_doomed(&doomed);
}

size_t adj_allocator_unwatch(adj_peak_watch *watch) {
  adj_thread_record *own = adj_record();
  adj_records_lock();
  if (watches == watch) {
    ADJ_WRITE(watches, watch->next);
  } else {
    adj_peak_watch *before = watches;
    while (before->next != watch) before = before->next;
    before->next = watch->next;
  }
  if (watches == NULL) {
    // The others find their lists full at their next free, and then see the new epoch.
    epoch++;
    renew_bounds(own);
  }
  adj_records_unlock();
  return (size_t)(watch->peak - watch->start);
}
