// Kernels that follow indices. Arrays are contiguous and row-major; "outer" and "inner" are products of
// the axes before and after the one at hand.
#ifndef ADJ_INDEX_H
#define ADJ_INDEX_H
#include "adj_types.h"

// Replaces negative indices by index + length in place; returns 0 if all then are in [0, length), else
// 1 + the position of the first that is not (which is left as it was).
int64_t adj_normalize_indices(int64_t *indices, int64_t count, int64_t length);

// dst[o, k, i] = src[o, indices[k], i]     src: [outer, length, inner]  dst: [outer, count, inner]
void adj_take(adj_dtype dtype, const void *src, int64_t outer, int64_t length, int64_t inner,
              const int64_t *indices, int64_t count, void *dst);
// dst[o, indices[k], i] += src[o, k, i]    the transpose; dst is not cleared first
void adj_take_add(adj_dtype dtype, const void *src, int64_t outer, int64_t length, int64_t inner,
                  const int64_t *indices, int64_t count, void *dst);
// dst[o, indices[k], i] = src[o, k, i]     the last one wins where indices repeat
void adj_put(adj_dtype dtype, const void *src, int64_t outer, int64_t length, int64_t inner,
             const int64_t *indices, int64_t count, void *dst);
// dst[l, o, k, i] = src[l, o, indices[o, k, i], i]   src: [lead, outer, length, inner]  indices: [outer, count, inner]
void adj_gather(adj_dtype dtype, const void *src, int64_t lead, int64_t outer, int64_t length,
                int64_t inner, const int64_t *indices, int64_t count, void *dst);
// dst[l, o, indices[o, k, i], i] += src[l, o, k, i]
void adj_gather_add(adj_dtype dtype, const void *src, int64_t lead, int64_t outer, int64_t length,
                    int64_t inner, const int64_t *indices, int64_t count, void *dst);

// dst[o, i] = index of the largest (or smallest) of src[o, :, i]; the first among equals; NaN wins.
void adj_arg_extreme(adj_dtype dtype, const void *src, int64_t outer, int64_t length, int64_t inner,
                     bool largest, int64_t *dst);

// Writes the positions of the elements that are not 0 (dst may be null: only counts); returns how many.
int64_t adj_nonzero(adj_dtype dtype, const void *src, int64_t count, int64_t *dst);

// Stable sort along the axis: values to dst, original positions to order. NaN sorts as the largest.
void adj_sort(adj_dtype dtype, const void *src, int64_t outer, int64_t length, int64_t inner,
              bool descending, void *dst, int64_t *order);

// Running sum along the axis.
void adj_cumsum(adj_dtype dtype, const void *src, int64_t outer, int64_t length, int64_t inner, bool reverse, void *dst);

#endif
