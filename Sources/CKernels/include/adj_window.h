// Kernels that look at an array through windows: convolution as a matrix product, and pooling. Arrays are
// contiguous and row-major, float32 or float64, with three spatial axes (missing ones have length 1).
#ifndef ADJ_WINDOW_H
#define ADJ_WINDOW_H
#include "adj_types.h"

// Where a convolution's windows lie: tap k of window o reads position o * stride - before + k * dilation,
// which counts as zero outside [0, input).
typedef struct adj_window {
  int64_t input[3], kernel[3], output[3], stride[3], dilation[3], before[3];
} adj_window;

// dst[c, k, o] = what tap k of window o reads of channel c.   src: [channels, input]  dst: [channels, kernel, output]
void adj_unfold(adj_dtype dtype, const adj_window *window, int64_t channels, const void *src, void *dst);
// The transpose: adds each element to where it was read from; dst is not cleared first.
void adj_fold(adj_dtype dtype, const adj_window *window, int64_t channels, const void *src, void *dst);

// The windows of a pooling along one axis: window o covers begin[o], begin[o] + step ... before end[o].
typedef struct adj_pool_axis {
  const int64_t *begin, *end;
  const double *scale; // for means: what a sum over window o is multiplied by
  int64_t step, input, output;
} adj_pool_axis;

// dst[p, o] = the sum over window o of src[p, :] times the three scales.   src: [planes, input]  dst: [planes, output]
void adj_pool_mean(adj_dtype dtype, const adj_pool_axis *axes, int64_t planes, const void *src, void *dst);
// The transpose: adds src[p, o] times the scales to all of window o; dst is not cleared first.
void adj_pool_mean_add(adj_dtype dtype, const adj_pool_axis *axes, int64_t planes, const void *src, void *dst);
// The largest of each window (the first among equals, NaN wins) and its position in the plane; windows are not empty.
void adj_pool_max(adj_dtype dtype, const adj_pool_axis *axes, int64_t planes, const void *src, void *dst,
                  int64_t *positions);

#endif
