// Blocks that are kept for reuse: in lists of all threads together, and in each thread's own.
#include "AllocatorLists.h"

// What one list of a thread may hold; each of the 36 lists at most a 1/1024th of the limit.
#define THREAD_LIST_BYTES ((size_t)512 << 10)

adj_kept_lists adj_kept = {.limit = (size_t)1 << 30, .epoch = 1};

void adj_keep_large(void *block, size_t capacity) {
  adj_kept_block *kept = block;
  adj_kept_block **list = &adj_kept.large[adj_large_class(capacity)];
  kept->capacity = capacity;
  kept->previous = NULL;
  kept->next = *list;
  if (*list != NULL) (*list)->previous = kept;
  *list = kept;
  kept->newer = NULL;
  kept->older = adj_kept.newest;
  if (adj_kept.newest != NULL) adj_kept.newest->newer = kept;
  else adj_kept.oldest = kept;
  adj_kept.newest = kept;
  adj_kept.bytes += capacity;
}

void adj_take_large(adj_kept_block *kept) {
  if (kept->previous != NULL) kept->previous->next = kept->next;
  else adj_kept.large[adj_large_class(kept->capacity)] = kept->next;
  if (kept->next != NULL) kept->next->previous = kept->previous;
  if (kept->newer != NULL) kept->newer->older = kept->older;
  else adj_kept.newest = kept->older;
  if (kept->older != NULL) kept->older->newer = kept->newer;
  else adj_kept.oldest = kept->newer;
  adj_kept.bytes -= kept->capacity;
}

size_t adj_record_cached_bytes(adj_thread_record *record) {
  size_t sum = 0;
  for (unsigned class = 0; class < ADJ_SMALL_CLASSES; class++)
    sum += ADJ_READ(record->small[class].count) * adj_small_size(class);
  return sum;
}

size_t adj_thread_cached_bytes(void) {
  size_t sum = 0;
  for (adj_thread_record *record = adj_records_first(); record != NULL; record = record->next)
    sum += adj_record_cached_bytes(record);
  return sum;
}

static void doom_small(adj_doomed_list *doomed, unsigned class, void *block) {
  *(void **)block = doomed->small[class].head;
  doomed->small[class].head = block;
}

void adj_shrink(size_t allowed, adj_doomed_list *doomed) {
  // The walk over all threads' lists is done only if it can matter.
  size_t threads = adj_kept.threads_in_use * ADJ_SMALL_CLASSES * THREAD_LIST_BYTES;
  if (adj_kept.bytes + threads <= allowed) return;
  threads = adj_thread_cached_bytes();
  size_t shared_allowed = allowed > threads ? allowed - threads : 0;
  while (adj_kept.bytes > shared_allowed && adj_kept.oldest != NULL) {
    adj_kept_block *block = adj_kept.oldest;
    adj_take_large(block);
    block->next = doomed->large;
    doomed->large = block;
  }
  for (unsigned class = ADJ_SMALL_CLASSES; class-- > 0 && adj_kept.bytes > shared_allowed;) {
    adj_shared_list *list = &adj_kept.small[class];
    while (list->head != NULL && adj_kept.bytes > shared_allowed) {
      void *block = list->head;
      ADJ_WRITE(list->head, *(void **)block);
      list->count--;
      adj_kept.bytes -= adj_small_size(class);
      doom_small(doomed, class, block);
    }
  }
}

void adj_free_doomed(adj_doomed_list *doomed) {
  for (adj_kept_block *block = doomed->large, *next; block != NULL; block = next) {
    next = block->next;
    adj_system_free(block, block->capacity);
  }
  for (unsigned class = 0; class < ADJ_SMALL_CLASSES; class++) {
    for (void *block = doomed->small[class].head, *next; block != NULL; block = next) {
      next = *(void **)block;
      adj_system_free(block, adj_small_size(class));
    }
  }
}

// ---- A thread's lists ----

void adj_share_small(adj_small_list *list, unsigned class, uint32_t count) {
  if (count == 0) return;
  void *first = list->head, *last = first;
  for (uint32_t i = 1; i < count; i++) last = *(void **)last;
  list->head = *(void **)last;
  ADJ_WRITE(list->count, list->count - count);
  *(void **)last = adj_kept.small[class].head;
  ADJ_WRITE(adj_kept.small[class].head, first);
  adj_kept.small[class].count += count;
  adj_kept.bytes += count * adj_small_size(class);
}

void adj_doom_lists(adj_thread_record *record, adj_doomed_list *doomed) {
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

uint32_t adj_list_bound(unsigned class) {
  if (adj_kept.watches != NULL) return 0;
  size_t bytes = adj_kept.limit / 1024 < THREAD_LIST_BYTES ? adj_kept.limit / 1024 : THREAD_LIST_BYTES;
  return (uint32_t)(bytes / adj_small_size(class));
}

void adj_renew_bounds(adj_thread_record *record) {
  record->epoch = adj_kept.epoch;
  for (unsigned class = 0; class < ADJ_SMALL_CLASSES; class++)
    ADJ_WRITE(record->small[class].bound, adj_list_bound(class));
}

void adj_allocator_adopt(adj_thread_record *record) {
  adj_kept.threads_in_use++;
  adj_renew_bounds(record);
}

void adj_allocator_abandon(adj_thread_record *record) {
  for (unsigned class = 0; class < ADJ_SMALL_CLASSES; class++) {
    adj_share_small(&record->small[class], class, record->small[class].count);
    ADJ_WRITE(record->small[class].bound, 0);
  }
  adj_kept.ended_live_bytes += record->live_bytes;
  ADJ_WRITE(record->live_bytes, 0);
  adj_kept.threads_in_use--;
}
