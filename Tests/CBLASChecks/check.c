// Checks whichever CBLAS this program is linked with, through the package's own door to it.
//
//   check                     everything
//   check --expect-repaired   and fails if the library stays with Prescott where the processor can do more
//   check --expect-untouched  and fails if it did
//
// With ADJ_CHECK_FORGET set, OPENBLAS_CORETYPE is forgotten after OpenBLAS has read it and before the repair
// looks: as if OpenBLAS had not known the processor and had chosen so by itself.
#if defined(__linux__)
#define _GNU_SOURCE 1
#endif
#include "adj_blas.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

__attribute__((constructor(101))) static void forget(void) {
  if (getenv("ADJ_CHECK_FORGET")) unsetenv("OPENBLAS_CORETYPE");
}

static int failures;
static pthread_mutex_t failing = PTHREAD_MUTEX_INITIALIZER;

static void expect(int condition, const char *what, int m, int n, int k, double error) {
  if (condition) return;
  pthread_mutex_lock(&failing);
  failures++;
  printf("FAIL %s %dx%dx%d: %g\n", what, m, n, k, error);
  pthread_mutex_unlock(&failing);
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double random_unit(unsigned *state) {
  *state = *state * 1664525u + 1013904223u;
  return (double)(*state >> 8) / (1 << 24) * 2 - 1;
}

// alpha * op(A) * op(B) + beta * C at some elements, against sums in double. With beta 0 C starts as NaN.
#define CHECK_GEMM(NAME, T, GEMM, EPSILON)                                                                     \
  static void NAME(int ta, int tb, int m, int n, int k, int extra, double alpha, double beta, int samples) {  \
    int lda = (ta ? m : k) + extra, ldb = (tb ? k : n) + extra, ldc = n + extra;                               \
    size_t size_a = (size_t)(ta ? k : m) * (size_t)lda, size_b = (size_t)(tb ? n : k) * (size_t)ldb;           \
    size_t size_c = (size_t)m * (size_t)ldc;                                                                   \
    T *a = malloc((size_a + 1) * sizeof(T)), *b = malloc((size_b + 1) * sizeof(T));                            \
    T *c = malloc((size_c + 1) * sizeof(T)), *before = malloc((size_c + 1) * sizeof(T));                       \
    unsigned state = (unsigned)(m * 31 + n * 17 + k + ta * 2 + tb);                                            \
    for (size_t i = 0; i < size_a; i++) a[i] = (T)random_unit(&state);                                         \
    for (size_t i = 0; i < size_b; i++) b[i] = (T)random_unit(&state);                                         \
    for (size_t i = 0; i < size_c; i++) c[i] = before[i] = beta == 0 ? (T)NAN : (T)random_unit(&state);        \
    GEMM(CblasRowMajor, ta ? CblasTrans : CblasNoTrans, tb ? CblasTrans : CblasNoTrans, m, n, k, (T)alpha, a,  \
         lda, b, ldb, (T)beta, c, ldc);                                                                        \
    int all = samples >= m * n;                                                                                \
    double worst = 0;                                                                                          \
    for (int s = 0; s < (all ? m * n : samples); s++) {                                                        \
      unsigned pick = (unsigned)s;                                                                             \
      if (!all) pick = (unsigned)((random_unit(&state) + 1) * 0.5 * (double)m * (double)n);                    \
      size_t i = pick / (unsigned)n % (unsigned)m, j = pick % (unsigned)n;                                     \
      double sum = 0, size = 0;                                                                                \
      for (size_t p = 0; p < (size_t)k; p++) {                                                                 \
        double x = (double)a[ta ? p * (size_t)lda + i : i * (size_t)lda + p];                                  \
        double y = (double)b[tb ? j * (size_t)ldb + p : p * (size_t)ldb + j];                                  \
        sum += x * y;                                                                                          \
        size += fabs(x * y);                                                                                   \
      }                                                                                                        \
      size_t at = i * (size_t)ldc + j;                                                                         \
      double expected = alpha * sum + (beta == 0 ? 0 : beta * (double)before[at]);                             \
      double error = fabs((double)c[at] - expected) / (EPSILON * (fabs(alpha) * size * 8 + 8));                \
      if (!(error <= worst)) worst = error;                                                                    \
    }                                                                                                          \
    expect(worst <= 1, #NAME, m, n, k, worst);                                                                 \
    for (int i = 0; i < m; i++)                                                                                \
      for (int j = n; j < ldc; j++) {                                                                          \
        size_t at = (size_t)i * (size_t)ldc + (size_t)j;                                                       \
        if (memcmp(&c[at], &before[at], sizeof(T))) expect(0, #NAME " wrote beside c", m, n, k, (double)i);    \
      }                                                                                                        \
    free(a), free(b), free(c), free(before);                                                                   \
  }

CHECK_GEMM(check_sgemm, float, cblas_sgemm, 1.2e-7)
CHECK_GEMM(check_dgemm, double, cblas_dgemm, 2.3e-16)

static void products(int large) {
  static const int shapes[][3] = {{1, 1, 1},    {2, 3, 4},     {16, 16, 16},  {17, 19, 23},   {32, 64, 2},
                                  {64, 10, 128}, {1, 100, 100}, {100, 1, 100}, {100, 100, 1},  {64, 128, 64},
                                  {129, 127, 65}, {1024, 20, 20}, {200, 300, 100}};
  for (int t = 0; t < 4; t++) {
    for (size_t s = 0; s < sizeof shapes / sizeof shapes[0]; s++)
      for (int extra = 0; extra <= 5; extra += 5) {
        int m = shapes[s][0], n = shapes[s][1], k = shapes[s][2];
        check_sgemm(t & 1, t >> 1, m, n, k, extra, 1, 0, 4000);
        check_dgemm(t & 1, t >> 1, m, n, k, extra, 1, 0, 4000);
        check_sgemm(t & 1, t >> 1, m, n, k, extra, -0.5, 2, 4000);
        check_dgemm(t & 1, t >> 1, m, n, k, extra, -0.5, 2, 4000);
      }
    check_sgemm(t & 1, t >> 1, 0, 3, 4, 1, 1, 0, 10);
    check_sgemm(t & 1, t >> 1, 3, 0, 4, 1, 1, 0, 10);
    check_sgemm(t & 1, t >> 1, 3, 4, 0, 1, 1, 2, 12);
    check_dgemm(t & 1, t >> 1, 3, 4, 0, 1, 1, 1, 12);
    for (int i = 0; i < 3 && large; i++) {
      static const int sizes[] = {2000, 3001, 4000};
      int n = sizes[i];
      check_sgemm(t & 1, t >> 1, n, n - 1, n, i, 1, 0, 500);
      check_dgemm(t & 1, t >> 1, n, n - 1, n, i, 1, 0.5, 500);
    }
  }
}

// A x = b, with a symmetric positive definite matrix for `potrf`.
static void solves(int n) {
#if !defined(__APPLE__) && !defined(ADJ_CHECK_NO_LAPACK)
  size_t count = (size_t)n * (size_t)n;
  double *a = malloc(count * sizeof *a), *work = malloc(count * sizeof *a);
  double *x = malloc((size_t)n * sizeof *x), *s = malloc((size_t)n * sizeof *s);
  double *u = malloc(count * sizeof *u), *vt = malloc(count * sizeof *vt);
  int *pivots = malloc((size_t)n * sizeof *pivots);
  unsigned state = (unsigned)n;
  for (size_t i = 0; i < count; i++) a[i] = random_unit(&state);

  for (int kind = 0; kind < 2; kind++) { // LU of A; Cholesky of A A' + n
    memcpy(work, a, count * sizeof *a);
    if (kind == 1) {
      cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, n, n, n, 1, a, n, a, n, 0, work, n);
      for (int i = 0; i < n; i++) work[i * n + i] += n;
    }
    double *matrix = malloc(count * sizeof *matrix);
    memcpy(matrix, work, count * sizeof *matrix);
    for (int i = 0; i < n; i++) {
      x[i] = 0;
      for (int j = 0; j < n; j++) x[i] += matrix[i * n + j] * (j % 7 - 3);
    }
    int status;
    if (kind == 0) {
      status = LAPACKE_dgetrf(LAPACK_ROW_MAJOR, n, n, work, n, pivots);
      if (!status) status = LAPACKE_dgetrs(LAPACK_ROW_MAJOR, 'N', n, 1, work, n, pivots, x, 1);
    } else {
      status = LAPACKE_dpotrf(LAPACK_ROW_MAJOR, 'L', n, work, n);
      if (!status) status = LAPACKE_dpotrs(LAPACK_ROW_MAJOR, 'L', n, 1, work, n, x, 1);
    }
    double worst = 0;
    for (int i = 0; i < n; i++) worst = fmax(worst, fabs(x[i] - (i % 7 - 3)));
    expect(status == 0 && worst < 1e-8 * n, kind ? "dpotrf" : "dgetrf", n, n, status, worst);
    free(matrix);
  }

  memcpy(work, a, count * sizeof *a);
  int status = LAPACKE_dgesdd(LAPACK_ROW_MAJOR, 'A', n, n, work, n, s, u, n, vt, n);
  double worst = 0;
  for (int i = 0; i < n; i += 1 + n / 16)
    for (int j = 0; j < n; j++) {
      double sum = 0;
      for (int p = 0; p < n; p++) sum += u[i * n + p] * s[p] * vt[p * n + j];
      worst = fmax(worst, fabs(sum - a[i * n + j]));
    }
  expect(status == 0 && worst < 1e-12 * n, "dgesdd", n, n, status, worst);
  free(a), free(work), free(x), free(s), free(u), free(vt), free(pivots);
#else
  (void)n;
#endif
}

// A caller among others, who set other limits at the same time.
static void *caller(void *argument) {
  int which = (int)(size_t)argument;
  for (int round = 0; round < 6; round++) {
    int n = 40 + 57 * ((round + which) % 6);
    if (adj_blas_get_info() == NULL) abort();
    adj_blas_set_thread_limit(1 + (round + which) % 2);
    check_sgemm(round & 1, which & 1, n, n + 3, n + 1, 0, 1, 0, 300);
    check_dgemm(which & 1, round & 1, n + 2, n, 2 * n, 1, 1, 0, 300);
    solves(n / 2);
  }
  return NULL;
}

static void callers(int count) {
  pthread_t threads[16];
  int limit = adj_blas_thread_limit();
  for (int i = 0; i < count; i++) pthread_create(&threads[i], NULL, caller, (void *)(size_t)i);
  for (int i = 0; i < count; i++) pthread_join(threads[i], NULL);
  adj_blas_set_thread_limit(limit);
}

#if defined(__linux__)
static void quotas(void) {
  static const struct {
    const char *text;
    long expected;
  } cases[] = {{"max 100000\n", 0}, {"200000 100000\n", 2}, {"150000 100000\n", 2}, {"50000 100000\n", 1},
               {"", 0}, {"100000\n", 0}, {"-1 100000\n", 0}, {"100000 0\n", 0}};
  char path[] = "/tmp/adj_quota_XXXXXX";
  int file = mkstemp(path);
  expect(file >= 0, "mkstemp", 0, 0, 0, 0);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    expect(ftruncate(file, 0) == 0, "ftruncate", 0, 0, 0, 0);
    ssize_t length = (ssize_t)strlen(cases[i].text);
    expect(pwrite(file, cases[i].text, (size_t)length, 0) == length, "pwrite", 0, 0, 0, 0);
    expect(adj_blas_quota(path) == cases[i].expected, "quota", (int)i, 0, 0, 0);
  }
  close(file), unlink(path);
  expect(adj_blas_quota(path) == 0, "no quota", 0, 0, 0, 0);
}
#endif

static double gigaflops(int n) {
  float *a = malloc((size_t)(n * n) * sizeof *a), *c = malloc((size_t)(n * n) * sizeof *c);
  for (int i = 0; i < n * n; i++) a[i] = (float)(i % 17) * 0.1f;
  double best = 1e9;
  for (int i = 0; i < 5; i++) {
    double start = now();
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, n, n, n, 1, a, n, a, n, 0, c, n);
    best = fmin(best, now() - start);
  }
  free(a), free(c);
  return 2e-9 * n * n * n / best;
}

