// Checks products by tiles, and of few columns, against sums in long double, for all ways to store the operands, in every place where
// panels, rows and runs of terms end.
//
//   clang -O2 -std=gnu11 -ISources/CKernels/include -ISources/CKernels Tests/KernelChecks/product_check.c \
//     Sources/CKernels/*.c Sources/CKernels/Pointwise/*.c -lm -lpthread -o product_check && ./product_check
#include "CKernels.h"
#include "ThreadRecord.h"
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static int failures;

// xorshift64*
static uint64_t state = 0x9e3779b97f4a7c15ull;
static uint64_t random64(void) {
  state ^= state >> 12, state ^= state << 25, state ^= state >> 27;
  return state * 0x2545f4914f6cdd1dull;
}
static double uniform(void) { return (double)(random64() >> 11) * 0x1p-52 - 1; }
static int64_t below(int64_t n) { return (int64_t)(random64() % (uint64_t)n); }

// A matrix of either type, whose rows are `stride` apart; what lies between them and behind must stay as it is.
typedef struct matrix {
  adj_dtype dtype;
  int64_t rows, columns, stride;
  void *data;
} matrix;

static double get(const matrix *x, int64_t i, int64_t j) {
  int64_t place = i * x->stride + j;
  return x->dtype == ADJ_F32 ? (double)((float *)x->data)[place] : ((double *)x->data)[place];
}
static void set(matrix *x, int64_t place, double value) {
  if (x->dtype == ADJ_F32) ((float *)x->data)[place] = (float)value;
  else ((double *)x->data)[place] = value;
}

static const double gap = 12345;

// The last row ends where the memory ends, so that a sanitizer sees reads behind it.
static matrix make(adj_dtype dtype, int64_t rows, int64_t columns, int64_t between) {
  matrix x = {dtype, rows, columns, columns + between, NULL};
  int64_t count = (rows - 1) * x.stride + columns;
  x.data = malloc((size_t)count * (dtype == ADJ_F32 ? 4 : 8));
  for (int64_t place = 0; place < count; place++)
    set(&x, place, place % x.stride >= columns ? gap : uniform());
  return x;
}

static void fail(const char *what, const adj_product *p, int64_t i, int64_t j, double found, long double expected) {
  if (failures++ < 20)
    printf("%s, %" PRId64 " x %" PRId64 " x %" PRId64 " (%d%d, adds %d, row %d): element (%" PRId64 ", %" PRId64
           ") is %.17g, not %.17Lg\n",
           what, p->m, p->n, p->k, p->transposes_a, p->transposes_b, p->adds, p->row != NULL, i, j, found, expected);
}

typedef bool multiplication(adj_dtype dtype, const adj_product *product);

static void check_one(multiplication *multiply, adj_dtype dtype, int64_t m, int64_t n, int64_t k, bool tb,
                      int64_t between) {
  bool ta = below(2), adds = below(2), has_row = below(2);
  matrix a = make(dtype, ta ? k : m, ta ? m : k, below(9)), b = make(dtype, tb ? n : k, tb ? k : n, between);
  matrix row = make(dtype, 1, n, 0), c = make(dtype, m, n, below(9));
  for (int64_t i = 0; i < m; i++)
    for (int64_t j = 0; j < n; j++) set(&c, i * c.stride + j, adds ? 0.5 : NAN); // not read where it is not added to
  adj_product p = {.m = m, .n = n, .k = k, .a = a.data, .b = b.data, .row = has_row ? row.data : NULL, .c = c.data,
                   .lda = a.stride, .ldb = b.stride, .ldc = c.stride,
                   .transposes_a = ta, .transposes_b = tb, .adds = adds};
  if (!multiply(dtype, &p)) fail("nothing done", &p, 0, 0, 0, 0);
  double precision = dtype == ADJ_F32 ? FLT_EPSILON : DBL_EPSILON;
  for (int64_t i = 0; i < m; i++) {
    for (int64_t j = 0; j < n; j++) {
      long double held = adds ? 0.5L : 0, bias = has_row ? get(&row, 0, j) : 0;
      long double sum = held + bias, size = held + fabsl(bias);
      for (int64_t q = 0; q < k; q++) {
        long double term = (long double)(ta ? get(&a, q, i) : get(&a, i, q)) * (tb ? get(&b, j, q) : get(&b, q, j));
        sum += term, size += fabsl(term);
      }
      double found = get(&c, i, j);
      if (!(fabsl(found - sum) <= precision * size * sqrtl((long double)k + 4))) fail("product", &p, i, j, found, sum);
    }
    for (int64_t j = n; j < c.stride && i < m - 1; j++)
      if (get(&c, i, j) != gap) fail("wrote between rows", &p, i, j, get(&c, i, j), gap);
  }
  free(a.data), free(b.data), free(row.data), free(c.data);
}

