// Kernels over rows (softmax, normalization) for each instruction set.
#include "include/adj_rows.h"
#include "include/adj_pointwise.h"
#include <math.h>
#include <string.h>

#define SHORT_ROW 32 // rows up to this long are done several at once; at least the widest vector's elements

#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,fma"))), apply_to = function)
#define T float
#define INT int32_t
#define WIDTH 16
#define NAME(x) x##_f32_avx512
#define IS_FLOAT 1
#include "RowKernels.h"
#define T double
#define INT int64_t
#define WIDTH 8
#define NAME(x) x##_f64_avx512
#define IS_FLOAT 0
#include "RowKernels.h"
#pragma clang attribute pop

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define T float
#define INT int32_t
#define WIDTH 8
#define NAME(x) x##_f32_avx2
#define IS_FLOAT 1
#include "RowKernels.h"
#define T double
#define INT int64_t
#define WIDTH 4
#define NAME(x) x##_f64_avx2
#define IS_FLOAT 0
#include "RowKernels.h"
#pragma clang attribute pop
#endif

// What every machine has: 16-byte vectors.
#define T float
#define INT int32_t
#define WIDTH 4
#define NAME(x) x##_f32_portable
#define IS_FLOAT 1
#include "RowKernels.h"
#define T double
#define INT int64_t
#define WIDTH 2
#define NAME(x) x##_f64_portable
#define IS_FLOAT 0
#include "RowKernels.h"

// Calls the kernel of the dtype and of the instruction set that was chosen.
#define CALL_TYPE(KERNEL, ISA, ...)                        \
  do {                                                     \
    if (dtype == ADJ_F32) KERNEL##_f32_##ISA(__VA_ARGS__); \
    else KERNEL##_f64_##ISA(__VA_ARGS__);                  \
  } while (0)
#if defined(__x86_64__)
#define CALL(KERNEL, ...)                                                     \
  do {                                                                        \
    const char *isa = adj_isa_name();                                         \
    if (strcmp(isa, "avx512") == 0) CALL_TYPE(KERNEL, avx512, __VA_ARGS__);    \
    else if (strcmp(isa, "avx2") == 0) CALL_TYPE(KERNEL, avx2, __VA_ARGS__);   \
    else CALL_TYPE(KERNEL, portable, __VA_ARGS__);                            \
  } while (0)
#else
#define CALL(KERNEL, ...) CALL_TYPE(KERNEL, portable, __VA_ARGS__)
#endif

void adj_softmax_rows(adj_dtype dtype, adj_softmax_kind kind, const void *src, int64_t rows, int64_t length, void *dst) {
  if (length == 0) { // the sum of no exponentials is 0
    if (kind != ADJ_LOG_SUM_EXP) return;
    for (int64_t row = 0; row < rows; row++) {
      if (dtype == ADJ_F32) ((float *)dst)[row] = -INFINITY;
      else ((double *)dst)[row] = -(double)INFINITY;
    }
    return;
  }
  CALL(rows, kind, src, rows, length, dst);
}

void adj_softmax_slopes(adj_dtype dtype, adj_softmax_kind kind, const void *u, const void *y, int64_t rows,
                        int64_t length, void *dst) {
  CALL(softmax_slopes, kind, u, y, rows, length, dst);
}

void adj_normalize_rows(adj_dtype dtype, const void *x, int64_t rows, int64_t length, double eps, const void *weight,
                        const void *bias, void *y, void *mean, void *scale) {
  CALL(normalize, x, rows, length, eps, weight, bias, y, mean, scale);
}

void adj_normalize_slopes(adj_dtype dtype, const void *u, const void *x, int64_t rows, int64_t length,
                          const void *weight, const void *mean, const void *scale, void *dst, double *weight_sums,
                          double *bias_sums) {
  CALL(normalize_slopes, u, x, rows, length, weight, mean, scale, dst, weight_sums, bias_sums);
}
