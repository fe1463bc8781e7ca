// Memory from the system and back to it: large blocks are mapped one by one, in huge pages.
#include "AllocatorLists.h"
#include <stdlib.h>
#if defined(__linux__)
#include <sys/mman.h>
#endif

#define ALIGNMENT ((size_t)64)
#define HUGE_PAGE ((size_t)2 << 20)
#define MAPPED_MIN ((size_t)4 << 20) // from here on blocks are mapped one by one, in huge pages

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

void *adj_system_allocate(size_t capacity) {
#if !ADJ_PLAIN_MALLOC && defined(__linux__)
  if (capacity >= MAPPED_MIN) return map_huge(capacity);
#endif
  void *block = NULL;
  return posix_memalign(&block, ALIGNMENT, capacity) == 0 ? block : NULL;
}

void adj_system_free(void *block, size_t capacity) {
#if !ADJ_PLAIN_MALLOC && defined(__linux__)
  if (capacity >= MAPPED_MIN) {
    munmap(block, capacity);
    return;
  }
#endif
  (void)capacity;
  free(block);
}
