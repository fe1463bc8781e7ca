// Softmax, log-softmax and log-sum-exp of contiguous rows, for each instruction set.
#include "include/adj_index.h"
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
#include "SoftmaxRows.h"
#define T double
#define INT int64_t
#define WIDTH 8
#define NAME(x) x##_f64_avx512
#define IS_FLOAT 0
#include "SoftmaxRows.h"
#pragma clang attribute pop

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define T float
#define INT int32_t
#define WIDTH 8
#define NAME(x) x##_f32_avx2
#define IS_FLOAT 1
#include "SoftmaxRows.h"
#define T double
#define INT int64_t
#define WIDTH 4
#define NAME(x) x##_f64_avx2
#define IS_FLOAT 0
#include "SoftmaxRows.h"
#pragma clang attribute pop
#endif

// What every machine has: 16-byte vectors.
#define T float
#define INT int32_t
#define WIDTH 4
#define NAME(x) x##_f32_portable
#define IS_FLOAT 1
#include "SoftmaxRows.h"
#define T double
#define INT int64_t
#define WIDTH 2
#define NAME(x) x##_f64_portable
#define IS_FLOAT 0
#include "SoftmaxRows.h"

void adj_softmax_rows(adj_dtype dtype, adj_softmax_kind kind, const void *src, int64_t rows, int64_t length, void *dst) {
  if (length == 0) { // the sum of no exponentials is 0
    if (kind != ADJ_LOG_SUM_EXP) return;
    for (int64_t row = 0; row < rows; row++) {
      if (dtype == ADJ_F32) ((float *)dst)[row] = -INFINITY;
      else ((double *)dst)[row] = -(double)INFINITY;
    }
    return;
  }
#if defined(__x86_64__)
  const char *isa = adj_isa_name();
  if (strcmp(isa, "avx512") == 0) {
    if (dtype == ADJ_F32) rows_f32_avx512(kind, src, rows, length, dst);
    else rows_f64_avx512(kind, src, rows, length, dst);
    return;
  }
  if (strcmp(isa, "avx2") == 0) {
    if (dtype == ADJ_F32) rows_f32_avx2(kind, src, rows, length, dst);
    else rows_f64_avx2(kind, src, rows, length, dst);
    return;
  }
#endif
  if (dtype == ADJ_F32) rows_f32_portable(kind, src, rows, length, dst);
  else rows_f64_portable(kind, src, rows, length, dst);
}
