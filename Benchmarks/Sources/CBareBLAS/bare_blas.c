#include "bare_blas.h"
#if defined(__APPLE__)
#define ACCELERATE_NEW_LAPACK 1
#include <Accelerate/Accelerate.h>
#elif __has_include(<cblas.h>)
#include <cblas.h>
#else
#include <openblas/cblas.h>
#endif

void bare_sgemm(int transpose_a, int transpose_b, int n, const float *a, const float *b, float *c) {
  cblas_sgemm(
      CblasRowMajor, transpose_a ? CblasTrans : CblasNoTrans, transpose_b ? CblasTrans : CblasNoTrans,
      n, n, n, 1, a, n, b, n, 0, c, n);
}

float bare_sdot(int count, const float *x, const float *y) { return cblas_sdot(count, x, 1, y, 1); }

#if !defined(__APPLE__)
extern void openblas_set_num_threads(int) __attribute__((weak));
#endif

void bare_use_threads(int count) {
#if defined(__APPLE__)
  (void)count;
#else
  if (openblas_set_num_threads) openblas_set_num_threads(count);
#endif
}
