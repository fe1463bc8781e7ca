// The transpose that strided copies are made of.
#ifndef ADJ_TRANSPOSE_H
#define ADJ_TRANSPOSE_H
#include <stddef.h>
#include <stdint.h>

// dst[i, j] = src[j, i] for i below `height` and j below `width`, of elements of 1, 4 or 8 bytes. Consecutive j of
// dst and consecutive i of src are adjacent; the strides, in elements, are those along the other axis.
__attribute__((visibility("hidden"))) void adj_transpose_plane(
  size_t element_size, const void *src, int64_t src_stride, void *dst, int64_t dst_stride, int64_t height,
  int64_t width);

#endif
