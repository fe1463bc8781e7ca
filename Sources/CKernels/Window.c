// Convolution's windows as columns of a matrix, and pooling. See adj_window.h for what each computes.
#include "include/adj_window.h"

#define T float
#define PLACE int32_t
#define NAME(x) x##_f32
#include "WindowLoops.h"

#define T double
#define PLACE int64_t
#define NAME(x) x##_f64
#include "WindowLoops.h"

#define DISPATCH(NAME, ...)                       \
  switch (dtype) {                                \
  case ADJ_F32: NAME##_f32(__VA_ARGS__); break;   \
  case ADJ_F64: NAME##_f64(__VA_ARGS__); break;   \
  default: break;                                 \
  }

void adj_unfold(adj_dtype dtype, const adj_window *window, int64_t channels, const void *src, void *dst) {
  DISPATCH(unfold, window, channels, src, dst)
}

void adj_fold(adj_dtype dtype, const adj_window *window, int64_t channels, const void *src, void *dst) {
  DISPATCH(fold, window, channels, src, dst)
}

void adj_pool_mean(adj_dtype dtype, const adj_pool_axis *axes, int64_t planes, const void *src, void *dst) {
  DISPATCH(pool_mean, axes, planes, src, dst)
}

void adj_pool_mean_add(adj_dtype dtype, const adj_pool_axis *axes, int64_t planes, const void *src, void *dst) {
  DISPATCH(pool_mean_add, axes, planes, src, dst)
}

void adj_pool_max(adj_dtype dtype, const adj_pool_axis *axes, int64_t planes, const void *src, void *dst,
                  int64_t *positions) {
  DISPATCH(pool_max, axes, planes, src, dst, positions)
}
