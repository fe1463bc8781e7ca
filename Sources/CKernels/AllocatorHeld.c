// What the allocator holds, the limit of what it keeps, and the most that is held at once.
#include "AllocatorLists.h"

// What all threads hold, under the lock.
static int64_t sum_live(void) {
  int64_t sum = adj_kept.ended_live_bytes;
  for (adj_thread_record *record = adj_records_first(); record != NULL; record = record->next)
    sum += ADJ_READ(record->live_bytes);
  return sum;
}

void adj_count_allocated(adj_thread_record *record, size_t capacity) {
  adj_count_live(record, (int64_t)capacity);
  if (ADJ_LIKELY(ADJ_READ(adj_kept.watches) == NULL)) return;
  adj_records_lock();
  int64_t live = sum_live();
  for (adj_peak_watch *watch = adj_kept.watches; watch != NULL; watch = watch->next)
    if (live > watch->peak) watch->peak = live;
  adj_records_unlock();
}

size_t adj_allocator_live_bytes(void) {
  adj_records_lock();
  int64_t sum = sum_live();
  adj_records_unlock();
  return sum > 0 ? (size_t)sum : 0;
}

size_t adj_allocator_cached_bytes(void) {
  adj_records_lock();
  size_t sum = adj_kept.bytes + adj_thread_cached_bytes();
  adj_records_unlock();
  return sum;
}

size_t adj_allocator_limit(void) {
  adj_records_lock();
  size_t bytes = adj_kept.limit;
  adj_records_unlock();
  return bytes;
}

// Under the lock: this thread's lists now, the others' at their next free, which finds no room.
static void empty_thread_lists(adj_thread_record *own, adj_doomed_list *doomed) {
  adj_kept.epoch++;
  for (adj_thread_record *record = adj_records_first(); record != NULL; record = record->next)
    for (unsigned class = 0; class < ADJ_SMALL_CLASSES; class++)
      ADJ_WRITE(record->small[class].bound, 0);
  adj_doom_lists(own, doomed);
  adj_renew_bounds(own);
}

void adj_allocator_set_limit(size_t bytes) {
  adj_thread_record *own = adj_record();
  adj_doomed_list doomed = {0};
  adj_records_lock();
  uint32_t before = adj_list_bound(0);
  adj_kept.limit = bytes;
  // A change of the limit that changes what a thread may hold reaches the threads in the same way.
  if (adj_list_bound(0) != before || adj_record_cached_bytes(own) > bytes) empty_thread_lists(own, &doomed);
  adj_shrink(adj_kept.limit, &doomed);
  adj_records_unlock();
  adj_free_doomed(&doomed);
}

void adj_allocator_empty(void) {
  adj_thread_record *own = adj_record();
  adj_doomed_list doomed = {0};
  adj_records_lock();
  empty_thread_lists(own, &doomed);
  adj_shrink(0, &doomed);
  adj_records_unlock();
  adj_free_doomed(&doomed);
}

// ---- The most that is held at once ----

void adj_allocator_watch(adj_peak_watch *watch) {
  adj_thread_record *own = adj_record();
  adj_doomed_list doomed = {0};
  adj_records_lock();
  watch->start = watch->peak = sum_live();
  watch->next = adj_kept.watches;
  ADJ_WRITE(adj_kept.watches, watch);
  if (watch->next == NULL) empty_thread_lists(own, &doomed);
  adj_records_unlock();
  adj_free_doomed(&doomed);
}

size_t adj_allocator_unwatch(adj_peak_watch *watch) {
  adj_thread_record *own = adj_record();
  adj_records_lock();
  if (adj_kept.watches == watch) {
    ADJ_WRITE(adj_kept.watches, watch->next);
  } else {
    adj_peak_watch *before = adj_kept.watches;
    while (before->next != watch) before = before->next;
    before->next = watch->next;
  }
  if (adj_kept.watches == NULL) {
    // The others find their lists full at their next free, and then see the new epoch.
    adj_kept.epoch++;
    adj_renew_bounds(own);
  }
  adj_records_unlock();
  return (size_t)(watch->peak - watch->start);
}