int main(int argc, char **argv) {
  const adj_blas_info *info = adj_blas_get_info();
  const char *expected = argc > 1 ? argv[1] : "";
  printf("%s %s: found %s, uses %s, the processor can %s%s%s; up to %d threads\n", info->vendor, info->version,
         *info->found_core ? info->found_core : "-", *info->used_core ? info->used_core : "-",
         *info->processor_core ? info->processor_core : "-", info->repaired ? ", repaired" : "",
         info->forced ? ", forced" : "", adj_blas_thread_limit());
  if (!strcmp(expected, "--expect-repaired") && !strcmp(info->found_core, "Prescott") && *info->processor_core)
    expect(info->repaired, "repaired", 0, 0, 0, 0);
  if (!strcmp(expected, "--expect-untouched")) {
    expect(!info->repaired, "not repaired", 0, 0, 0, 0);
    expect(!strcmp(info->used_core, info->found_core), "same kernels", 0, 0, 0, 0);
  }
  if (info->repaired) expect(getenv("OPENBLAS_CORETYPE") == NULL, "environment as before", 0, 0, 0, 0);

  printf("sgemm 512: %.0f GFLOP/s\n", gigaflops(512));
#if defined(__linux__)
  quotas();
#endif
  products(getenv("ADJ_CHECK_LARGE") != NULL);
  solves(5);
  solves(150);
  callers(4);
  printf(failures ? "FAIL: %d\n" : "PASS\n", failures);
  return failures != 0;
}