// The distance of b's rows decides whether tiles read it as it is stored.
static void check(adj_dtype dtype, int64_t m, int64_t n, int64_t k, bool tb, int64_t between) {
  check_one(adj_multiply_tiles, dtype, m, n, k, tb, between);
  if (n <= (dtype == ADJ_F32 ? 64 : 32)) check_one(adj_multiply_thin, dtype, m, n, k, tb, between);
}

// Infinity and NaN reach the elements that they belong to, and no others, though panels are filled up.
static void check_special(multiplication *multiply) {
  enum { M = 13, N = 55, K = 300 };
  static float a[M * K], b[K * N], c[M * N];
  for (int i = 0; i < M * K; i++) a[i] = 1;
  for (int i = 0; i < K * N; i++) b[i] = 1;
  a[2 * K + 299] = NAN, b[7 * N + N - 1] = INFINITY;
  adj_product p = {.m = M, .n = N, .k = K, .a = a, .b = b, .c = c, .lda = K, .ldb = N, .ldc = N};
  multiply(ADJ_F32, &p);
  for (int i = 0; i < M; i++)
    for (int j = 0; j < N; j++) {
      float found = c[i * N + j];
      if (i == 2 ? !isnan(found) : j == N - 1 ? found != INFINITY : found != K) fail("special", &p, i, j, found, K);
    }
}

static void *multiply_on_thread(void *argument) {
  (void)argument;
  check(ADJ_F32, 20, 70, 40, false, 0);
  return adj_record()->product_memory ? argument : NULL;
}

// A thread that multiplied keeps memory for its next product, and none when it has ended.
static void check_thread_end(void) {
  pthread_t thread;
  int any;
  void *kept = NULL;
  if (pthread_create(&thread, NULL, multiply_on_thread, &any) != 0 || pthread_join(thread, &kept) != 0 || !kept) {
    failures++;
    printf("a thread that multiplied kept no memory\n");
  }
  adj_records_lock();
  for (adj_thread_record *record = adj_records_first(); record; record = record->next)
    if (!record->in_use && record->product_memory && failures++ < 20) printf("an ended thread kept its memory\n");
  adj_records_unlock();
}

int main(void) {
  if (!adj_isa_select("avx512") || !adj_has_tiles()) {
    printf("no AVX-512 here, or not optimised: no tiles to check\n");
    return 0;
  }
  static const int64_t sizes[] = {1, 2, 5, 6, 7, 12, 13, 15, 16, 17, 31, 33, 48, 63, 64, 65, 100, 127, 241, 257};
  const int64_t count = sizeof sizes / sizeof *sizes;
  for (int dtype = 0; dtype < 2; dtype++) {
    for (int round = 0; round < 1500; round++)
      check(dtype ? ADJ_F64 : ADJ_F32, sizes[below(count - 4)], sizes[below(count - 2)], sizes[below(count - 4)],
            below(2), below(2) ? 0 : below(9));
    for (int round = 0; round < 60; round++)
      check(dtype ? ADJ_F64 : ADJ_F32, sizes[below(count)], 1 + below(300), 200 + below(400), below(2), below(9));
    // b as it is stored, over several runs of terms: few rows, or rows of one panel without a gap.
    for (int round = 0; round < 20; round++) {
      int64_t k = 200 + below(500), panel = dtype ? 32 : 64;
      check(dtype ? ADJ_F64 : ADJ_F32, 1 + below(12), panel * (1 + below(6)), k, false, below(9));
      check(dtype ? ADJ_F64 : ADJ_F32, 1 + below(260), panel, k, false, 0);
    }
  }
  check_special(adj_multiply_tiles);
  check_special(adj_multiply_thin);
  check_thread_end();
  if (failures) printf("%d failures\n", failures);
  return failures != 0;
}
