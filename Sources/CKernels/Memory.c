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
//
// Here blocks are taken and freed; AllocatorLists.c has the lists, AllocatorSystem.c what is below them, and
// AllocatorHeld.c what is counted and limited.
#include "AllocatorLists.h"

#define LARGEST ((size_t)1 << 46) // more than the address space of a process

// A last attempt before giving up: everything that is kept goes back to the system first.
static void *system_allocate_or_empty(size_t capacity) {
  void *block = adj_system_allocate(capacity);
  if (ADJ_UNLIKELY(block == NULL)) {
    adj_allocator_empty();
    block = adj_system_allocate(capacity);
  }
  return block;
}

__attribute__((noinline)) static void *allocate_small_slow(unsigned class) {
  adj_thread_record *record = adj_record();
  adj_small_list *list = &record->small[class];
  void *block = NULL;
  // Looked at without the lock: when it is wrong, the block comes from the system instead.
  if (ADJ_READ(adj_kept.small[class].head) != NULL) {
    adj_records_lock();
    adj_shared_list *shared = &adj_kept.small[class];
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
      adj_kept.bytes -= wanted * adj_small_size(class);
      if (wanted > 1) {
        *(void **)last = list->head; // null, but for a record that was taken up just now
        list->head = first;
        ADJ_WRITE(list->count, list->count + (uint32_t)wanted - 1);
      }
    }
    adj_records_unlock();
  }
  if (block == NULL) block = system_allocate_or_empty(adj_small_size(class));
  if (block != NULL) adj_count_allocated(record, adj_small_size(class));
  return block;
}

__attribute__((noinline)) static void *allocate_large(size_t bytes, size_t *capacity) {
  adj_thread_record *record = adj_record();
  unsigned class = adj_large_class(bytes);
  void *block = NULL;
  *capacity = adj_large_size(class);
  adj_records_lock();
  if (adj_kept.large[class] != NULL) {
    block = adj_kept.large[class];
    adj_take_large(block);
  }
  adj_records_unlock();
  if (block == NULL) block = system_allocate_or_empty(*capacity);
  if (block != NULL) adj_count_allocated(record, *capacity);
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
    if (block != NULL) adj_count_allocated(adj_record(), *capacity);
    else *capacity = 0;
    return block;
  }
  if (ADJ_UNLIKELY(bytes > ADJ_SMALL_MAX)) return allocate_large(bytes, capacity);
  unsigned class = adj_small_class(bytes);
  *capacity = adj_small_size(class);
  adj_thread_record *record = adj_own_record;
  if (ADJ_LIKELY(record != NULL)) {
    adj_small_list *list = &record->small[class];
    void *block = list->head;
    if (ADJ_LIKELY(block != NULL)) {
      list->head = *(void **)block;
      ADJ_WRITE(list->count, list->count - 1);
      adj_count_live(record, (int64_t)*capacity);
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
  adj_doomed_list doomed = {0};
  bool to_system = false;
  adj_count_live(record, -(int64_t)capacity);
  adj_records_lock();
  if (record->epoch != adj_kept.epoch) {
    adj_doom_lists(record, &doomed);
    adj_renew_bounds(record);
  }
  if (capacity > ADJ_SMALL_MAX) {
    if (capacity > adj_kept.limit) to_system = true;
    else adj_keep_large(block, capacity);
  } else {
    unsigned class = adj_small_class(capacity);
    adj_small_list *list = &record->small[class];
    if (list->count >= list->bound) adj_share_small(list, class, (list->count + 1) / 2);
    if (list->count < list->bound) {
      *(void **)block = list->head;
      list->head = block;
      ADJ_WRITE(list->count, list->count + 1);
    } else if (adj_kept.watches != NULL) {
      *(void **)block = adj_kept.small[class].head;
      ADJ_WRITE(adj_kept.small[class].head, block);
      adj_kept.small[class].count++;
      adj_kept.bytes += capacity;
    } else {
      to_system = true; // the bound is 0: the limit is too low for a list of this size
    }
  }
  adj_shrink(adj_kept.limit, &doomed);
  adj_records_unlock();
  if (to_system) adj_system_free(block, capacity);
  adj_free_doomed(&doomed);
}

void adj_free(void *block, size_t capacity) {
  if (ADJ_UNLIKELY(block == NULL)) return;
  if (ADJ_PLAIN_MALLOC) {
    adj_count_live(adj_record(), -(int64_t)capacity);
    adj_system_free(block, capacity);
    return;
  }
  adj_thread_record *record = adj_own_record;
  if (ADJ_LIKELY(capacity <= ADJ_SMALL_MAX && record != NULL)) {
    adj_small_list *list = &record->small[adj_small_class(capacity)];
    uint32_t count = list->count;
    if (ADJ_LIKELY(count < ADJ_READ(list->bound))) {
      *(void **)block = list->head;
      list->head = block;
      ADJ_WRITE(list->count, count + 1);
      adj_count_live(record, -(int64_t)capacity);
      return;
    }
  }
  free_slow(block, capacity);
}
