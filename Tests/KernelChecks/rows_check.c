// Checks the kernels over rows that have no check elsewhere (normalization and its pullback, the pullbacks of
// softmax and log-softmax) against plain versions in long double, in every instruction set of this machine.
//
//   clang -O2 -std=gnu11 -ISources/CKernels/include Tests/KernelChecks/rows_check.c \
//     Sources/CKernels/*.c Sources/CKernels/Pointwise/*.c -lm -lpthread -o rows_check && ./rows_check
//
// Argument "bench" prints timings instead.
#include "CKernels.h"
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int failures;

// xorshift64*
static uint64_t state = 0x9e3779b97f4a7c15ull;
static uint64_t random64(void) {
  state ^= state >> 12, state ^= state << 25, state ^= state >> 27;
  return state * 0x2545f4914f6cdd1dull;
}
static double uniform(double a, double b) { return a + (b - a) * ((double)(random64() >> 11) * 0x1p-53); }
static int64_t below(int64_t n) { return (int64_t)(random64() % (uint64_t)n); }

// Numbers in either type, read and written as float64; one more element behind must stay as it is.
typedef struct numbers {
  adj_dtype dtype;
  int64_t count;
  void *data;
} numbers;

static double get(const numbers *x, int64_t i) {
  return x->dtype == ADJ_F32 ? (double)((float *)x->data)[i] : ((double *)x->data)[i];
}
static void set(numbers *x, int64_t i, double value) {
  if (x->dtype == ADJ_F32) ((float *)x->data)[i] = (float)value;
  else ((double *)x->data)[i] = value;
}
static numbers make(adj_dtype dtype, int64_t count, double low, double high) {
  numbers x = {dtype, count, malloc((size_t)(count + 1) * 8)};
  for (int64_t i = 0; i < count; i++) set(&x, i, uniform(low, high));
  set(&x, count, 12345);
  return x;
}
static void discard(numbers *x, const char *what) {
  if (get(x, x->count) != 12345 && failures++ < 20) printf("%s wrote behind its result\n", what);
  free(x->data);
}

// `tolerance` in units of the type's precision at `size`.
static void compare(const char *what, adj_dtype dtype, int64_t at, double found, long double expected, long double size,
                    double tolerance) {
  double precision = dtype == ADJ_F32 ? FLT_EPSILON : DBL_EPSILON;
  long double allowed = tolerance * precision * (fabsl(size) + fabsl(expected));
  if (!(fabsl((long double)found - expected) <= allowed) && failures++ < 20)
    printf("%s float%d: element %" PRId64 " is %.17g, not %.17Lg\n", what, dtype == ADJ_F32 ? 32 : 64, at, found, expected);
}

static void check_softmax(adj_dtype dtype) {
  adj_softmax_kind kind = below(2) ? ADJ_SOFTMAX : ADJ_LOG_SOFTMAX;
  int64_t rows = 1 + below(4), length = 1 + below(below(2) ? 200 : 20), count = rows * length;
  numbers x = make(dtype, count, -4, 4), y = make(dtype, count, 0, 0), u = make(dtype, count, -1, 1);
  numbers dst = make(dtype, count, 0, 0);
  adj_softmax_rows(dtype, kind, x.data, rows, length, y.data);
  adj_softmax_slopes(dtype, kind, u.data, y.data, rows, length, dst.data);
  for (int64_t r = 0; r < rows; r++) {
    long double sum = 0, size = 0;
    for (int64_t i = r * length; i < (r + 1) * length; i++) {
      long double term = (long double)get(&u, i) * (kind == ADJ_SOFTMAX ? get(&y, i) : 1);
      sum += term;
      size += fabsl(term);
    }
    for (int64_t i = r * length; i < (r + 1) * length; i++) {
      long double v = get(&y, i), seed = get(&u, i);
      if (kind == ADJ_SOFTMAX) compare("softmax", dtype, i, get(&dst, i), v * (seed - sum), v * (fabsl(seed) + size), 4);
      else compare("log-softmax", dtype, i, get(&dst, i), seed - expl(v) * sum, fabsl(seed) + expl(v) * size, 4);
    }
  }
  // In place, over the cotangent.
  adj_softmax_slopes(dtype, kind, u.data, y.data, rows, length, u.data);
  for (int64_t i = 0; i < count; i++)
    if (get(&u, i) != get(&dst, i) && failures++ < 20) printf("softmax in place: element %" PRId64 " differs\n", i);
  discard(&x, "softmax"), discard(&y, "softmax"), discard(&u, "softmax slopes"), discard(&dst, "softmax slopes");
}

