// The caching allocator, copies and fills.
#ifndef ADJ_MEMORY_H
#define ADJ_MEMORY_H
#include "adj_types.h"

// A block of at least `bytes` bytes, 64-byte aligned, uninitialised; *capacity is what must be handed
// to adj_free. Freed blocks are kept for reuse up to a limit: small ones (<= 64 KiB) in lists of the
// thread, which cost a few nanoseconds and no lock, larger ones in one locked list of size classes.
// bytes == 0 gives a valid pointer too.
void *adj_allocate(size_t bytes, size_t *capacity);
void adj_free(void *block, size_t capacity);

size_t adj_allocator_live_bytes(void);   // handed out and not yet freed, all threads
size_t adj_allocator_cached_bytes(void); // kept for reuse, all threads
size_t adj_allocator_limit(void);        // the most that is kept for reuse; default 1 GiB
void adj_allocator_set_limit(size_t bytes); // frees what is above the new limit
void adj_allocator_empty(void);          // gives what is kept back to the system (other threads' small lists at their next free)

// The most bytes that are live at once between two points in time, all threads together. Any number of
// watches may overlap. A watch makes small allocations slower, by a lock, and costs nothing while there is none.
typedef struct adj_peak_watch {
  int64_t start, peak;
  struct adj_peak_watch *next;
} adj_peak_watch;

void adj_allocator_watch(adj_peak_watch *watch);     // begins; the watch must stay in place until its end
size_t adj_allocator_unwatch(adj_peak_watch *watch); // ends; how far live bytes rose above those at its beginning

// dst[i] = src[i] converted, for elements [begin, end) of the row-major space `shape`. To bool: != 0.
// float to integer truncates towards zero and saturates; NaN gives 0. Fast for: both contiguous; equal
// inner stride 1; transposes (blocked); inner broadcast.
void adj_copy(int rank, const int64_t *shape, const adj_view *src, const adj_view *dst,
              int64_t begin, int64_t end);

// count equal contiguous elements. `value.i` is read for integer dtypes and bool, `value.f` for floats.
void adj_fill(void *dst, adj_dtype dtype, int64_t count, adj_scalar value);
// The same `bytes` in each of some rows, `stride` bytes apart.
void adj_fill_rows(void *dst, int64_t rows, int64_t stride, const void *row, int64_t bytes);

// dst[i] = start + i * step, rounded once from float64 (integers: exact).
void adj_arange(void *dst, adj_dtype dtype, int64_t count, adj_scalar start, adj_scalar step);

// 0 if all count contiguous elements are finite, else 1 + the index of the first that is not.
int64_t adj_first_nonfinite(const void *src, adj_dtype dtype, int64_t count);

#endif
