// A pointer that is published once and read without a lock.
#ifndef ADJ_ATOMIC_H
#define ADJ_ATOMIC_H
#include <stdbool.h>

static inline void *adj_load(void *const *slot) { return __atomic_load_n(slot, __ATOMIC_ACQUIRE); }

// Stores the value where the slot is still null; returns whether it did.
static inline bool adj_publish(void **slot, void *value) {
  void *expected = (void *)0;
  return __atomic_compare_exchange_n(slot, &expected, value, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

#endif