static void check_normalization(adj_dtype dtype) {
  int64_t rows = 1 + below(12), length = 1 + below(below(2) ? 200 : 20), count = rows * length;
  bool centered = below(2), weighted = below(2), biased = below(2), wanted = below(4) > 0, summed = below(2);
  double eps = 1e-3;
  numbers x = make(dtype, count, -1, 3), y = make(dtype, count, 0, 0), u = make(dtype, count, -1, 1);
  numbers weight = make(dtype, length, 0.5, 2), bias = make(dtype, length, -1, 1), dst = make(dtype, count, 0, 0);
  numbers mean = make(dtype, rows, 0, 0), scale = make(dtype, rows, 0, 0);
  adj_normalize_rows(dtype, x.data, rows, length, eps, weighted ? weight.data : NULL, biased ? bias.data : NULL, y.data,
                     centered ? mean.data : NULL, scale.data);
  numbers weight_sums = make(ADJ_F64, length, 0.25, 0.25), bias_sums = make(ADJ_F64, length, 0.5, 0.5);
  adj_normalize_slopes(dtype, u.data, x.data, rows, length, weighted ? weight.data : NULL, centered ? mean.data : NULL,
                       scale.data, wanted ? dst.data : NULL, summed ? weight_sums.data : NULL,
                       summed ? bias_sums.data : NULL);
  long double *sums = calloc((size_t)(4 * length), sizeof *sums);
  for (int64_t r = 0; r < rows; r++) {
    long double center = 0, square = 0, first = 0, second = 0, first_size = 0, second_size = 0;
    int64_t begin = r * length, end = begin + length;
    for (int64_t i = begin; i < end; i++) center += get(&x, i);
    center = centered ? center / length : 0;
    if (centered) compare("mean", dtype, r, get(&mean, r), center, 3, 2);
    for (int64_t i = begin; i < end; i++) square += (get(&x, i) - center) * (get(&x, i) - center);
    long double factor = 1 / sqrtl(square / length + eps);
    compare("scale", dtype, r, get(&scale, r), factor, factor, 8);
    for (int64_t i = begin; i < end; i++) {
      long double w = weighted ? get(&weight, i - begin) : 1, normal = (get(&x, i) - center) * factor;
      long double size = 3 * factor * w, seed = get(&u, i) * w;
      compare("normalization", dtype, i, get(&y, i), normal * w + (biased ? get(&bias, i - begin) : 0), size, 8);
      first += seed / length, second += seed * normal / length;
      first_size += fabsl(seed) / length, second_size += fabsl(seed) * 3 * factor / length;
      sums[i - begin] += get(&u, i) * normal, sums[length + i - begin] += get(&u, i);
      sums[2 * length + i - begin] += fabsl((long double)get(&u, i)) * 3 * factor;
      sums[3 * length + i - begin] += fabsl((long double)get(&u, i));
    }
    for (int64_t i = begin; wanted && i < end; i++) {
      long double w = weighted ? get(&weight, i - begin) : 1, normal = (get(&x, i) - center) * factor;
      long double seed = get(&u, i) * w, size = fabsl(seed) + first_size + 3 * factor * second_size;
      compare("normalization slopes", dtype, i, get(&dst, i), factor * (seed - (centered ? first : 0) - normal * second),
              factor * size, 12);
    }
  }
  for (int64_t i = 0; i < length; i++) {
    long double w = summed ? sums[i] : 0, b = summed ? sums[length + i] : 0;
    compare("weight sums", dtype, i, get(&weight_sums, i), 0.25L + w, sums[2 * length + i], 8);
    compare("bias sums", dtype, i, get(&bias_sums, i), 0.5L + b, sums[3 * length + i], 2);
  }
  free(sums);
  discard(&x, "x"), discard(&y, "normalization"), discard(&u, "u"), discard(&weight, "weight"), discard(&bias, "bias");
  discard(&dst, "normalization slopes"), discard(&mean, "mean"), discard(&scale, "scale");
  discard(&weight_sums, "weight sums"), discard(&bias_sums, "bias sums");
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

#define TIME(LABEL, COUNT, ...)                                \
  do {                                                         \
    double least = 1e30;                                       \
    for (int run = 0; run < 200; run++) {                      \
      double start = now();                                    \
      __VA_ARGS__;                                             \
      double spent = now() - start;                            \
      if (spent < least) least = spent;                        \
    }                                                          \
    printf("  %-28s %7.3f ns/element\n", LABEL, least / (double)(COUNT)); \
  } while (0)

static void bench(adj_dtype dtype) {
  int64_t rows = 128, length = 1024, count = rows * length;
  numbers x = make(dtype, count, -1, 1), y = make(dtype, count, 0, 0), u = make(dtype, count, -1, 1);
  numbers w = make(dtype, length, 1, 2), mean = make(dtype, rows, 0, 0), scale = make(dtype, rows, 0, 0);
  numbers sums = make(ADJ_F64, 2 * length, 0, 0);
  TIME("softmax slopes", count, adj_softmax_slopes(dtype, ADJ_SOFTMAX, u.data, x.data, rows, length, y.data));
  TIME("log-softmax slopes", count, adj_softmax_slopes(dtype, ADJ_LOG_SOFTMAX, u.data, x.data, rows, length, y.data));
  TIME("normalization", count,
       adj_normalize_rows(dtype, x.data, rows, length, 1e-5, w.data, w.data, y.data, mean.data, scale.data));
  TIME("normalization slopes", count,
       adj_normalize_slopes(dtype, u.data, x.data, rows, length, w.data, mean.data, scale.data, y.data, sums.data,
                            (double *)sums.data + length));
  discard(&x, "x"), discard(&y, "y"), discard(&u, "u"), discard(&w, "w"), discard(&mean, "mean"), discard(&scale, "scale");
  discard(&sums, "sums");
}

int main(int argc, char **argv) {
  const char *isas[] = {"avx512", "avx2", "portable"};
  for (int which = 0; which < 3; which++) {
    if (!adj_isa_select(isas[which])) continue;
    printf("%s\n", isas[which]);
    for (int dtype = 0; dtype < 2; dtype++) {
      if (argc > 1 && strcmp(argv[1], "bench") == 0) {
        bench(dtype ? ADJ_F64 : ADJ_F32);
        continue;
      }
      for (int round = 0; round < 400; round++) {
        check_softmax(dtype ? ADJ_F64 : ADJ_F32);
        check_normalization(dtype ? ADJ_F64 : ADJ_F32);
      }
    }
  }
  if (failures) printf("%d failures\n", failures);
  return failures != 0;
}
